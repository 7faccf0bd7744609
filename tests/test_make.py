"""What `make` promises: wrong settings are one line, products follow their sources, an interruption leaves nothing behind."""

import importlib.util
import os
import signal
import subprocess
import sys

import pytest
from fake_project import ENDLESS, PICTURE, ROOT, make_project, processes_of, wait_for

from induction_heads import cli, runs

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
        ("DATASET=omniglot-small", "DATASET omniglot-small is called characters now, and needs no download: write DATASET=characters"),
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
    targets = [cli.target(name) for name in runs.RESULTS]
    assert {"figure-3a", "table-1"} <= set(targets)
    assert [cli.result_of(target) for target in targets] == list(runs.RESULTS)
    shown = real_make("-n", *targets)
    assert shown.returncode == 0
    for target in targets:
        assert f"induction_heads result {target} " in shown.stdout


def test_help_is_the_default_and_names_the_targets():
    shown = real_make()
    assert shown.returncode == 0 and shown.stdout == real_make("help").stdout
    for target in TARGETS:
        assert f"make {target}" in shown.stdout


def test_an_unknown_result_is_one_line_that_names_the_known(project):
    made = project.make("figure-99")
    assert made.returncode != 0
    assert made.stderr.splitlines()[0] == "no result is called 'figure-99'; there are figure-3a, table-1"


def test_products_follow_notebook_package_runs_and_figures(project):
    """The classic omission is an edited source that rebuilds nothing."""

    def outcome() -> str:
        made = project.make("figure-3a")
        assert made.returncode == 0, made.stderr
        return next(line for line in made.stdout.splitlines() if line.startswith("tiny: "))

    assert outcome().startswith("tiny: missing")
    assert (project.root / "figures" / "figure_3a.png").exists() and (project.executed / "tiny.ipynb").exists()
    assert outcome() == "tiny: done before, FORCE=1 runs it again"
    os.utime(project.package / "draw.py")
    assert outcome() == "tiny: done before, FORCE=1 runs it again"
    with open(project.package / "draw.py", "a") as source:
        source.write("# edited\n")
    assert outcome().startswith("tiny: stale: the package changed")
    project.write_notebook("tiny", PICTURE, "1 + 1")
    assert outcome().startswith("tiny: stale: the notebook changed")
    (project.root / "build" / "stored").write_text("run-b")
    assert outcome().startswith("tiny: stale: other runs")
    (project.root / "figures" / "figure_3a.png").unlink()
    assert outcome().startswith("tiny: stale: figure_3a.png is missing")


def test_reproduce_all_announces_makes_everything_and_reports(project):
    project.write_notebook("other", "pass", parameters='profile = "paper"')
    made = project.make("reproduce-all", "SEEDS=7,8")
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    announced = next(i for i, line in enumerate(lines) if line.startswith("Expected: "))
    assert announced < lines.index("training everything") < lines.index("Made now:")
    report = lines[lines.index("Made now:") :]
    for part in ("training", "notebook tiny", "notebook other", "claims", "gallery", "from announcement"):
        assert any(line.strip().startswith(part) for line in report)
    assert '"seed 7' in (project.executed / "tiny.ipynb").read_text()
    shown = project.make("status", "SEEDS=7,8").stdout.splitlines()
    assert shown[0] == "run-a done" and [line.split() for line in shown[1:]] == [["figure-3a", "tiny", "done"], ["table-1", "other", "done"]]
    assert "stale: other parameters" in project.make("status").stdout
    assert project.make("clean").returncode == 0
    assert not project.executed.exists() and not any((project.root / "figures").iterdir())


def test_the_smoke_profile_never_touches_the_figures_of_the_paper(project):
    assert project.make("figure-3a", "PROFILE=smoke").returncode == 0
    assert (project.root / "build" / "figures" / "glyphs-smoke" / "figure_3a.png").exists()
    assert not (project.root / "figures").exists()


def test_a_failed_notebook_names_its_cell_and_is_not_done(project):
    dying_words = 'import atexit, logging\natexit.register(logging.getLogger("tornado.general").error, "of a socket that is gone")'
    project.write_notebook("tiny", PICTURE, dying_words, 'raise KeyError("broken on purpose")')
    for _ in range(2):
        made = project.make("figure-3a")
        assert made.returncode != 0
        assert made.stderr.splitlines()[0].startswith("tiny.ipynb, cell ") and "broken on purpose" in made.stderr
        assert "Traceback" not in made.stderr
        assert not (project.executed / "tiny.ipynb").exists()
    project.write_notebook("tiny", PICTURE)
    assert project.make("figure-3a").returncode == 0
    assert [path.name for path in project.executed.glob("*.ipynb")] == ["tiny.ipynb"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds the processes in /proc")
@pytest.mark.parametrize("group", [False, True], ids=["make alone", "its group"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_an_interrupted_make_leaves_no_process_and_no_product(project, ending, group):
    project.write_notebook("tiny", ENDLESS)
    make = project.start("figure-3a")
    kernel = project.kernel()
    assert len(processes_of(project)) >= 4  # make, guard, keeper, papermill, kernel
    (os.killpg if group else os.kill)(make.pid, ending)
    assert make.wait(60) != 0
    make.stdout.close()
    wait_for(lambda: not processes_of(project))
    assert not os.path.exists(f"/proc/{kernel}")
    assert not (project.executed / "tiny.ipynb").exists() and not (project.executed / "tiny.json").exists()
    project.write_notebook("tiny", PICTURE)
    assert "tiny: missing" in project.make("figure-3a").stdout
    assert not list(project.executed.glob(".*.part*"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds the processes in /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=lambda ending: ending.name)
def test_neither_does_one_that_executes_several_notebooks(project, ending):
    for name in ("tiny", "other"):
        project.write_notebook(name, ENDLESS)
    make = project.start("reproduce-all")
    project.kernel()
    os.kill(make.pid, ending)
    assert make.wait(60) != 0
    make.stdout.close()
    wait_for(lambda: not processes_of(project))
    assert not [path for path in project.executed.glob("*.ipynb") if not path.name.startswith(".")]


def test_of_several_notebooks_the_failed_one_is_named_and_the_others_are_kept(project):
    project.write_notebook("tiny", PICTURE)
    project.write_notebook("other", "import time; time.sleep(4)", 'raise KeyError("broken on purpose")')
    made = project.make("reproduce-all")
    assert made.returncode != 0 and made.stderr.splitlines()[0].startswith("other.ipynb, cell ")
    assert "Traceback" not in made.stderr and "Made now" not in made.stdout
    assert (project.executed / "tiny.ipynb").exists() and not (project.executed / "other.ipynb").exists()


def test_the_guard_passes_on_the_exit_status_and_ends_what_the_command_left_running():
    guard = [sys.executable, str(ROOT / "src" / "induction_heads" / "supervise.py")]
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
