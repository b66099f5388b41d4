"""A study's record: what it made and under which circumstances, in lines that can be compared."""

import math
import subprocess

import pytest
import torch

from linebyline.studies import record


@pytest.fixture
def script(tmp_path):
    """A script in a git checkout of one commit."""
    path = tmp_path / "study.py"
    path.write_text("")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a study"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", tmp_path, *who, *command], check=True)
    return str(path)


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_figures_and_circumstances_come_back(script, tmp_path):
    torch.set_num_threads(2)
    used = []

    def study():
        used.append(torch.get_num_threads())
        return {"rows": [[1.5, 2], [None, 4]], "settings": {"rates": (0.1, 0.2)}, "name": "ü"}

    record.run_and_store(script, study)
    stored = record.load(script)
    assert used == [1]
    assert stored["rows"] == [[1.5, 2], [None, 4]]
    assert stored["settings"] == {"rates": [0.1, 0.2]}
    command = ["git", "-C", tmp_path, "rev-parse", "HEAD"]
    head = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert len(stored["commit"]) == 12
    assert head.startswith(stored["commit"])
    assert stored["torch"] == torch.__version__
    assert stored["hardware"].endswith(", one thread")
    assert len(stored["hardware"]) > len(", one thread")
    assert len(stored["date"]) == len("2026-01-01")
    lines = (tmp_path / "study.json").read_text("utf8").splitlines()
    assert "  [ 1.5, 2 ]," in lines  # a row, a line


def test_seconds_are_the_studys(script, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(record.time, "perf_counter", lambda: clock[0])

    def study():
        clock[0] += 41.6
        return {}

    record.run_and_store(script, study)
    assert record.load(script)["seconds"] == 42


def test_what_json_does_not_know_is_refused_and_the_old_record_stays(script):
    record.run_and_store(script, lambda: {"figure": 1.0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.run_and_store(script, lambda: {"figure": math.nan})
    assert record.load(script)["figure"] == 1.0


def test_nothing_is_run_outside_a_checkout(tmp_path):
    with pytest.raises(subprocess.CalledProcessError):
        record.run_and_store(str(tmp_path / "study.py"), lambda: pytest.fail("it ran"))
    with pytest.raises(FileNotFoundError):
        record.load(str(tmp_path / "study.py"))
