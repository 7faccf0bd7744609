"""`make bench` and `make profile` run to their end; what they measure is no test's business."""

import pytest

from induction_heads.bench import pairs as bench
from induction_heads.machinery import paths
from induction_heads.machinery.settings import Settings


@pytest.mark.slow
def test_the_table_has_a_row_for_each_way_of_training(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    bench.main(Settings("smoke"))
    said = capsys.readouterr().out
    for row in (
        "one network, eager PyTorch",
        "one network, TransformerLens",
        "1 runs",
        "8 runs, with evaluation",
        "roofline, 1 core",
    ):
        assert row in said
    assert (tmp_path / "figures" / "bench.png").exists()


def test_the_profile_names_every_part_of_training(capsys):
    bench.profile(Settings("smoke"))
    said = capsys.readouterr().out
    for part in (
        "sampling",
        "forward",
        "backward",
        "optimiser",
        "evaluation, train set",
        "checkpoints",
        "states for resuming",
    ):
        assert part in said
