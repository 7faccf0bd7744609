"""Papers whose runs take seconds: stories and claims name what exists, notebooks have the form of the first paper's,
and all of a paper is made in the smoke profile."""

import json
import os
import subprocess
import sys

import pytest
from filelock import FileLock

import form
from induction_heads import cli, papers
from induction_heads.machinery import execution, paths, schedule
from induction_heads.machinery.paper import QUESTIONS, find
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.study import Study

SMOKE = Settings(profile="smoke")
PAPERS = {key: paper for key, paper in find(papers).items() if paper.rank and type(paper.study(SMOKE)) is Study}
NAMES = [name for key in PAPERS for name in execution.names(key)]
each_paper = pytest.mark.parametrize("key", PAPERS)
each_notebook = pytest.mark.parametrize("name", NAMES)


@each_paper
def test_every_result_has_its_notebook_and_every_picture_of_the_story_its_result(key):
    form.check_story(PAPERS[key])


@each_paper
def test_every_claim_stands_below_a_figure_and_is_measured_on_the_runs_of_a_result(key):
    study = _study(PAPERS[key])
    form.check_claims(PAPERS[key], study, set(PAPERS[key].runs(study, PAPERS[key].results)))


def test_every_edge_of_the_map_names_two_claims():
    every = find(papers)
    known = {f"{key}:{claim.id}" for key, paper in every.items() for claim in paper.claims()}
    edges = [(f"{key}:{edge.claim}", edge.other) for key, paper in every.items() for edge in paper.edges]
    assert edges and {end for edge in edges for end in edge} <= known
    assert all(one.partition(":")[0] != other.partition(":")[0] for one, other in edges)
    assert all(set(paper.questions) <= set(QUESTIONS) for paper in every.values())


def test_papers_are_trained_as_one_list_and_each_is_told_its_time(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    keys, train, lists = ("chan_2024", "musat_2025"), schedule.train, []

    def watched(runs, *given, **settings):
        lists.append(list(runs))
        return train(lists[-1], *given, **settings)

    monkeypatch.setattr(schedule, "train", watched)
    studies = cli.train_together([PAPERS[key] for key in keys], SMOKE)
    assert [study.paper for study in studies] == list(keys)
    assert {run.family.name for run in lists[0]} >= {"chan 2024", "musat 2025"}
    times = execution.kept_times(SMOKE)
    assert set(times) == {f"training {key}" for key in keys} and all(seconds > 0 for seconds, _ in times.values())
    lists.clear()
    cli.train_together([PAPERS[key] for key in keys], SMOKE)
    assert not lists, "all is trained"


@each_paper
def test_claims_on_seeds_have_three_or_more(key):
    paper = PAPERS[key]
    for claim in paper.claims():
        runs = {run.seed for seed in claim.seeds(paper.seeds["paper"]) for run in claim.runs(_study(paper), seed)}
        assert not runs or len(runs) >= 3, claim.id


def _study(paper) -> Study:
    return paper.study(paper.settings(Settings()))


@each_notebook
def test_it_has_the_form_of_the_first_papers(name):
    text, prose = form.check_notebook(name)
    assert "**What the paper shows.**" in text and "**What differs from the paper.**" in prose
    assert "**Left open.**" in prose or "**Next.**" in prose
    seeds = PAPERS[name.split("/")[0]].seeds["paper"]
    assert execution.parameters_of(execution.source(name))["seeds"] == list(seeds)


@each_notebook
def test_it_shows_every_figure_of_its_results_and_reads_it(name):
    form.check_figures(PAPERS[name.split("/")[0]], name)
    assert form.code(name).count("readings.reading_") >= form.code(name).count("figures.figure_")


@pytest.mark.parametrize(
    "key", [pytest.param(key, marks=[pytest.mark.slow, pytest.mark.xdist_group(key)]) for key in PAPERS]
)
def test_it_is_made_in_the_smoke_profile_with_every_claim_measured(key):
    """Runs, verdicts, notebooks and gallery; what is not made by reproduce-all is not measured."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "induction_heads", "reproduce", key, "--profile", "smoke"]
    with FileLock(paths.BUILD / f"{key}.lock"):
        ended = subprocess.run(command, env=plain | {"TQDM_DISABLE": "1"}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    paper = PAPERS[key]
    folder = paths.figures_dir(key, SMOKE)
    made = [name for name, result in paper.results.items() if result.in_reproduce_all]
    for name in made:
        assert (folder / f"{name.replace('-', '_')}.png").exists() and (
            folder / f"{name.replace('-', '_')}.json"
        ).exists()
    study = paper.study(paper.settings(SMOKE))
    trained = set(paper.runs(study))
    for claim in json.loads((folder / "claims.json").read_text(encoding="utf-8"))["claims"]:
        (known,) = [each for each in paper.claims() if each.id == claim["id"]]
        asked = {run for seed in known.seeds(study.settings.seeds) for run in known.runs(study, seed)}
        assert (claim["verdict"] != "not measured") == (asked <= trained), claim["id"]
