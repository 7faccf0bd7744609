"""Features without learnt weights: where in a picture strokes run in which direction (in place of section 2's network).

A histogram of oriented gradients over 8 x 8 cells with 8 orientations is 512 numbers, as many as ResNet18 gives.
Blurring the grid of cells lets hands that put a stroke a little elsewhere agree: without it unseen classes are learnt
badly.
"""

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

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
    down = shrunk(images.reshape(-1, height, width).astype(np.int64))
    small = shrunk(down.swapaxes(-1, -2)).swapaxes(-1, -2)  # (picture, 64, 64)
    cells = np.stack([_cells(image) for image in small.astype(np.float64)])
    from scipy.ndimage import gaussian_filter  # here and below: only who makes features waits for these

    blurred = gaussian_filter(cells, sigma=(0, BLUR, BLUR, 0)).reshape(len(cells), FEATURES)
    norm = np.linalg.norm(blurred, axis=-1, keepdims=True)
    scaled = blurred * (NORM / np.where(norm > 0, norm, NORM))
    return scaled.round(DECIMALS).astype(np.float32).reshape(*batch, FEATURES)


def shrunk(images: Int64[np.ndarray, "picture old across"]) -> Int64[np.ndarray, "picture new=64 across"]:
    """64 rows for any number of rows, each the sum over the stretch of old ones that it covers, in 1/64 of a row.

    Whole numbers keep all sums exact. The directions of gradients lie on the edges of bins wherever a stroke is upright
    or level, and a rounding error there, which differs from machine to machine, would move the stroke to another bin.
    """
    rows = images.shape[1]
    whole, part = np.divmod(np.arange(SIDE + 1) * rows, SIDE)
    above = np.pad(images.cumsum(axis=1), ((0, 0), (1, 0), (0, 0)))  # the sum of all rows above each
    begun = np.pad(images, ((0, 0), (0, 1), (0, 0)))[:, whole] * part[:, None]
    return np.diff(SIDE * above[:, whole] + begun, axis=1)


def _cells(image: Float64[np.ndarray, "64 64"]) -> Float64[np.ndarray, "row column orientation"]:
    """The histograms of one picture, normalised together (one block of all cells, so that empty cells stay empty)."""
    from skimage.feature import hog

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
