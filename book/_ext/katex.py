r"""Math is typeset while the site is built: KaTeX, run in V8 by mini-racer, turns each formula into
HTML and MathML.

A page then needs no script to show its math, and nothing moves when it loads. A formula that KaTeX
does not accept is a warning with its place, so that ``-W`` stops the build. The book's own commands
(``\vect``) stand in ``_config.yml`` under ``katex_macros``. ``katex_dist`` holds KaTeX 0.19.1
(MIT).
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

DIST = Path(__file__).parent / "katex_dist"
RENDER = """
function render(tex, display, macros) {
  const notes = [];
  const strict = (code, note) => { notes.push(note); return "ignore"; };
  const options = {displayMode: display, macros, strict, throwOnError: true};
  try { return {html: katex.renderToString(tex, options), notes: notes}; }
  catch (error) { return {html: null, notes: [error.message]}; }
}
"""
# KaTeX numbers each row of these by itself; Sphinx already gives the block its number.
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|gather|equation)\}")
OPENING = re.compile(r"[(\[“‘]+$")
MARKS = re.compile(r"[.,;:!?)\]”’…%]+|-(?=\w)|(?:’s|'s|th)\b")

log = logging.getLogger(__name__)


@cache
def _engine() -> MiniRacer:
    engine = MiniRacer()
    engine.eval((DIST / "katex.min.js").read_text("utf8"))
    engine.eval(RENDER)
    return engine


class Katex:
    """Renders TeX with a set of macros, each formula once."""

    def __init__(self, macros: dict[str, str]) -> None:
        self.macros = macros
        self.rendered: dict[tuple[str, bool], tuple[str | None, list[str]]] = {}

    def __call__(self, tex: str, display: bool = False) -> tuple[str | None, list[str]]:
        """The formula's HTML, ``None`` if it has an error, and what KaTeX had to say."""
        if (tex, display) not in self.rendered:
            answer = _engine().call("render", tex, display, self.macros)
            self.rendered[tex, display] = answer["html"], list(answer["notes"])
        return self.rendered[tex, display]


def _typeset(translator: HTML5Translator, node: nodes.Element, tex: str, display: bool) -> str:
    markup, notes = translator.builder.app.katex(tex, display)  # type: ignore[attr-defined]
    for note in notes:
        log.warning("%s in %r", note, tex, location=node, type="katex")
    return markup or f"<code>{html.escape(tex)}</code>"


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in the text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(_typeset(self, node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def visit_displaymath(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on lines of its own: it scrolls in itself where the page is narrow, its number
    stays.
    """
    tex = NUMBERED.sub(r"\\\1{\2*}", node.astext()) if node["nowrap"] else node.astext()
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    self.body.append(_typeset(self, node, tex.strip(), display=True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def hold_marks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep a formula on the line of the bracket before it and of the marks behind it: for a browser
    it is a box, beside which a line may end.
    """
    for math in list(doctree.findall(nodes.math)):
        parent = math.parent
        place = parent.index(math)
        held: list[nodes.Node] = [math]
        before, behind = (_text(parent, place + step) for step in (-1, 1))
        opening, marks = OPENING.search(before), MARKS.match(behind)
        if marks:
            parent[place + 1 : place + 2] = [nodes.Text(behind[marks.end() :])]
            held.append(nodes.Text(marks[0]))
        if opening:
            parent[place - 1 : place] = [nodes.Text(before[: opening.start()])]
            held.insert(0, nodes.Text(opening[0]))
        if len(held) > 1:
            parent[place : place + 1] = [nodes.inline("", "", *held, classes=["unbroken"])]


def _text(parent: nodes.Element, place: int) -> str:
    """The text at this place among the children; none if something else is there, or nothing."""
    inside = 0 <= place < len(parent)
    return str(parent[place]) if inside and isinstance(parent[place], nodes.Text) else ""


def _start(app: Sphinx) -> None:
    app.katex = Katex(dict(app.config.katex_macros))  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_config_value("katex_macros", {}, "env", types=dict)
    app.add_html_math_renderer("katex", (visit_math, None), (visit_displaymath, None))
    app.connect("builder-inited", _start)
    app.connect("doctree-resolved", hold_marks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
