"""The clamps agree with the authors' implementation, gradients and Adam included."""

import json
from pathlib import Path

import numpy as np
import pytest

from induction_heads.networks import replay

GOLDEN = Path(__file__).parent / "golden" / "clamps.npz"


def test_every_condition_of_the_golden_file_agrees(capsys):
    assert replay.main([str(GOLDEN)]) == 0
    assert "12 of 12 conditions agree" in capsys.readouterr().out


def altered(tmp_path: Path, change) -> Path:
    arrays = dict(np.load(GOLDEN, allow_pickle=False))
    arrays |= {name: arrays[name][:2] for name in ("class_idx", "labels")}
    conditions = json.loads(str(arrays["conditions"]))
    kept = {"none": conditions["none"], "match": conditions["match"]}
    arrays = {
        n: a
        for n, a in arrays.items()
        if "/final/" not in n and n.split("/")[0] in {*kept, "init", "features", "class_idx", "labels", "lr"}
    }
    arrays |= {f"{c}/loss": arrays[f"{c}/loss"][:2] for c in kept} | {"conditions": np.array(json.dumps(kept))}
    change(arrays)
    np.savez(tmp_path / "golden.npz", **arrays)
    return tmp_path / "golden.npz"


def test_a_number_off_by_a_millionth_is_found(tmp_path):
    def change(arrays):
        arrays["match/loss"] = arrays["match/loss"] + 1e-6

    errors = replay.replay(altered(tmp_path, change))
    assert errors.loc["match", "losses"] == pytest.approx(1e-6, rel=1e-3)
    assert errors.loc["none"].max() < replay.TOLERANCE
    assert replay.main([str(tmp_path / "golden.npz")]) == 1


def test_an_unknown_clamp_is_named(tmp_path):
    def change(arrays):
        arrays["conditions"] = np.array(json.dumps({"match": [{"clamp": "PerfectGuess"}]}))

    with pytest.raises(ValueError, match="PerfectGuess"):
        replay.replay(altered(tmp_path, change))


def test_a_missing_file_is_one_line(capsys):
    assert replay.main(["no/such/file.npz"]) == 2
    assert "no/such/file.npz" in capsys.readouterr().err
