"""The criteria of figures 7, 8, 10 and 15: true of the paper's curves, false where they should; progress measures."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

import small
from induction_heads.machinery.store import Store, Trained
from induction_heads.networks import clamps, sequences
from induction_heads.networks.clamps import Only, PerfectMatch
from induction_heads.networks.sequences import Exemplars
from induction_heads.papers.singh_2024 import claims, measures, published
from induction_heads.papers.singh_2024.claims import clamping
from induction_heads.papers.singh_2024.runs import Run

BY_ID = {claim.id: claim for claim in claims.LEDGER}


def paper(figure: str, panel: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    groups = published.paper_curve(figure, panel).groupby("series", sort=False)
    return {name: (rows.x.to_numpy(float), rows.y.to_numpy(float)) for name, rows in groups}


def learnt(curve: tuple[np.ndarray, np.ndarray]) -> float:
    return float(measures.first_below(*curve, np.array([clamping.LEARNT]))[0])


def test_the_papers_grafts_meet_the_criteria():
    names = {
        "no clamp": "no clamp",
        "own seed": "Layer 1 of seed 5",
        "seed 6": "Layer 1 of seed 6",
        "seed 7": "Layer 1 of seed 7",
    }
    curves = paper("7", "main")
    numbers = {f"{short}: share": measures.plateau(*curves[name]).share for short, name in names.items()}
    numbers |= {f"{short}: learnt": learnt(curves[name]) for short, name in names.items()}
    assert BY_ID["figure-7"].holds(numbers) and BY_ID["figure-7-own"].holds(numbers)
    assert not BY_ID["figure-7"].holds(numbers | {"seed 6: share": 0.3})
    assert not BY_ID["figure-7-own"].holds(numbers | {"seed 7: learnt": 1.9 * numbers["own seed: learnt"]})


def test_the_papers_previous_token_clamps_meet_the_criteria():
    names = {"strongest previous-token head": "L1H2", "weakest previous-token head": "L1H6"}
    times = {
        name: learnt(paper("8", "main")[names.get(name, name)])
        for name in (*names, "no clamp", "three heads", "all heads")
    }
    assert BY_ID["figure-8"].holds(times) and BY_ID["figure-8-all"].holds(times)
    assert not BY_ID["figure-8"].holds(
        times | {"weakest previous-token head": 1.6 * times["strongest previous-token head"]}
    )
    assert BY_ID["figure-8-all"].holds(times | {"all heads": math.inf})
    assert not BY_ID["figure-8-all"].holds(times | {"all heads": times["three heads"]})


def test_the_papers_progress_measures_meet_the_criteria():
    trained, measured = paper("10", "clamping"), paper("10", "progress measures")
    pairs = {"step 1": ("1", "2, 3qk, 3v, 4, 5"), "match": ("1, 2, 3qk, 4", "3v, 5")}
    numbers = {}
    for clamp, (row, left) in pairs.items():
        for name, curve in (("clamped", trained[row]), ("measured", measured[left])):
            found = measures.plateau(*curve)
            numbers |= {f"{clamp} {name}: share": found.share, f"{clamp} {name}: sequences": found.sequences}
    assert BY_ID["figure-10"].holds(numbers) and BY_ID["figure-10-plateau"].holds(numbers)
    same = {name: numbers[name.replace("measured", "clamped")] for name in numbers}
    assert not BY_ID["figure-10"].holds(same) and not BY_ID["figure-10-plateau"].holds(same)


def test_the_criteria_of_figure_15_say_what_they_say():
    times = {
        "slowest strength": 0.45,
        "slowest learnt": 3e5,
        "share at 0.5": 0.3,
        "learnt at 0": 9e4,
        "learnt at 0.5": 2.9e5,
        "learnt at 1": 4e4,
    }
    assert BY_ID["figure-15"].holds(times)
    assert not any(
        BY_ID["figure-15"].holds(times | change)
        for change in ({"slowest strength": 0.1}, {"learnt at 0": 2e5}, {"share at 0.5": 0.2})
    )
    losses = {"wrong way, lowest": 1.0, "wrong way, highest": 2.5, "right way, highest": 0.1}
    assert BY_ID["figure-15-held-out"].holds(losses)
    assert not BY_ID["figure-15-held-out"].holds(losses | {"wrong way, lowest": 0.6})
    assert not BY_ID["figure-15-held-out"].holds(losses | {"right way, highest": 0.3})


def test_a_progress_measure_is_the_loss_of_each_checkpoint_under_the_clamp(tmp_path):
    run = Run(classes=11, sequences=64, checkpoint_every=64)
    clamped = (PerfectMatch("L2H3"), Only(("L2H3",)))
    dataset, saved = small.dataset(), {64: small.network(1, torch.float32), 0: small.network(0, torch.float32)}
    store = Store(tmp_path, dataset)
    for seen, network in saved.items():
        store.keep_checkpoint(run, seen, network)
    exemplars = Exemplars.of(dataset, run.task)
    found = measures.progress(Trained(run, store.folder(run), pd.DataFrame(), saved[64], 1.0), exemplars, clamped)
    which = sequences.evaluation_set("train", run.task, exemplars, run.evaluation_seed)
    assert found.sequences.tolist() == [0, 64]
    for seen, loss, limited in found.itertuples(index=False):
        network = saved[seen]
        one = {name: p[None] for name, p in network.items()}
        combined = clamps.combine([clamped], [clamps.Network.of(network)])
        logits = clamps.forward(one, exemplars.train[None], which, combined)["logits"][0]
        expected = torch.nn.functional.cross_entropy(logits, which.target[0]).item()
        assert loss == pytest.approx(expected, rel=1e-5)
        two = logits.gather(1, which.label[0])
        assert limited == pytest.approx(torch.nn.functional.cross_entropy(two, which.match[0]).item(), rel=1e-5)
    assert found.train_loss[0] != pytest.approx(found.train_loss[1], rel=0.01)
