"""What a page loads: one style sheet, one more where there are formulas, and the few scripts that
it uses.

Extensions register style sheets and scripts for what any page might show. Their sheets are joined
here, once the pages are built and it is known what they use, with the book's own after them;
scripts of what the book does in another way (copy buttons, folding, icons, running code in the
page) are left out.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import glyphs
import icons
import styles
from docutils import nodes
from katex import DIST
from mend import mended
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

THEME = ("basic.css", "styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css")
REPLACED = re.compile(
    r"pygments|togglebutton|copybutton|clipboard|sphinx-thebe|design-tabs|exercise\.css|proof\.css"
)
SCRIPTED = ("site.js", "doctools.js", "searchtools.js", "sphinx_highlight.js")
# Brought by extensions, loaded by no page.
UNUSED = (
    "*webpack-macros.html",
    "**/*.map",
    "**/*.LICENSE.txt",
    "scripts/fontawesome.js",
    "scripts/bootstrap.js",
    "styles/*.css",
    "locales",
    "vendor",
    "css",
    "clipboard.min.js",
    "copybutton*.js",
    "copy-button.svg",
    "check-solid.svg",
    "play-solid.svg",
    "togglebutton.*",
    "sphinx-thebe.*",
    "design-tabs.js",
    "sphinx-design.min.css",
    "mystnb.*.css",
    "sphinx-codeautolink.css",
    "exercise.css",
    "proof.css",
    "basic.css",
    "pygments.css",
)
STAMP = re.compile(r'(_static/[\w./-]+\.(?:css|js))(?=")')
# What the theme's style sheets are read without: files beside them, icon fonts, which icons.py
# replaces, and shadows that insist whatever a later rule says.
PICTURE = re.compile(r"[\w-]+:[^;{}]*url\((?![\"']?data:)[^)]*\)[^;}]*;?")
ICON_FONT = re.compile(r'@font-face\s*\{[^}]*\}|content:\s*"\\[ef][0-9a-f]{3}"')
OUTDONE = re.compile(r"(box-shadow:[^;}]*)!important")
SHEETS = "book_sheets"


def choose(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Leave only the scripts that pages use, and note which style sheets are to be joined."""
    sheets = getattr(app, SHEETS)
    for sheet in context["css_files"]:
        name = os.fspath(sheet.filename).removeprefix("_static/")
        if name.endswith(".css") and "://" not in name and not REPLACED.search(name):
            sheets.setdefault(name)
    context["css_files"] = [
        sheet for sheet in context["css_files"] if not os.fspath(sheet.filename).endswith(".css")
    ]
    scripts = []
    for script in context["script_files"]:
        name = os.fspath(script.filename or "")
        # Scripts without a file only set up those that are left out.
        if name and not REPLACED.search(name):
            script.attributes["defer"] = "defer"
            scripts.append(script)
    context["script_files"] = scripts


def join(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheets for what the built pages use, and stamp the pages with their contents'
    hash.
    """
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir, "_static")
    pages = [path for path in Path(app.outdir).rglob("*.html") if static not in path.parents]
    texts = {path: mended(path.read_text("utf8")) for path in pages}
    icon_script = icons.SCRIPT.read_text("utf8")
    names: set[str] = set()
    words: set[str] = set()
    used: dict[glyphs.Font, set[str]] = {}
    rules = glyphs.font_rules((DIST / "katex.css").read_text("utf8"))
    for text in texts.values():
        names |= icons.icons_used(text)
        words |= styles.words_of_page(text)
        for font, characters in glyphs.glyphs_used(text, rules).items():
            used.setdefault(font, set()).update(characters)
    for script in (*static.glob("scripts/*theme.js"), *(static / name for name in SCRIPTED)):
        words |= styles.words_of_script(script.read_text("utf8"))

    sheets = dict.fromkeys((*THEME, *sorted(getattr(app, SHEETS))))
    theme = "".join((static / name).read_text("utf8") + "\n" for name in sheets)
    theme = OUTDONE.sub(r"\1", PICTURE.sub("", ICON_FONT.sub("", theme)))
    own = "".join(path.read_text("utf8") for path in sorted(static.glob("css/*.css")))
    formulas = glyphs.font_faces(used, DIST / "fonts") + (DIST / "katex.css").read_text("utf8")
    try:
        # In a layer of its own, the theme yields to every rule of ours, whatever its selectors.
        sheet = f"@layer theme{{{theme}}}{icons.style(names, icon_script)}{own}"
        book = styles.drop_unused(styles.prune(sheet, words))
        math = styles.prune(formulas, words)
    except ValueError as error:
        raise ExtensionError(str(error)) from error
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (static / "book.css").write_text(book, "utf8")
    (static / "math.css").write_text(math, "utf8")
    for path, text in texts.items():
        path.write_text(STAMP.sub(lambda match: _stamped(Path(app.outdir), match[1]), text), "utf8")


@cache
def _stamped(root: Path, name: str) -> str:
    """Address of a file with its contents' hash, so that no browser keeps an old one."""
    return f"{name}?v={hashlib.sha256((root / name).read_bytes()).hexdigest()[:8]}"


def unplug(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Without the settings for running code in the page, which Jupyter Book puts on every page."""
    for node in list(doctree.findall(nodes.raw)):
        if "thebe" in node.astext() or "kernelName" in node.astext():
            node.parent.remove(node)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    setattr(app, SHEETS, {})
    app.connect("doctree-resolved", unplug, priority=900)
    app.connect("html-page-context", choose, priority=900)
    app.connect("build-finished", join, priority=900)
    app.add_js_file("site.js")
    return {"parallel_read_safe": True, "parallel_write_safe": False}
