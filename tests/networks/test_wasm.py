"""The lab in WebAssembly trains what the package trains: the golden trajectories, and runs from their seed alone."""

import dataclasses
import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from induction_heads.networks import clamps, replay, sequences, training, wasm
from induction_heads.networks.clamps import Only, PerfectCopy, PerfectLayer1, PerfectMatch, PreviousTokenAttention
from induction_heads.networks.model import Parameters, Sequences
from induction_heads.networks.run import HISTORY, Run, Schedule, initial
from induction_heads.networks.sequences import EVALUATION_SETS, Exemplars
from lab import ALL_HEADS, SETS, Lab, Module
from small import dataset

GOLDEN = Path(__file__).parent / "golden" / "clamps.npz"
DATA = dataset()  # 40 classes, 3 exemplars of 13 features
SHORT = Run(3, classes=11, learning_rate=1e-3)
UNDER_CLAMPS = [
    SHORT,
    dataclasses.replace(SHORT, labels=7, pairs=3, stream_seed=2, evaluation_seed=5),
    dataclasses.replace(SHORT, clamps=(PreviousTokenAttention("L1H2"), Only("L2H3"))),
    dataclasses.replace(SHORT, clamps=(PerfectLayer1(), PerfectCopy("L2H5"), Only("L2H5"))),
    dataclasses.replace(SHORT, clamps=(PerfectMatch("L2H3", 0.7),)),
]
each_run = pytest.mark.parametrize("run", UNDER_CLAMPS, ids=lambda run: str(run).removesuffix(", 1,000,000 sequences"))

each_build = pytest.mark.parametrize("build", ["lab", "lab-relaxed"])


@cache
def module(name: str = "lab") -> Module:
    return Module(wasm.module(name))


@pytest.fixture(scope="module", autouse=True)
def modules_end_before_the_interpreter():
    yield
    module.cache_clear()


def lab(run: Run, name: str = "lab") -> Lab:
    return Lab(module(name), run, DATA.features)


def group(run: Run) -> training.Group:
    """The same run as the package trains it."""
    return training.Group([run], [training.begin(run, DATA)], DATA, {})


@cache
def golden() -> np.lib.npyio.NpzFile:
    return np.load(GOLDEN, allow_pickle=False)


def parameters_of(prefix: str, heads: clamps.Network = ALL_HEADS) -> Parameters:
    found = {n.removeprefix(prefix): torch.from_numpy(p) for n, p in golden().items() if n.startswith(prefix)}
    return clamps.restrict(found, heads)


CONDITIONS = {
    name: described
    for name, described in json.loads(str(golden()["conditions"])).items()
    if not any(clamp["clamp"].startswith("Preserve") for clamp in described)
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_in_float64_it_follows_the_golden_trajectories(condition):
    table = golden()["features"]
    unseen = np.zeros((2, *table.shape[1:]))  # the file has none, nor second exemplars
    features = np.stack([np.concatenate([table, unseen])] * 2, 1)
    run = Run(classes=len(table), learning_rate=float(golden()["lr"]))
    donors = {}
    for described in CONDITIONS[condition]:
        if "network" in described:
            donors[described["network"]] = Lab(module("lab-double"), run, features)
            donors[described["network"]].parameters = parameters_of(f"{described['network']}/")
    run = dataclasses.replace(run, clamps=tuple(map(replay.clamp_of, CONDITIONS[condition])))
    here = Lab(module("lab-double"), run, features, donors)
    here.parameters = parameters_of("init/", here.heads)
    for step, expected in enumerate(golden()[f"{condition}/loss"]):
        assert abs(here.train_on(replay.batch(golden(), step, 1)) - expected) < 1e-9, f"step {step}"
    for name, expected in parameters_of(f"{condition}/final/", here.heads).items() if final(condition) else ():
        assert replay.worst(here.parameters[name], expected.numpy()) < 1e-9, name


def final(condition: str) -> bool:
    return any(name.startswith(f"{condition}/final/") for name in golden())


@each_run
def test_initial_weights_are_the_package_s_to_the_bit(run):
    here = lab(run)
    for name, expected in clamps.restrict(initial(run, 13), here.heads).items():
        assert torch.equal(here.parameters[name], expected), name


@each_run
@pytest.mark.parametrize("name", SETS)
def test_evaluation_sets_are_the_package_s(run, name):
    expected = sequences.evaluation_set(name, run.task, Exemplars.of(DATA, run.task), run.evaluation_seed, 7)
    for i in range(7):
        exemplar, label, (match,) = lab(run).sequence(name, i)
        assert exemplar == expected.exemplar[0, i].tolist()
        assert label == expected.label[0, i].tolist() and match == expected.match[0, i]


@each_run
@each_build
def test_a_few_steps_of_the_run_s_own_stream_are_the_package_s(run, build):
    here, there = lab(run, build), group(run)
    block = there.blocks(0)
    losses = there.steps(Sequences(*(tensor[:, :5] for tensor in block)))[0].tolist()
    assert [here.train(1) for _ in range(5)] == pytest.approx(losses, abs=1e-5)
    for name, expected in there.snapshot(0, there.parameters).items():
        apart = (here.parameters[name] - expected).abs()
        # A gradient that is all rounding has either sign, and Adam's first steps are of one length whatever it is.
        assert apart.mean() < 1e-6 and apart.max() < run.learning_rate, name


@each_run
def test_strengths_and_patterns_are_the_package_s(run):
    here = lab(run)
    here.train(31)
    which = sequences.evaluation_set("train", run.task, Exemplars.of(DATA, run.task), run.evaluation_seed, 67)
    stacked = {name: p[None] for name, p in here.parameters.items()}
    combined = clamps.combine([run.clamps], [here.heads])
    table = torch.from_numpy(DATA.features[None, : run.classes, 0])
    sites = clamps.forward(stacked, table, which, combined)
    patterns = [sites[f"blocks.{layer}.attn.hook_pattern"][0] for layer in (0, 1)]  # batch head query key
    correct = torch.nn.functional.one_hot(which.match[0], run.pairs)[:, None]
    expected = [
        torch.stack([patterns[0][..., 2 * p + 1, 2 * p] for p in range(run.pairs)]).mean((0, 1)),
        (patterns[1][:, :, -1, 1::2] * (2 * correct - 1)).sum(-1).mean(0),
    ]
    found = here.strengths(67)
    one = here.sequence("train", 5)
    for layer in (0, 1):
        if layer == 0 and PerfectLayer1() in run.clamps:  # which nothing reads
            assert np.isnan(found[0]).all() and np.isnan(here.pattern(0, 0, "train", one)).all()
            continue
        computed = here.heads.heads[layer]
        np.testing.assert_allclose(found[layer, list(computed)], expected[layer], atol=1e-5)
        assert np.isnan(found[layer]).sum() == 8 - len(computed)
        for i, head in enumerate(computed):
            np.testing.assert_allclose(here.pattern(layer, head, "train", one), patterns[layer][5, i], atol=1e-5)


@each_build
def test_a_whole_run_from_its_seed_alone_has_the_package_s_curve(build):
    run = dataclasses.replace(Run(5, classes=11, clamps=(PerfectLayer1(),)).scaled(25), learning_rate=1e-3)
    (state,) = group(run).train()
    here, expected = lab(run, build), np.array(state.history)
    found, step = [], 0
    for seen in expected[:, 0]:
        here.train(int(seen) // 32 - step)
        step = int(seen) // 32
        sets = EVALUATION_SETS if step in Schedule.of(run).others else EVALUATION_SETS[:1]
        numbers = [here.evaluate(name, 250) if name in sets else [np.nan, np.nan] for name in EVALUATION_SETS]
        found.append([seen, *np.concatenate(numbers)])
    losses = [HISTORY.index(f"{name}_loss") for name in EVALUATION_SETS]
    np.testing.assert_allclose(np.array(found)[:, losses], expected[:, losses], atol=0.02)
    assert found[-1][1] < 0.5 * found[0][1]  # it learns


def test_a_run_begun_again_is_the_same_run():
    here = lab(SHORT)
    first = [here.train(3), here.train(4)]
    here.module("begin", here.lab)
    assert [here.train(3), here.train(4)] == first


def test_a_task_that_cannot_be_is_refused():
    for impossible in (dict(labels=2, pairs=1), dict(classes=39), dict(labels=3, pairs=3)):
        with pytest.raises(ValueError, match="no such task"):
            lab(dataclasses.replace(SHORT, **impossible))


@pytest.mark.parametrize("name", wasm.BUILDS)
def test_the_committed_builds_are_of_these_sources(name):
    recorded = wasm.recorded()[name]
    assert recorded["made from"] == wasm.made_from(name), "the C++ or its flags changed: `make wasm` compiles it again"
    assert recorded["sha256"] == hashlib.sha256(wasm.module(name)).hexdigest()


def test_a_build_depends_on_the_headers_that_it_includes():
    names = [path.name for path in wasm.sources()]
    assert {"lab.cpp", "sequences.h", "network.h", "generator.h"} <= set(names) and "tokens.h" not in names
    assert len(names) == len(set(names))
