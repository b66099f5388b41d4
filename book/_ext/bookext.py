"""The site shows the stored outputs: a build executes nothing, and warns of a chapter whose outputs
are stale.
"""

from __future__ import annotations

from pathlib import Path

import chapters
import claims
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

log = logging.getLogger(__name__)


def prime(app: Sphinx, config: Config) -> None:
    """Put the stored outputs where myst-nb looks for them, and keep it from executing the rest."""
    cache = get_cache(config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache")
    for chapter in chapters.chapters(Path(app.srcdir) / "book"):
        if notebook := chapters.stored(chapter):
            cache.cache_notebook_bundle(CacheBundleIn(notebook, str(chapter)), overwrite=True)
            continue
        name = chapter.relative_to(app.srcdir).as_posix()
        config.nb_execution_excludepatterns.append(name)
        reason = chapters.staleness(chapter)
        log.warning("%s %s: run make notebooks", name, reason, type="book", subtype="stale")


def depend(app: Sphinx, docname: str, source: list[str]) -> None:
    """Read a chapter again when its stored outputs change."""
    notebook = Path(app.env.doc2path(docname)).with_suffix(".ipynb")
    if notebook.exists():
        app.env.note_dependency(str(notebook))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", prime)
    app.connect("source-read", depend)
    app.add_directive("claims", claims.ClaimsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
