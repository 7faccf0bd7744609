"""The live bench: what is ticked is clamped, curves grow while it trains, and what it saves is a run like any other."""

import sys

import pytest

from induction_heads.machinery import paths
from induction_heads.machinery.schedule import train
from induction_heads.machinery.store import Store
from induction_heads.networks.clamps import Only, PerfectCopy, PerfectLayer1, PerfectMatch, PreviousTokenAttention
from induction_heads.papers.singh_2024 import live, study
from induction_heads.papers.singh_2024.live import Bench, Choice, Panel, clamps_for
from small import dataset

SHORT = dict(classes=11, sequences=48_000)  # 60 steps in the smoke profile


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Bench:
    monkeypatch.setattr(study.data, "load", lambda name, **more: dataset())
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(live, "MOMENT", 0.02)
    return Bench("smoke")


def short(panel: Panel) -> Panel:
    panel.classes.options = [11, 13]
    panel.classes.value = 11
    panel.sequences.min = panel.sequences.value = SHORT["sequences"]
    return panel


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), ()),
        (("1",), (PreviousTokenAttention(("L1H2",)),)),
        (("1", "2"), (PerfectLayer1(),)),
        (("1", "2", "3qk, 4"), (PerfectMatch("L2H3"),)),
        (("3v, 5",), (PerfectCopy("L2H3"),)),
        (("1", "2", "3v, 5"), (PerfectLayer1(), PerfectCopy("L2H3"))),
    ],
)
def test_ticked_steps_are_the_clamps_of_figure_5b(steps, expected):
    assert clamps_for(frozenset(steps), "L2H3", "L1H2") == expected


@pytest.mark.parametrize(
    ("steps", "message"),
    [({"2"}, "2 needs 1"), ({"1", "3qk, 4"}, "needs both"), (set(live.STEPS), "nothing is left"), ({"6"}, "got 6")],
)
def test_steps_that_make_no_circuit_are_refused(steps, message):
    with pytest.raises(ValueError, match=message):
        clamps_for(frozenset(steps), "L2H3", "L1H2")


def test_pressing_train_draws_while_it_trains_and_save_makes_a_run_like_any_other(bench, tmp_path):
    panel, pictures = short(Panel(bench)), []
    panel.image.observe(lambda change: pictures.append(change["new"]), "value")
    panel.steps["1"].value = panel.steps["2"].value = True
    panel.alone.value = False
    panel.train.click()
    panel.thread.join()
    assert "done in" in panel.says.value and len(set(pictures)) > 2
    (curve,) = bench.curves
    assert curve.run == Choice(frozenset({"1", "2"}), alone=False, **SHORT).run(
        bench.study.scale
    ) and curve.run.clamps == (PerfectLayer1(),)
    assert (
        curve.sequences[-1] == 1_920
        and len(curve.strengths) == 8
        and len(curve.strengths["L2H3"]) == len(curve.seen) == len(curve.sequences)
    )
    panel.save.click()
    assert panel.says.value.startswith("saved as")
    (usual,) = train([curve.run], Store(tmp_path / "other", dataset())).values()
    saved = bench.study.store.load(curve.run)
    assert saved.history.equals(usual.history)
    panel.train.click()
    panel.thread.join()
    assert "from the store" in panel.says.value and bench.curves[-1].loss == usual.history["train_loss"].tolist()


def test_stop_is_heard_and_training_goes_on_from_what_was_saved(bench):
    panel = short(Panel(bench))
    redraw = bench.picture
    bench.picture = lambda: (bench.curves and len(bench.curves[-1].loss) > 1 and panel.stop.click()) or redraw()
    panel.train.click()
    panel.thread.join()
    assert "stopped" in panel.says.value and 0 < bench.curves[-1].state.progress < 60 * 32
    panel.save.click()
    assert "unfinished" in panel.says.value
    bench.picture = redraw
    panel.train.click()
    panel.thread.join()
    assert "done in" in panel.says.value and bench.curves[-1].finished and len(bench.curves) == 1
    whole = Bench.train(bench, Choice(head=panel.head.value, seed=6, **SHORT))
    assert [curve.choice.seed for curve in bench.curves] == [5, 6] and list(whole.strengths) == [panel.head.value]
    panel.forget.click()
    assert [curve.choice.seed for curve in bench.curves] == [6]


def test_a_mistake_is_said_in_one_line_and_nothing_trains(bench):
    panel = short(Panel(bench))
    panel.save.click()
    assert panel.says.value == "nothing has been trained yet"
    panel.steps["2"].value = True
    panel.train.click()
    assert "2 needs 1" in panel.says.value and panel.thread is None
    panel.steps["2"].value, panel.classes.value, panel.labels.options = False, 13, [1, 5]
    panel.labels.value = 1
    panel.train.click()
    assert "as many classes and labels" in panel.says.value


def test_without_widgets_there_is_a_picture(bench, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bench.train(Choice(head="L2H3", **SHORT))
    assert bench.curves[0].run.clamps == (Only(("L2H3",)),)
    assert live.show(bench).data.startswith(b"\x89PNG")
