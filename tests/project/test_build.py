"""Building the site executes nothing: myst-nb looks a chapter's outputs up by a hash of its cells
and its kernel, and must find under it what `make notebooks` stored.
"""

from __future__ import annotations

from pathlib import Path

import chapters
import pytest
from jupyter_cache import get_cache
from myst_nb.core.read import read_myst_markdown_notebook

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("chapter", chapters.chapters(), ids=lambda path: path.stem)
def test_the_site_finds_the_stored_outputs(chapter: Path, tmp_path: Path) -> None:
    cache = get_cache(tmp_path)
    asked = read_myst_markdown_notebook(chapter.read_text("utf8"), path=chapter)
    stored = chapters.read(chapter)
    keys = [cache.create_hashed_notebook(notebook)[1] for notebook in (asked, stored)]
    assert keys[0] == keys[1], f"the build would execute {chapter.name}"
