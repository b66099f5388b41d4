"""The notebook that a page offers for download is the stored one, in plain Markdown, as Colab opens
it.

The theme would offer the one that the build made on the way, which has the book's own directives.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def replace(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the chapter's notebook in the place of the theme's."""
    stored = Path(app.srcdir, page).with_suffix(".ipynb")
    if "ipynb_source" in context and stored.exists():
        shutil.copyfile(stored, Path(app.outdir, "_sources", context["ipynb_source"]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", replace, priority=600)  # after the theme's, at 501
    return {"parallel_read_safe": True, "parallel_write_safe": True}
