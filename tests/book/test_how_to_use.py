"""What *How to use this book* says of switches, messages and commands is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linebyline.notebook import at_scale

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "book/front_matter/how_to_use.md").read_text("utf8")
SOURCES = "".join(path.read_text("utf8") for path in (ROOT / "src").rglob("*.py"))


def test_it_lists_the_switches_that_the_package_reads() -> None:
    told = set(re.findall(r"^\| `(LINEBYLINE_\w+)`", PAGE, re.M))
    assert told == set(re.findall(r"LINEBYLINE_[A-Z]+", SOURCES))


def test_it_quotes_the_message_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINEBYLINE_SCALE", "GPU")
    with pytest.raises(ValueError, match="LINEBYLINE_SCALE") as refused:
        at_scale(cpu=5, gpu=100)
    assert f"`{refused.value}`" in PAGE


def test_its_commands_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf8"), re.M)
    told = re.findall(r"(?:`|^)make ([a-z]+)", PAGE, re.M)
    assert told
    assert set(told) <= set(targets)
