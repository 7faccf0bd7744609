"""Features without learnt weights: where in a picture strokes run in which direction (in place of section 2's ResNet18).

A histogram of oriented gradients over 8 x 8 cells with 8 orientations is 512 numbers, as many as ResNet18 gives. Blurring
the grid of cells lets hands that put a stroke a little elsewhere agree: without it unseen classes are learnt badly.
"""

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from scipy.ndimage import gaussian_filter
from skimage.feature import hog

SIDE = 64  # pixels
CELL = 8  # pixels
ORIENTATIONS = 8
BLUR = 1.0  # cells
NORM = 29.0  # about that of ResNet18's features of Omniglot
DECIMALS = 4  # machines differ in the last bits of a float, and the fingerprint should not

FEATURES = ORIENTATIONS * (SIDE // CELL) ** 2


def features(images: UInt8[np.ndarray, "*batch height width"]) -> Float32[np.ndarray, "*batch feature"]:
    """512 features of each picture (ink 255 on 0, any size), of norm 29; each depends on its own picture alone.

    A picture without ink has features 0.
    """
    *batch, height, width = images.shape
    down, across = shrinking(height), shrinking(width)
    cells = np.stack([_cells(down @ image @ across.T) for image in images.reshape(-1, height, width) / 255.0])
    blurred = gaussian_filter(cells, sigma=(0, BLUR, BLUR, 0)).reshape(len(cells), FEATURES)
    norm = np.linalg.norm(blurred, axis=-1, keepdims=True)
    scaled = blurred * (NORM / np.where(norm > 0, norm, NORM))
    return scaled.round(DECIMALS).astype(np.float32).reshape(*batch, FEATURES)


def shrinking(pixels: int) -> Float64[np.ndarray, "to from"]:
    """The matrix that takes `pixels` pixels to 64, each the mean over the stretch of the old ones that it covers."""
    edges = np.linspace(0, pixels, SIDE + 1)
    old = np.arange(pixels)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.clip(overlap, 0, None) * (SIDE / pixels)


def _cells(image: Float64[np.ndarray, "64 64"]) -> Float64[np.ndarray, "row column orientation"]:
    """The histograms of one picture, normalised together (one block of all cells, so that empty cells stay empty)."""
    cells = SIDE // CELL
    histogram = hog(
        image,
        orientations=ORIENTATIONS,
        pixels_per_cell=(CELL, CELL),
        cells_per_block=(cells, cells),
        block_norm="L2-Hys",
        feature_vector=False,
    )
    return histogram[0, 0]
