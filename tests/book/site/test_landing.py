"""The landing page repeats a chapter's figure and counts what was run."""

from __future__ import annotations

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
