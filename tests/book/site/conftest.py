"""A page of one's own, for the tests of the site's extensions."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace


@pytest.fixture
def build_page(tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Builds one Markdown page in ``tmp_path``; its HTML and the warnings."""

    def run(text: str, **settings: object) -> tuple[str, str]:
        (tmp_path / "index.md").write_text(text, "utf8")
        warnings = io.StringIO()
        overrides = {
            "extensions": ["myst_parser"],
            "myst_enable_extensions": ["amsmath", "attrs_inline", "colon_fence", "dollarmath"],
            "exclude_patterns": ["out"],
            "html_theme": "basic",
            **settings,
        }
        out = tmp_path / "out"
        with docutils_namespace():
            trees = tmp_path / "trees"
            app = Sphinx(tmp_path, None, out, trees, "html", overrides, None, warnings)
            app.build()
        return (out / "index.html").read_text("utf8"), warnings.getvalue()

    return run
