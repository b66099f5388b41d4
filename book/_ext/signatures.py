"""Shapes in the code reference read as in the source: ``Float[Tensor, "batch features"]``.

jaxtyping asks for a space before a single axis (``" features"``), which means nothing to a reader,
and Sphinx writes strings with single quotes. And a value's docstring is prose, to its first line.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from torch import nn

SHAPE = re.compile(r"(\b[A-Z]\w*\[[\w., |]+, )'\s*([^']*?)\s*'\]")

COLON = "\ue000"  # a character of no script, in its place


def legible(annotation: str | None) -> str | None:
    """A signature, or what it returns, with its shapes in double quotes and without padding."""
    return annotation and SHAPE.sub(r'\1"\2"]', re.sub(r"~?jaxtyping\.", "", annotation))


def rewrite(
    app: Sphinx,
    what: str,
    name: str,
    item: Any,
    options: Any,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Rewrite a signature before it is typeset. A module without a constructor of its own has that
    of PyTorch, which takes anything and refuses it.
    """
    if what == "class" and getattr(item, "__init__", None) is nn.Module.__init__:
        signature = "()"
    return legible(signature), legible(returns)


def skip(app: Sphinx, what: str, name: str, item: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out the fields of named tuples, of which Sphinx knows no more than their number."""
    return True if type(item).__name__ == "_tuplegetter" else None


def hide(app: Sphinx, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    """Keep Napoleon from taking what stands before a colon in a value's first line for its type."""
    if what in {"attribute", "data", "property"} and lines:
        lines[0] = lines[0].replace(":", COLON)


def show(app: Sphinx, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    """Put the colons back."""
    lines[:] = [line.replace(COLON, ":") for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("autodoc-process-signature", rewrite)
    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-docstring", hide, priority=400)  # before Napoleon, at 500
    app.connect("autodoc-process-docstring", show, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
