"""What heads write to the output, in C++ as from all sites of the pass, under every clamp that it knows."""

import pytest
import torch

from induction_heads.networks import clamps, direct, kernels
from induction_heads.networks.clamps import (
    Ablate,
    Clamp,
    Network,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreservePatterns,
    PreserveValues,
    PreviousTokenAttention,
)
from small import BATCH, features, network, networks, sequences

EVERY_HEAD = ["L1H0", "L1H1", "L1H2", "L1H3", "L1H4", "L1H5", "L1H6", "L1H7"]
CONDITIONS: dict[str, list[list[Clamp]] | None] = {
    "no clamps": None,
    "Layer 1 ablated, patterns preserved": [
        [Ablate("L1H1"), PreservePatterns()],
        [Only(("L1H0", "L1H6")), PreservePatterns()],
        [Ablate(EVERY_HEAD), PreservePatterns()],
    ],
    "Layer 1 ablated, values preserved": [
        [Ablate(("L1H1", "L1H7")), PreserveValues()],
        [Only("L1H5"), PreserveValues()],
        [Ablate(EVERY_HEAD), PreserveValues()],
    ],
    "ablated, and both, one or nothing preserved": [
        [Ablate("L1H2"), PreservePatterns(), PreserveValues()],
        [Ablate("L1H2"), Only("L2H3"), PreservePatterns()],
        [Ablate(("L1H2", "L2H0"))],
    ],
    "some runs alone": [[], [PreservePatterns()], [Ablate("L1H3"), PreserveValues()]],
    "perfect match": [
        [PerfectMatch("L2H0"), PerfectMatch("L2H7", 0.3)],
        [],
        [Only("L1H1"), PreserveValues(), PerfectMatch("L2H2", 0.9)],
    ],
    "previous token": [
        [PreviousTokenAttention(("L1H4", "L1H5"))],
        [PreviousTokenAttention("L1H4"), Ablate("L1H4"), PreservePatterns()],
        [PreviousTokenAttention("L2H4")],
    ],
}
KEEP = torch.rand(5, 2, 8, generator=torch.Generator().manual_seed(4)) < 0.6


def both_ways(monkeypatch, batch, which, keep, clamped, dtype):
    """In C++, and from all sites."""
    in_cpp = direct.direct_paths(batch, features(dtype), which, keep, clamped)
    monkeypatch.setattr(direct, "in_kernels", lambda *_: None)
    return in_cpp, direct.direct_paths(batch, features(dtype), which, keep, clamped)


def in_kernels(*clamped, heads=None):
    each = [heads or Network.of(network(0))] * len(clamped)
    return direct.in_kernels(clamps.combine(clamped, each), each, torch.float64)


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("keep", [KEEP, None], ids=["some heads", "whole"])
@pytest.mark.parametrize("name", CONDITIONS)
def test_cpp_gives_what_all_sites_give(name, keep, dtype, atol, monkeypatch):
    if not kernels.load(dtype):
        pytest.skip("no C++ compiler")
    clamped = CONDITIONS[name]
    assert in_kernels(*(clamped or [[]])) is not None
    batch = {name: p / 3 for name, p in networks(dtype=dtype).items()}  # as large as at initialisation
    found, expected = both_ways(monkeypatch, batch, sequences(batch=67), keep, clamped, dtype)
    assert found["logits"].shape == (3, 1 if keep is None else len(keep), 67, 5)
    torch.testing.assert_close(found["logits"], expected["logits"], atol=atol, rtol=0)
    torch.testing.assert_close(found["pattern"], expected["pattern"], atol=atol, rtol=0)


@pytest.mark.parametrize("name", [name for name in CONDITIONS if CONDITIONS[name]])
def test_conditions_of_one_network_are_its_runs(name, monkeypatch):
    batch, which = {name: p[:1] for name, p in networks().items()}, sequences(runs=1, batch=67)
    found, expected = both_ways(monkeypatch, batch, which, KEEP, CONDITIONS[name], torch.float64)
    assert found["logits"].shape == (3, len(KEEP), 67, 5)
    for site in found:
        torch.testing.assert_close(found[site], expected[site], atol=1e-11, rtol=0)


def test_clamps_are_given_for_every_run():
    with pytest.raises(ValueError, match="clamps of each of 3 networks, got those of 2"):
        direct.direct_paths(networks(), features(), sequences(), None, [[], []])


def test_all_runs_may_read_the_same_sequences_of_more_pairs(monkeypatch):
    which = sequences(runs=1, pairs=3)
    found, expected = both_ways(monkeypatch, networks(), which, KEEP, None, torch.float64)
    assert found["pattern"].shape == (3, BATCH, 8, 7)
    for name in found:
        torch.testing.assert_close(found[name], expected[name], atol=1e-11, rtol=0)


@pytest.mark.parametrize("clamp", [PerfectCopy("L2H3"), PerfectLayer1(), clamps.InductionAttention("L2H3")])
def test_what_cpp_does_not_know_is_left_to_pytorch(clamp):
    assert in_kernels([], [clamp]) is None
    whole = clamps.combine([[clamp]], [Network.of(network(0))])
    batch = {name: p[None] for name, p in network(0).items()}
    found = direct.direct_paths(batch, features(), sequences(runs=1), None, [[clamp]])["logits"]
    expected = clamps.forward(batch, features(), sequences(runs=1), whole)["logits"]
    torch.testing.assert_close(found[:, 0], expected, atol=1e-11, rtol=0)


def test_three_layers_are_left_to_pytorch():
    assert in_kernels([], heads=Network(((0, 1),) * 3)) is None
