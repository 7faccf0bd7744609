"""The induction circuit by weights, on networks whose circuit is known."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from transformer_lens import FactoredMatrix

from induction_heads.lens import networks as lens
from induction_heads.lens.clamping import clamped
from induction_heads.networks.clamps import PreviousTokenAttention
from induction_heads.networks.model import Sequences
from induction_heads.networks.sequences import Task
from induction_heads.papers.singh_2024 import circuits
from small import CLASSES, features, network, sequences

torch.manual_seed(0)


def which() -> Sequences:
    return Sequences(*(part[:1] for part in sequences(batch=29)))


@pytest.fixture(scope="module")
def opened() -> lens.Lens:
    return lens.open(network(1), features()[0])


@torch.no_grad()
def test_the_sources_of_a_score_add_up_to_it(opened):
    cache = opened.run_with_cache(which())[1]
    sources, names = circuits.score_sources(opened, cache, "L2H5")
    assert names == ["embedding", *(f"L1H{h}" for h in range(8)), "bias"]
    torch.testing.assert_close(sources.sum(0), cache["attn_scores", 1][:, 5, -1], atol=1e-9, rtol=0)


def test_a_diagonal_matrix_always_prefers_its_own():
    assert circuits.right_choices(torch.eye(5)) == 1 and circuits.right_choices(-torch.eye(5)) == 0
    assert circuits.right_choices(torch.tensor([[3.0, 1.0], [2.0, 1.0]])) == 0.5


def test_the_share_of_positive_eigenvalues_of_a_known_circuit():
    vectors = torch.linalg.qr(torch.randn(7, 3))[0]
    assert circuits.positive_share(FactoredMatrix(vectors, vectors.T)) == pytest.approx(1, abs=1e-5)
    assert circuits.positive_share(
        FactoredMatrix(vectors * torch.tensor([1.0, 1.0, -2.0]), vectors.T)
    ) == pytest.approx(0, abs=1e-5)


def test_what_only_the_correct_label_has_counts_whole():
    scores = torch.zeros(29, 5)
    scores[torch.arange(29), 1 + 2 * which().match[0]] = 1
    assert (
        circuits.on_correct_label(scores, which()) == 1 and circuits.on_correct_label(torch.ones(29, 5), which()) == 0
    )


def test_a_head_that_looks_at_the_first_label_alone_seems_to_match_nothing(opened, monkeypatch):
    """Measured scores: what a place is given must not be taken for what a class is given."""

    def first(which, names_filter):
        scores = torch.zeros(which.match.shape[1], 8, 5, 5)
        scores[:, :, -1, 1] = 1
        return None, {site: scores for site in names_filter}

    monkeypatch.setattr(opened, "run_with_cache", first)
    measured = circuits.measured_match(opened, Task(classes=CLASSES), "L2H5")
    apart = ~torch.eye(CLASSES, dtype=torch.bool)
    assert measured.diagonal().mean() == pytest.approx(0.5, abs=0.05)
    assert measured[apart].mean() == pytest.approx(0.5, abs=0.05)


@torch.no_grad()
def test_match_and_copy_are_found_where_they_are_put_in():
    """Layer 1 head 0 copies exemplars to the next token, head 1 labels in place; Layer 2 head 3 compares and copies."""
    parameters = {name: torch.zeros_like(p) for name, p in network(1).items()}
    basis = torch.linalg.qr(torch.randn(64, 64, dtype=torch.float64))[0]
    shown = torch.eye(CLASSES, dtype=torch.float64)[:, :8]  # classes 4 to 7 lie where the rotary embedding hardly turns
    parameters |= {name: torch.ones_like(p) for name, p in parameters.items() if name.endswith("_w")}
    parameters["W_exemplar"], parameters["W_label"] = 10 * basis[:8], basis[8:13]
    parameters["blocks.0.W_V"][0], parameters["blocks.0.W_O"][0] = basis[:8].T, basis[16:24]
    parameters["blocks.1.W_Q"][3], parameters["blocks.1.W_K"][3] = basis[:8].T, basis[16:24].T
    parameters["blocks.1.W_V"][3][:, :5], parameters["blocks.1.W_O"][3][:5] = basis[8:13].T, basis[24:29]
    parameters["W_U"] = basis[24:29].T
    opened = lens.open(parameters, shown)
    with clamped(opened, [PreviousTokenAttention("L1H0")]):
        cache = opened.run_with_cache(
            Sequences(torch.tensor([[[4, 5, 4], [7, 6, 6]]]), torch.tensor([[[0, 1], [4, 2]]]), torch.tensor([[0, 1]]))
        )[1]
        lost = circuits.routes(opened, slow(), "k")
    assert circuits.right_choices(circuits.match(opened, cache, "L2H3")[0][4:8, 4:8]) == 1
    assert circuits.right_choices(circuits.copy(opened, cache, "L2H3")[0]) == 1
    assert lost.argmax() == 3 and lost[0, 3] > 0.1 and lost[1:].abs().max() < 1e-9


def slow() -> Sequences:
    given = which()
    exemplar = 4 + torch.stack([given.exemplar[..., 0] % 4, (given.exemplar[..., 0] + 1) % 4], -1)
    return Sequences(torch.cat([exemplar, exemplar.gather(-1, given.match[..., None])], -1), given.label, given.match)
