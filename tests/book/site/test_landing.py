"""The landing page repeats a chapter's figure and counts what was run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import landing
import pytest
from PIL import Image

Build = Callable[..., tuple[str, str]]
PAGE = """\
# T

```{{figure}} picture.png
:name: fig-line
:alt: A line.
The chapter's caption.
```

```{{figure-of}} {name}
A caption of *its own*.
```

{{{{ cells }}}} cells.
"""

TOC = """\
root: index
parts:
  - caption: Before
    chapters: [{file: one}]
  - caption: "Part I"
    numbered: true
    chapters: [{file: two}]
  - caption: Reference
    chapters: [{file: list}]
"""
CHAPTERS = {
    "one": "# One\n\n**Why one,\nand not two?**\n\nText.\n",
    "two": "# Two\n\n**Why two?**\n",
    "list": "# List\n\n**Bold** words ask nothing.\n",
}


@pytest.fixture
def build(build_page: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Builds a page that borrows a figure."""
    Image.new("RGB", (20, 20)).save(tmp_path / "picture.png")
    monkeypatch.setattr(landing, "counts", lambda: {"cells": "44", "claims": "4"})

    def run(name: str) -> tuple[str, str]:
        return build_page(
            PAGE.format(name=name),
            extensions=["myst_parser", "landing"],
            myst_enable_extensions=["substitution"],
        )

    return run


def test_a_figure_is_repeated_with_its_own_caption(build: Build) -> None:
    page, warnings = build("fig-line")
    assert warnings == ""
    assert page.count('alt="A line."') == 2
    borrowed = page.split('id="of-fig-line"')[1].split("</figure>")[0]
    assert "A caption of <em>its own</em>." in borrowed
    assert "The chapter" not in borrowed


def test_a_figure_that_does_not_exist_is_a_warning(build: Build) -> None:
    page, warnings = build("fig-nosuch")
    assert "index.md:9: WARNING: no chapter has a figure 'fig-nosuch'" in warnings
    assert page.count('alt="A line."') == 1


def test_counts_can_be_written(build: Build) -> None:
    assert "44 cells." in build("fig-line")[0]


def test_the_contents_list_the_parts_whose_pages_ask_something(
    build_page: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "counts", dict)
    (tmp_path / "_toc.yml").write_text(TOC, "utf8")
    for name, text in CHAPTERS.items():
        (tmp_path / f"{name}.md").write_text(text, "utf8")
    page, warnings = build_page(
        "# T\n\n```{book-contents}\n```\n\n```{toctree}\n:hidden:\none\ntwo\nlist\n```\n",
        extensions=["myst_parser", "landing"],
        myst_enable_extensions=["colon_fence"],
    )
    assert warnings == ""
    _, *listed = (part.split("</div>")[0] for part in page.split('<div class="part '))
    assert len(listed) == 2
    assert "<strong>Before</strong>" in listed[0]
    assert re.findall(r'href="(\w+)\.html"[^>]*>(?:<span[^>]*>)?([^<]*)', listed[0]) == [
        ("one", "One")
    ]
    assert "Why one, and not two?" in listed[0]
    assert re.findall(r'href="(\w+)\.html"[^>]*>(?:<span[^>]*>)?([^<]*)', listed[1]) == [
        ("two", "1 Two")
    ]
