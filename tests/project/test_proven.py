"""A test of claims is left out while nothing that decides it has changed, and not longer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import proven
import pytest

CHAPTER = """\
---
kernelspec:
  name: python3
  display_name: Python 3
---
# A chapter

```{code-cell} ipython3
from linebyline.losses.mse import mse
```
"""
TEST = '''\
DEFECTS = """
import linebyline.losses.huber
from sklearn.datasets import load_iris
"""

def test_turns(verdicts):
    assert not verdicts(DEFECTS)["one"]
'''
RUNS_IT = dict.fromkeys(proven.RUNS_IT, "as it is")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A small book of one chapter with a test of its claims."""
    files = {"book/part/one.md": CHAPTER, "tests/part/test_one_claims.py": TEST, **RUNS_IT}
    files["requirements.txt"] = "numpy==1\nscikit-learn==1\ntorch==1\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf8")
    return tmp_path


def state(book: Path) -> str:
    """Of its test, computed anew."""
    return proven.state.__wrapped__(book / "tests/part/test_one_claims.py", book)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("book/part/one.md", "import mse\n", "import mse\n\nx = 1\n"),
        (
            "book/part/one.md",
            "linebyline.losses.mse import mse",
            "linebyline.losses.mae import mae",
        ),
        ("tests/part/test_one_claims.py", "assert not", "assert"),
        ("tests/part/test_one_claims.py", "losses.huber", "losses.focal"),
        *((name, "as it is", "otherwise") for name in proven.RUNS_IT),
        ("requirements.txt", "torch==1", "torch==2"),  # the loss imports it
        ("requirements.txt", "scikit-learn==1", "scikit-learn==2"),  # the defect does
    ],
)
def test_what_decides_the_outcome_changes_the_state(
    book: Path, file: str, old: str, new: str
) -> None:
    before = state(book)
    text = (book / file).read_text("utf8")
    assert old in text
    (book / file).write_text(text.replace(old, new), "utf8")
    assert state(book) != before


@pytest.mark.parametrize("module", ["losses/mse", "losses/huber", "losses/reduction"])
def test_a_module_of_chapter_or_defects_changes_the_state(
    book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str
) -> None:
    import fingerprint

    source = tmp_path / "src"
    shutil.copytree(fingerprint.SOURCE, source)
    real = fingerprint.fingerprints
    monkeypatch.setattr(fingerprint, "fingerprints", lambda sources: real(sources, source))
    before = state(book)
    with (source / f"linebyline/{module}.py").open("a", encoding="utf8") as end:
        end.write("\nchanged = True\n")
    assert state(book) != before


def test_prose_comments_and_packages_of_others_may_change(book: Path) -> None:
    before = state(book)
    for file, more in [
        ("requirements.txt", "gymnasium==1\n"),
        ("book/part/one.md", "More.\n"),
        ("tests/part/test_one_claims.py", "# So.\n"),
    ]:
        with (book / file).open("a", encoding="utf8") as end:
            end.write(more)
    assert state(book) == before


def collected(plugin: proven.Unproven, *paths: Path) -> list[Path]:
    """Which of these tests the plugin leaves."""
    items: list[Any] = [SimpleNamespace(path=path) for path in paths]
    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda items: None))
    plugin.pytest_collection_modifyitems(config, items)
    return [item.path for item in items]


def finish(plugin: proven.Unproven, keyword: str = "", **of_worker: object) -> None:
    """The end of the session, of the first process or of a worker."""
    config = SimpleNamespace(option=SimpleNamespace(keyword=keyword), **of_worker)
    session: Any = SimpleNamespace(config=config)
    plugin.pytest_sessionfinish(session)


def say(plugin: proven.Unproven, file: str, outcome: str) -> None:
    """A report of a test in this file."""
    report: Any = SimpleNamespace(nodeid=f"{file}::test_turns", outcome=outcome)
    plugin.pytest_runtest_logreport(report)


A, B = "tests/part/test_a_claims.py", "tests/part/test_b_claims.py"


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what has passed is entered; the state of a test is its name."""
    monkeypatch.setattr(proven, "state", lambda test: f"state of {test.name}")
    monkeypatch.delenv("PROVE", raising=False)
    return tmp_path / "proven.json"


def test_what_has_passed_is_left_out_the_next_time(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, paths = proven.Unproven(record), (proven.ROOT / A, proven.ROOT / B, Path("test_c.py"))
    assert collected(first, *paths) == [*paths]
    for outcome in ("passed", "passed", "passed"):  # set-up, call, and what follows
        say(first, A, outcome)
    say(first, "tests/part/test_c.py", "passed")
    finish(first)
    assert json.loads(record.read_text()) == {"part/a": "state of test_a_claims.py"}
    assert collected(proven.Unproven(record), *paths) == [*paths[1:]]
    monkeypatch.setenv("PROVE", "1")
    assert collected(proven.Unproven(record), *paths) == [*paths]
    monkeypatch.delenv("PROVE")
    monkeypatch.setattr(proven, "state", lambda test: "changed")
    assert collected(proven.Unproven(record), *paths) == [*paths]


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_one_failure_or_skip_keeps_the_file_out(record: Path, outcome: str) -> None:
    record.write_text(json.dumps({"part/a": "old", "part/b": "old"}))
    plugin = proven.Unproven(record)
    say(plugin, A, "passed")
    say(plugin, A, outcome)
    finish(plugin)
    assert json.loads(record.read_text()) == {"part/b": "old"}


def test_workers_and_chosen_tests_enter_nothing(record: Path) -> None:
    plugin = proven.Unproven(record)
    say(plugin, A, "passed")
    finish(plugin, workerinput={})
    finish(plugin, keyword="one")
    assert not record.exists()


def test_make_test_asks_for_the_unproven_and_the_record_names_chapters() -> None:
    import run

    unit = next(stage for stage in run.STAGES if stage.name == "unit")
    assert "--unproven" in unit.commands[0]
    names = {proven.name_of(path) for path in proven.ROOT.glob("tests/*/test_*_claims.py")}
    assert proven.recorded(proven.RECORD).keys() <= names
    assert all((proven.ROOT / "book" / f"{name}.md").exists() for name in names)
    assert proven.name_of(proven.ROOT / "tests/test_claims.py") is None  # of the module `claims`
    assert proven.name_of(proven.ROOT / "tests/vision/test_lenet.py") is None
