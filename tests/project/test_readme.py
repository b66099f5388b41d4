"""What the README promises is so: its code runs, its commands and its links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import matplotlib as mpl
import pytest
import torch

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def test_it_fits_on_a_screen_or_so() -> None:
    assert len(README.splitlines()) <= 70


def test_its_ten_lines_train_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len([line for line in code.splitlines() if line and "import " not in line]) <= 10
    mpl.use("agg")
    (tmp_path / "example.py").write_text(code, "utf8")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        names = runpy.run_path(str(tmp_path / "example.py"))
    mpl.pyplot.close("all")
    right = names["history"].test_metrics["accuracy"][-1]
    promised = re.search(r"(\d+) of 100 held-out", code)
    assert promised
    assert right == pytest.approx(int(promised[1]) / 100, abs=0.012)
    assert f"test accuracy {right:.4g}" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_links_exist(page: Path) -> None:
    text = page.read_text("utf8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf8"), re.M))
    code = "\n".join(re.findall(r"`+(?:sh\n)?(.*?)`+", text, re.S))
    assert set(re.findall(r"^ *make ([a-z]+)", code, re.M)) <= targets
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{page.name} links to {link}"


def test_its_picture_is_small() -> None:
    assert (ROOT / ".github" / "chapter.png").stat().st_size < 150_000
