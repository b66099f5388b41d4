"""A small book of its own, in a temporary folder, for the tests of the pipeline."""

import shutil
from pathlib import Path

import chapters
import notebooks
import pytest

ROOT = Path(__file__).parents[2]

CHAPTER = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# One

Prose with a {ref}`label <here>`.

(here)=
## Two

```{code-cell} ipython3
from linebyline.layers import thing
print("loss", 0.5, "after", 10, "steps")
```

```{code-cell} ipython3
:tags: [raises-exception]

raise ValueError("wrong on purpose")
```
"""


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """A repository with one chapter, one package and the settings of the real book."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "one.md").write_text(CHAPTER)
    (tmp_path / "src/linebyline/layers").mkdir(parents=True)
    (tmp_path / "src/linebyline/layers/__init__.py").write_text('"""Layers."""\n')
    (tmp_path / "src/linebyline/__init__.py").write_text('"""Package."""\n')
    (tmp_path / "src/linebyline/layers/thing.py").write_text("size = 3\n")
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "book/references.bib").write_text("")
    for module in (chapters, notebooks):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "BOOK", tmp_path / "book")
    original = chapters.fingerprints
    for module in (chapters, notebooks):
        monkeypatch.setattr(
            module, "fingerprints", lambda sources: original(sources, tmp_path / "src")
        )
    chapters.settings.cache_clear()
    # The kernel imports this book's package, not the real one.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    yield tmp_path
    chapters.settings.cache_clear()
