"""Code that a chapter shows and does not run: blocks of its own, and the library's lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from myst import Directive
from plain_roles import code_span
from sphinx.config import Config
from sphinx.directives.code import LiteralIncludeReader

if TYPE_CHECKING:
    from plain_page import Page

# The options of literalinclude that choose lines; the others are for the site's looks.
_CHOICES = ("pyobject", "lines", "start-at", "start-after", "end-at", "end-before")


def code_block(page: Page, found: Directive) -> str:
    """``code-block``: its argument is the language."""
    return _captioned(page, found, found.body, found.argument)


def literalinclude(page: Page, found: Directive) -> str:
    """The library's own code, as the site reads it, below a line that says where it stands."""
    address, path = page.file(found.argument, found.line), page.resolve(found.argument)
    options = {key: value for key, value in found.options.items() if key in _CHOICES}
    try:
        if "dedent" in found.options:
            options["dedent"] = int(found.options["dedent"]) if found.options["dedent"] else None
        text, _ = LiteralIncludeReader(str(path), options, Config()).read()
    except (OSError, ValueError) as error:
        raise page.error(found.line, str(error), f"choose lines that {path.name} has") from None
    name = code_span(path.relative_to(page.root).as_posix())
    part = f"{code_span(options['pyobject'])} in " if "pyobject" in options else ""
    suffix = path.suffix.removeprefix(".")
    language = str(found.options.get("language", {"py": "python"}.get(suffix, suffix)))
    code = _captioned(page, found, text.strip("\n"), language)
    return f"{part}[{name}]({address}):\n\n{code}"


def _captioned(page: Page, found: Directive, code: str, language: str) -> str:
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", code))])
    block = f"{fence}{language}\n{code}\n{fence}"
    caption = str(found.options.get("caption") or "")
    return f"{page.captioned(found, caption)}\n\n{block}" if caption else block
