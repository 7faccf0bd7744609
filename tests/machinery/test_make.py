"""What `make` promises: a wrong setting is one line, products follow sources, an interruption leaves nothing behind."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from fake_project import ENDLESS, PICTURE, ROOT, make_project, processes_of, wait_for
from induction_heads import cli
from induction_heads.papers.singh_2024.paper import PAPER

TARGETS = "reproduce-all test lab status bench profile features fit-data clean distclean figure-3a".split()


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / "a project")


def real_make(*arguments: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    "wrong, expected",
    [
        ("PROFILE=quick", "PROFILE is paper or smoke, got 'quick'"),
        ("PROFILE=", "PROFILE is paper or smoke, got ''"),
        ("DATASET=mnist", "DATASET is characters, glyphs, omniglot"),
        (
            "DATASET=omniglot-small",
            "DATASET omniglot-small is called characters now, and needs no download: write DATASET=characters",
        ),
        ("DATASET=nowhere/features.npz", "DATASET names a file that is not there"),
        ("DATASET=it's $$(touch oops)", "DATASET is characters"),
        ("SEEDS=five", "SEEDS is whole numbers such as 5 or 5,6 or 5..9, got 'five'"),
        ("SEEDS=9..5", "SEEDS is whole numbers"),
        ("SEEDS=5,5", "SEEDS names each seed once"),
        ("DEVICE=tpu", "DEVICE is cpu or cuda, got 'tpu'"),
        ("SEED=6", "no setting is called SEED"),
    ],
)
def test_a_wrong_setting_is_one_line_and_a_failure(wrong, expected):
    made = real_make("reproduce-all", wrong)
    assert made.returncode != 0 and made.stdout == ""
    assert len(made.stderr.splitlines()) == 1 and expected in made.stderr


def test_the_command_line_says_the_same_without_a_traceback():
    command = [sys.executable, "-m", "induction_heads", "status", "--profile", "quick"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", "PROFILE is paper or smoke, got 'quick'\n")


def test_every_result_is_a_target_by_its_name():
    targets = [*PAPER.results, *(f"{PAPER.target}/{name}" for name in PAPER.results)]
    assert {"figure-3a", "table-1", "singh-2024/figure-3a"} <= set(targets)
    shown = real_make("-n", *targets)
    assert shown.returncode == 0
    for target in targets:
        assert f"induction_heads result {target} " in shown.stdout
        assert cli._result(target) == (PAPER, target.split("/")[-1])


def test_every_paper_and_every_notebook_is_a_target():
    shown = real_make("-n", PAPER.target, "notebook-01_emergence", "notebook-singh_2024/01_emergence")
    for command in ("reproduce singh-2024", "notebook 01_emergence", "notebook singh_2024/01_emergence"):
        assert f"induction_heads {command} " in shown.stdout


def test_help_is_the_default_and_names_the_targets():
    shown = real_make()
    assert shown.returncode == 0 and shown.stdout == real_make("help").stdout
    for target in TARGETS:
        assert f"make {target}" in shown.stdout


def test_an_unknown_result_is_one_line_that_names_the_known(project):
    made = project.make("figure-99")
    assert made.returncode != 0
    assert made.stderr.splitlines()[0] == "no result is called 'figure-99'; there are figure-1, table-1"


def test_products_follow_notebook_code_runs_and_figures(project):
    """The classic omission is an edited source that rebuilds nothing."""

    def outcome() -> str:
        made = project.make("figure-1")
        assert made.returncode == 0, made.stderr
        return next(line for line in made.stdout.splitlines() if line.startswith("tiny/falling: "))

    def edit(name: str) -> None:
        with open(project.package / name, "a") as source:
            source.write("# edited\n")

    assert outcome().startswith("tiny/falling: missing")
    assert (project.figures / "figure_1.png").exists() and (project.executed / "falling.ipynb").exists()
    assert outcome() == "tiny/falling: done before, FORCE=1 runs it again"
    os.utime(project.package / "papers" / "tiny" / "drawings.py")
    edit("machinery/gallery.py")  # which no notebook imports
    assert outcome() == "tiny/falling: done before, FORCE=1 runs it again"
    edit("papers/tiny/drawings.py")
    assert outcome().startswith("tiny/falling: stale: the code changed")
    project.write_notebook("falling", PICTURE, "1 + 1")
    assert outcome().startswith("tiny/falling: stale: the notebook changed")
    falls = project.package / "papers" / "tiny" / "paper.py"
    falls.write_text(falls.read_text().replace("Fall(1.6)", "Fall(1.7)"))
    assert "tiny/falling: stale" in outcome()
    (project.figures / "figure_1.png").unlink()
    assert outcome().startswith("tiny/falling: stale: figure_1.png is missing")


def test_reproduce_all_announces_makes_everything_and_reports(project):
    """A paper of another kind is built, with no file touched but those in its folders."""
    project.write_notebook("other", "pass", parameters='profile = "paper"\nseeds = [1]\n')
    made = project.make("reproduce-all", "SEEDS=7,8")
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    assert any(line.startswith("tiny: 0 of 2 runs are trained, 2 are missing.") for line in lines)
    announced = next(i for i, line in enumerate(lines) if line.startswith("Expected: "))
    assert announced < lines.index("Made now:")
    report = lines[lines.index("Made now:") :]
    for part in ("training tiny", "notebook tiny falling", "notebook tiny other", "claims tiny", "from announcement"):
        assert any(line.strip().startswith(part) for line in report)
    assert "[7, 8]" in (project.executed / "other.ipynb").read_text()
    claims = json.loads((project.figures / "claims.json").read_text())["claims"]
    assert claims[0]["verdict"] == "holds" and claims[0]["values"]["7"] == {"moon": -88.0, "earth": -539.0}
    gallery = (project.figures / "README.md").read_text()
    assert "![Two curves that bend down.](figure_1.png)" in gallery and "✔ *Things fall faster on earth.*" in gallery
    assert "**[On falling](tiny/README.md)**" in (project.root / "figures" / "README.md").read_text()
    shown = [line.split() for line in project.make("status", "SEEDS=7,8").stdout.splitlines()]
    assert ["done", "gravity", "1.6,", "10", "steps"] in shown
    assert ["figure-1", "tiny/falling", "done"] in shown and ["table-1", "tiny/other", "done"] in shown
    assert "stale: other parameters" in project.make("status").stdout
    assert project.make("clean").returncode == 0
    assert not project.executed.exists() and not project.figures.exists()


def test_of_several_papers_the_failed_one_is_named_and_the_others_are_made(project):
    broken = project.package / "papers" / "broken"
    shutil.copytree(project.package / "papers" / "tiny", broken)
    paper = broken / "paper.py"
    text = paper.read_text().replace('key="tiny"', 'key="broken"').replace('Study("tiny"', 'Study("broken"')
    paper.write_text(text)
    project.write_notebook("falling", 'raise KeyError("broken on purpose")', paper="broken")
    made = project.make("reproduce-all")
    assert made.returncode != 0
    assert made.stderr.splitlines()[0].startswith("broken: broken/falling.ipynb, cell ")
    assert "failed: broken; the others are made" in made.stderr
    assert (project.figures / "claims.json").exists() and "Made now:" in made.stdout
    assert project.make("tiny").returncode == 0


def test_the_smoke_profile_never_touches_the_figures_of_the_paper(project):
    assert project.make("figure-1", "PROFILE=smoke").returncode == 0
    assert (project.root / "build" / "figures" / "characters-smoke" / "tiny" / "figure_1.png").exists()
    assert not (project.root / "figures").exists()


def test_a_failed_notebook_names_its_cell_and_is_not_done(project):
    dying_words = (
        "import atexit, logging\n"
        'atexit.register(logging.getLogger("tornado.general").error, "of a socket that is gone")'
    )
    project.write_notebook("falling", PICTURE, dying_words, 'raise KeyError("broken on purpose")')
    for _ in range(2):
        made = project.make("figure-1")
        assert made.returncode != 0
        assert (
            made.stderr.splitlines()[0].startswith("tiny/falling.ipynb, cell ") and "broken on purpose" in made.stderr
        )
        assert "Traceback" not in made.stderr
        assert not (project.executed / "falling.ipynb").exists()
    project.write_notebook("falling", PICTURE)
    assert project.make("figure-1").returncode == 0
    assert [path.name for path in project.executed.glob("*.ipynb")] == ["falling.ipynb"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds the processes in /proc")
@pytest.mark.parametrize("group", [False, True], ids=["make alone", "its group"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_an_interrupted_make_leaves_no_process_and_no_product(project, ending, group):
    project.write_notebook("falling", ENDLESS)
    make = project.start("figure-1")
    kernel = project.kernel()
    assert len(processes_of(project)) >= 4  # make, guard, keeper, papermill, kernel
    (os.killpg if group else os.kill)(make.pid, ending)
    assert make.wait(300) != 0
    make.stdout.close()
    wait_for(lambda: not processes_of(project))
    assert not os.path.exists(f"/proc/{kernel}")
    assert not (project.executed / "falling.ipynb").exists() and not (project.executed / "falling.json").exists()
    project.write_notebook("falling", PICTURE)
    assert "falling: missing" in project.make("figure-1").stdout
    assert not list(project.executed.glob(".*.part*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds the processes in /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=lambda ending: ending.name)
def test_neither_does_one_that_executes_several_notebooks(project, ending):
    for name in ("falling", "other"):
        project.write_notebook(name, ENDLESS)
    make = project.start("reproduce-all")
    project.kernel()
    os.kill(make.pid, ending)
    assert make.wait(300) != 0
    told = make.stdout.read()
    assert ending == signal.SIGKILL or told.count("interrupted: what was finished is kept") == 1
    make.stdout.close()
    wait_for(lambda: not processes_of(project))
    assert not [path for path in project.executed.glob("*.ipynb") if not path.name.startswith(".")]


def test_a_notebook_of_no_paper_is_executed_by_its_name_and_needs_no_parameters(project):
    path = project.write_notebook("lesson", 'print("here")', paper="course")
    plain = json.loads(path.read_text())
    path.write_text(json.dumps(plain | {"cells": plain["cells"][1:]}))
    made = project.make("notebook-lesson")
    assert made.returncode == 0, made.stderr
    assert "here" in (project.executed.parent / "course" / "lesson.ipynb").read_text()


def test_of_several_notebooks_the_failed_one_is_named_and_the_others_are_kept(project):
    project.write_notebook("other", "import time; time.sleep(25)", 'raise KeyError("broken on purpose")')
    made = project.make("reproduce-all")
    assert made.returncode != 0 and made.stderr.splitlines()[0].startswith("tiny: tiny/other.ipynb, cell ")
    assert "Traceback" not in made.stderr and "claims:" not in made.stdout
    assert (project.executed / "falling.ipynb").exists() and not (project.executed / "other.ipynb").exists()


def test_the_guard_passes_on_the_exit_status_and_ends_what_the_command_left_running():
    guard = [sys.executable, str(ROOT / "src" / "induction_heads" / "machinery" / "supervise.py")]
    assert subprocess.run([*guard, "sh", "-c", "exit 3"]).returncode == 3
    assert subprocess.run([*guard, "no-such-command"], capture_output=True).returncode == 127
    left = subprocess.run([*guard, "sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"], capture_output=True, text=True)
    assert left.returncode == 0
    wait_for(lambda: not os.path.exists(f"/proc/{left.stdout.strip()}"))


class TestEnvironment:
    """.ci/environment.py, with pip replaced by a note of what it was asked."""

    @pytest.fixture
    def asked(self, tmp_path, monkeypatch):
        spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
        self.tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.tool)
        asked: list[str] = []
        monkeypatch.setattr(self.tool, "run", lambda command, hint="": asked.append(command[-1]))
        monkeypatch.setattr(self.tool, "works", lambda python: python.exists())
        for name in ("LOCK", "PROJECT"):
            path = tmp_path / name
            path.write_text("six==1.17.0\n")
            monkeypatch.setattr(self.tool, name, path)
        monkeypatch.setattr(self.tool, "BUILD", tmp_path / "build")
        self.folder = tmp_path / "venv"
        return asked

    def test_it_is_made_once_and_again_when_the_lock_or_the_project_changes(self, asked):
        self.tool.make(self.folder)
        assert "--default-pip" in asked and str(self.tool.LOCK) in asked and "check" in asked
        for name in ("LOCK", "PROJECT"):
            asked.clear()
            self.tool.make(self.folder)
            assert asked == []
            getattr(self.tool, name).write_text("six==1.16.0\n")
            self.tool.make(self.folder)
            assert "check" in asked and "--default-pip" not in asked

    def test_what_an_interrupted_installation_left_is_taken_for_nothing(self, asked, monkeypatch):
        monkeypatch.setattr(self.tool, "run", lambda *_, **__: sys.exit("interrupted"))
        with pytest.raises(SystemExit):
            self.tool.make(self.folder)
        (self.folder / "half a package").touch()
        monkeypatch.setattr(self.tool, "run", lambda command, hint="": asked.append(command[-1]))
        self.tool.make(self.folder)
        assert "--default-pip" in asked and not (self.folder / "half a package").exists()
        assert (self.folder / ".installed").exists() and not (self.folder / ".installing").exists()
