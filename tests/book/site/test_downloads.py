"""The notebook offered for download is the stored one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import downloads


def test_the_stored_notebook_takes_the_place_of_the_builds(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book/a.ipynb").write_text("stored")
    offered = tmp_path / "out/_sources/book/a.ipynb"
    offered.parent.mkdir(parents=True)
    offered.write_text("made on the way")
    app = SimpleNamespace(srcdir=str(tmp_path), outdir=str(tmp_path / "out"))
    downloads.replace(app, "book/a", "page.html", {}, None)
    assert offered.read_text() == "made on the way"
    downloads.replace(app, "book/a", "page.html", {"ipynb_source": "book/a.ipynb"}, None)
    assert offered.read_text() == "stored"
