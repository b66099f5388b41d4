"""The runner of all checks: it goes on after a failure, reports it, and counts what was checked."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

RUN = Path(__file__).parents[1] / "run.py"
FINE = (sys.executable, "-c", "print('fine')")
BROKEN = (sys.executable, "-c", "raise SystemExit('broken')")


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The runner, at home in an empty folder."""
    spec = importlib.util.spec_from_file_location("run", RUN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "run", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "CI", False)
    monkeypatch.chdir(tmp_path)
    return module


def pytest_stage(runner: ModuleType, name: str, code: str) -> object:
    """A stage that runs pytest over a file with this code."""
    test = Path(f"test_{name}.py")
    test.write_text(f"import pytest\n{code}", "utf8")
    command = (*runner.PYTEST, "-p", "no:cacheprovider", "-p", "no:jaxtyping", str(test))
    return runner.Stage(name, (command,), counts=True)


def test_all_is_well(runner: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    unit = pytest_stage(runner, "unit", "def test_a(): pass\ndef test_b(): pass\n")
    assert runner.main([], (runner.Stage("lint", (FINE,)), unit)) == 0
    *_, counts, last = capfd.readouterr().out.splitlines()
    assert last == "2 passed, 0 failed"
    assert counts.startswith("0 cells run and compared, 0 claims checked, 0 pages visited, 2 unit")
    assert "seconds: lint 0, unit" in counts


def test_a_failure_is_reported_and_hides_nothing(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    unit = pytest_stage(
        runner,
        "unit",
        "def test_a(): assert 0\ndef test_b(): pass\n@pytest.mark.skip\ndef test_c(): pass\n",
    )
    stages = (runner.Stage("lint", (BROKEN, FINE)), unit, runner.Stage("fresh", (FINE,)))
    assert runner.main([], stages) == 1
    out = capfd.readouterr().out
    assert "== fresh ==\nfine" in out
    assert "failed: lint\nfailed: unit\n" in out
    assert out.splitlines()[-1] == "1 passed, 2 failed"


def test_tests_that_cannot_be_collected_are_a_failure(runner: ModuleType) -> None:
    assert runner.main([], (pytest_stage(runner, "unit", "import no_such_module\n"),)) == 1


def test_a_command_that_hangs_is_stopped_and_hides_nothing(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    hangs = (sys.executable, "-c", "import time; time.sleep(60)")
    stages = (runner.Stage("site", (hangs, FINE), minutes=0.02), runner.Stage("fresh", (FINE,)))
    assert runner.main([], stages) == 1
    out = capfd.readouterr().out
    assert "== site ==\nstopped after 0.02 minutes\nfine\n" in out
    assert "== fresh ==\nfine" in out
    assert out.endswith("0 passed, 1 failed\n")


def test_a_test_that_hangs_fails_alone(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = next(each for each in runner.STAGES if each.name == "browser")
    assert "--timeout=180" in browser.commands[0]
    code = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(60)\ndef test_c(): pass\n"
    command = (*pytest_stage(runner, "browser", code).commands[0], *runner.PARALLEL, "--timeout=1")
    assert runner.main([], (runner.Stage("browser", (command,), counts=True),)) == 1
    out = capfd.readouterr().out
    assert "test_b - Failed: Timeout" in out
    assert out.endswith("2 passed, 1 failed\n")


def test_a_stage_waits_for_what_it_needs(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    stages = (runner.Stage("site", (BROKEN,)), runner.Stage("browser", (FINE,), needs="site"))
    assert runner.main([], stages) == 1
    out = capfd.readouterr().out
    assert "fine" not in out
    assert "not run, because site failed" in out


def test_a_stage_beside_others_begins_at_once_and_is_shown_in_its_turn(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    waits = "import time\nfrom pathlib import Path\nfor _ in range(1000):\n time.sleep(0.01)\n"
    until = f"{waits} if Path('{{}}').exists(): break\nelse: raise SystemExit('alone')\n"
    touch = "Path('{}').touch(); print('{}')"
    # Each of the two ends only after the other has begun.
    lint = f"from pathlib import Path; {touch.format('lint', 'linted')}\n" + until.format("site")
    site = f"from pathlib import Path; {touch.format('site', 'built')}\n" + until.format("lint")
    stages = (
        runner.Stage("lint", ((sys.executable, "-c", lint),)),
        runner.Stage("fresh", (BROKEN,)),
        runner.Stage("site", ((sys.executable, "-c", site), BROKEN), beside=True),
        runner.Stage("browser", (FINE,), needs="site"),
    )
    assert runner.main([], stages) == 1
    out, err = capfd.readouterr()
    assert "== lint ==\nlinted\n\n== fresh ==\n\n== site ==\nbuilt\nbroken\n\n== browser" in out
    assert "failed: fresh\nfailed: site\nfailed: browser\n" in out
    assert err.count("broken") == 1
    assert runner.main(["lint"], (runner.Stage("lint", (FINE,)), stages[2])) == 0


@pytest.mark.parametrize("in_ci", [False, True])
def test_without_a_browser_its_tests_are_skipped_but_not_in_ci(
    runner: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    in_ci: bool,
) -> None:
    monkeypatch.setattr(runner, "CI", in_ci)
    stage = pytest_stage(runner, "browser", "def test_a(): pytest.skip('no browser')\n")
    assert runner.main([], (stage,)) == int(in_ci)
    (line,) = (line for line in capfd.readouterr().out.splitlines() if "browser was found" in line)
    assert line.endswith("-m playwright install chromium")


@pytest.mark.parametrize("case", [([], False, False), ([], True, True), (["colab"], False, True)])
def test_a_long_stage_runs_in_ci_or_when_asked_for(
    runner: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    case: tuple[list[str], bool, bool],
) -> None:
    asked, in_ci, runs = case
    monkeypatch.setattr(runner, "CI", in_ci)
    assert runner.main(asked, (runner.Stage("colab", (FINE,), only_ci=True),)) == 0
    assert ("fine" in capfd.readouterr().out) == runs


def test_an_unknown_stage_is_refused(runner: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        runner.main(["units"])
    assert "no stage is called units; there are lint, types" in capfd.readouterr().err


@pytest.mark.parametrize(("name", "more"), [("unit", []), ("cells", ["TQDM_DISABLE1"])])
def test_cells_run_as_the_outputs_were_made(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, more: list[str]
) -> None:
    monkeypatch.setenv("LINEBYLINE_SEED", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    env = runner.environment(runner.Stage(name, ()))
    ours = ("LINEBYLINE", "OMP", "TQDM")
    assert sorted(k + v for k, v in env.items() if k.startswith(ours)) == [
        "OMP_NUM_THREADS1",
        *more,
    ]


def test_counts_are_not_those_of_the_last_run(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    runner.REPORT.mkdir(parents=True)
    (runner.REPORT / "site.json").write_text('{"pages": 9}', "utf8")
    runner.main([], (runner.Stage("lint", (FINE,)),))
    assert "0 pages visited" in capfd.readouterr().out


def test_counts_of_other_kinds_are_read(
    runner: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    write = (
        "open('_build/report/site.json', 'w').write('{\"pages\": 9}');"
        "open('_build/report/cells.json', 'w').write('{\"cells\": 5, \"claims\": 3}')"
    )
    runner.main([], (runner.Stage("site", ((sys.executable, "-c", write),)),))
    assert "3 claims checked, 9 pages visited" in capfd.readouterr().out
