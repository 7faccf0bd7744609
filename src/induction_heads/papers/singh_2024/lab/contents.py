"""What the page brings along: numbers and colours of the package, the paper's curves, characters, the compiled lab."""

import base64
import gzip
import math
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Shaped, UInt8

from induction_heads.data import Dataset, characters, efficientnet, load
from induction_heads.machinery.colours import HEAD_COLOURS, INK
from induction_heads.networks import run as networks_run
from induction_heads.networks import sequences, wasm
from induction_heads.networks.run import HEADS, Run

from .. import live, runs
from ..colours import NAMED, SUBCIRCUIT_COLOURS
from ..figures.diagrams import STEPS
from ..published import paper_curve

CLASSES = 100  # that can be trained on: as many as a page below 2 MB has room for
EXEMPLARS = 5
QUICK = 10  # so many times shorter is a quick look; at 25 the whole network learns visibly later than at 1
UNIT = 10**efficientnet.DECIMALS  # features are whole numbers of 1 / UNIT
SUBCIRCUIT_NAMES = {"A": "A (previous token, steps 1 and 2)", "B": "B (match, 3qk and 4)", "C": "C (copy, 3v and 5)"}
LEFT = {
    "A, B and C": "none",
    "B": "1, 2, 3v, 5",
    "C": "1, 2, 3qk, 4",
    "B and C": "1, 2",
}  # figure 6: columns -> clamped
OTHER_COLOUR = NAMED["B and C left"]  # of steps that the paper does not clamp together
SECONDS_A_STEP = {"all": 0.0025, "alone": 0.0012}  # on a laptop, to say how long a phone will be busy


def facts(data: Dataset) -> dict[str, Any]:
    """Everything that the script knows of the package, by the names that it has there."""
    return {
        "dataset": data.name,
        "features": data.features.shape[-1],
        "exemplars": EXEMPLARS,
        "mostClasses": CLASSES,
        "unseen": sequences.TEST_CLASSES,
        "unit": UNIT,
        "side": _images(data).shape[-1],
        "seed": runs.SEED,
        "streamSeed": Run.stream_seed,
        "evaluationSeed": Run.evaluation_seed,
        "defaultLabels": Run.labels,
        "learningRate": Run.learning_rate,
        "evaluateEvery": Run.evaluate_every,
        "fine": runs.FINE,
        "learntEvery": networks_run.LEARNT_EVERY,
        "othersEvery": networks_run.OTHER_SETS_EVERY,
        "othersUnderClampsEvery": networks_run.OTHER_SETS_UNDER_CLAMPS_EVERY,
        "scaledSaving": networks_run.SCALED_SAVING,
        "shortestInterval": networks_run.SHORTEST_INTERVAL,
        "quick": QUICK,
        "batch": sequences.BATCH,
        "evaluationSequences": sequences.EVALUATION_SEQUENCES,
        "sets": sequences.EVALUATION_SETS,
        "heads": HEADS,
        "probe": live.PROBE,
        "learnt": networks_run.LEARNT * math.log(2),
        "secondsAStep": SECONDS_A_STEP,
        "subcircuits": STEPS,
        "subcircuitColours": SUBCIRCUIT_COLOURS,
        "subcircuitNames": SUBCIRCUIT_NAMES,
        "headColours": HEAD_COLOURS,
        "colours": {name: _colour(NAMED[name]) for name in (*runs.SUBCIRCUITS, *sequences.EVALUATION_SETS)},
        "otherColour": OTHER_COLOUR,
        "paper": {"all": _whole_network(), "alone": _one_head()},
    }


def _colour(name: str) -> str:
    return "var(--ink)" if name == INK else name


def _whole_network() -> dict[str, list]:
    """Figure 3a, by evaluation set."""
    return {name: _points(rows) for name, rows in paper_curve("3a").groupby("series")}


def _one_head() -> dict[str, list]:
    """Figures 5b and 6, by "steps clamped/classes/labels"."""
    found = {}
    for (panel, series), rows in paper_curve("6").groupby(["panel", "series"]):
        left, counted = panel.split(" / ")
        number = int(series.split()[0])
        classes, labels = (number, Run.labels) if counted == "classes" else (Run.classes, number)
        if classes <= CLASSES:
            found[f"{LEFT[left]}/{classes}/{labels}"] = _points(rows)
    for clamped, rows in paper_curve("5b").groupby("series"):
        found[f"{clamped}/{Run.classes}/{Run.labels}"] = _points(rows)
    return found


def _points(rows: pd.DataFrame) -> list[tuple[int, float]]:
    return [(int(x), round(float(y), 3)) for x, y in zip(rows.x, rows.y, strict=True)]


def shown(table: Shaped[np.ndarray, "class exemplar ..."]) -> Shaped[np.ndarray, "row ..."]:
    """The rows that the page's tasks show: all exemplars of the training classes, then the first of each unseen one."""
    training = table[:CLASSES, :EXEMPLARS].reshape(-1, *table.shape[2:])
    return np.concatenate([training, table[-sequences.TEST_CLASSES :, 0]])


def packed_features(data: Dataset) -> bytes:
    """The features as whole numbers of 24 bits: all lowest bytes, all middle ones, all highest ones.

    Raises `ValueError` where a feature is not a whole number of units, and the page would train on another.
    """
    values = shown(data.features)
    whole = np.rint(values.astype(np.float64) * UNIT)
    if not np.array_equal((whole / UNIT).astype(np.float32), values) or whole.min() < 0 or whole.max() >= 2**24:
        raise ValueError(
            f"{data.name}: the lab's page holds features from 0 to {2**24 / UNIT:.0f} in units of 1 / {UNIT}, "
            f"got others between {values.min():.4g} and {values.max():.4g}: give packed_features more room"
        )
    return whole.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].T.tobytes()


def packed_pictures(data: Dataset) -> bytes:
    """A bit per pixel, rows of whole bytes."""
    return np.packbits(shown(_images(data)) > 0, axis=-1).tobytes()


def _images(data: Dataset) -> UInt8[np.ndarray, "class exemplar height width"]:
    if data.images is None:
        raise ValueError(f"{data.name}: the lab shows pictures, and this data set has features alone")
    return data.images


def blobs(data: Dataset) -> dict[str, str]:
    """What is too large to be read: gzip in base64, by the name that the script asks for."""
    found = {"features": packed_features(data), "pictures": packed_pictures(data)}
    found |= {name: wasm.module(name) for name in ("lab", "lab-relaxed")}
    return {name: base64.b64encode(gzip.compress(content, mtime=0)).decode() for name, content in found.items()}


def characters_data() -> Dataset:
    return load("characters", CLASSES + sequences.TEST_CLASSES, EXEMPLARS)


def licence() -> str:
    """Of the characters, which goes where they go."""
    return characters.FILE.with_name("LICENSE").read_text()
