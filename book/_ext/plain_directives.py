"""What each directive of MyST becomes: one function a family, and the names that lead to it.

Admonitions, theorems and cards are quotations, the one frame that every viewer draws; what the site
folds is a ``<details>``, but for solutions with code cells in them, which no element can span.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bibliography import in_order
from glossary import entries
from labels import PROOFS, numbered_kind
from markdown_it import MarkdownIt
from milestones import entries as milestones
from myst import Directive, Piece, definitions
from plain_code import code_block, literalinclude
from plain_math import display
from plain_tables import list_table

if TYPE_CHECKING:
    from plain_page import Page

ADMONITIONS = {
    "note": "Note",
    "tip": "Tip",
    "hint": "Hint",
    "important": "Important",
    "seealso": "See also",
    "attention": "Attention",
    "warning": "Warning",
    "caution": "Caution",
    "danger": "Danger",
    "error": "Error",
}
_QUOTATIONS = ("epigraph", "pull-quote", "highlights")
_TITLED = ("admonition", "dropdown", "margin", "sidebar", "topic")  # their argument is a title


def _folded(page: Page, title: str, body: str) -> str:
    summary = MarkdownIt().renderInline(title)
    return f"<details>\n<summary>{summary}</summary>\n\n{page.blocks(body).strip()}\n\n</details>"


def _admonition(page: Page, found: Directive) -> str:
    titled = found.name in _TITLED
    title = page.spans(found.argument) if titled else ADMONITIONS[found.name]
    body = found.body if titled else found.text
    folds = "dropdown" in (found.name, *str(found.options.get("class", "")).split())
    return _folded(page, title, body) if folds else page.quote(title, body)


def _quotation(page: Page, found: Directive) -> str:
    """A quotation, whose source stands behind two dashes."""
    return page.quote("", re.sub(r"^--+ *", "— ", found.text, flags=re.MULTILINE))


def _contents(page: Page, found: Directive) -> str:
    return page.blocks(found.body).strip("\n")


def _nothing(page: Page, found: Directive) -> str:
    return ""


def _card(page: Page, found: Directive) -> str:
    """A card's header (above ``^^^``) and footer (below ``+++``) are paragraphs like its body."""
    title, link = page.spans(found.argument), found.options.get("link")
    kind = found.options.get("link-type", "url")
    if link and kind == "ref":
        title = page.link(title or "More", page.target(link, found.line))
    elif link:
        place = page.place(f"{link}.md" if kind == "doc" else link, found.line)
        to = place if isinstance(place, str) else page.href(place)
        title = f"[{title or 'More'}]({to})"
    body = re.sub(r"\n*^(?:\^{3,}|\+{3,})[ \t]*$\n*", "\n\n", found.body, flags=re.MULTILINE)
    return page.quote(title, body)


def _tab(page: Page, found: Directive) -> str:
    return f"**{page.spans(found.argument)}**\n\n{page.blocks(found.body).strip()}"


def _figure(page: Page, found: Directive) -> str:
    alt = re.sub(r"([\[\]])", r"\\\1", str(found.options.get("alt", "")))
    image = f"![{alt}]({page.file(found.argument, found.line, 'raw')})"
    return f"{image}\n\n{page.captioned(found, found.body)}" if found.body.strip() else image


def _table(page: Page, found: Directive) -> str:
    table = (
        list_table(page, found) if found.name == "list-table" else page.blocks(found.body).strip()
    )
    return f"{page.captioned(found, found.argument)}\n\n{table}" if found.argument else table


def _math(page: Page, found: Directive) -> str:
    if "nowrap" in found.options:
        raise page.error(
            found.line, "nowrap cannot be shown", "use an environment such as aligned inside {math}"
        )
    number = page.numbered("equation", found.line).number if found.label else ""
    tex = f"{found.argument}\n\n{found.body}" if found.argument else found.body
    return display(page.tex(tex, found.line), number, one_line=bool(page.quoted))


def _heading(page: Page, found: Directive) -> str:
    """Exercise 2.1 (Title), or Solution to Exercise 2.1."""
    if found.name.startswith("solution"):
        return f"Solution to {page.target(found.argument, found.line).numbered}"
    kind = numbered_kind(found)
    name = page.numbered(kind, found.line).numbered if kind else "Exercise"
    return f"{name} ({page.spans(found.argument)})" if found.argument else name


def _exercise(page: Page, found: Directive) -> str:
    if "hidden" in found.options:
        return ""
    heading = _heading(page, found)
    if found.name == "solution":
        return _folded(page, heading, found.body)
    if found.name.endswith("-start"):
        page.gates.append(found)
    return f"{'#' * min(page.level + 1, 6)} {heading}\n\n{page.blocks(found.body).strip()}".rstrip()


def _gate(page: Page, found: Directive) -> str:
    """The end of what a gate opened; nothing marks it."""
    start = page.gates.pop().name if page.gates else "nothing"
    if start != found.name.replace("end", "start"):
        raise page.error(
            found.line, f"it ends {start}", f"pair it with {{{found.name.replace('end', 'start')}}}"
        )
    return ""


def _theorem(page: Page, found: Directive) -> str:
    """A theorem or its like, with its number and title."""
    kind = numbered_kind(found)
    bare = found.name.removeprefix("prf:").capitalize()
    name = page.numbered(kind, found.line).numbered if kind else bare
    title = f" ({page.spans(found.argument)})" if found.argument else ""
    return page.quote(f"{name}{title}", found.body)


def _proof(page: Page, found: Directive) -> str:
    """A proof begins on the line of its name, unless it begins with a list or a formula."""
    runs_in = re.match(r"\w|[(*]\w|\$[^$]", found.text)
    gap = " " if runs_in else "\n\n"
    return page.quote("", f"**Proof.**{gap}{found.text}")


def _glossary(page: Page, found: Directive) -> str:
    return _defined(page, entries(found.body))


def _milestones(page: Page, found: Directive) -> str:
    try:
        listed = milestones(found.argument, page.root / "_toc.yml")
    except ValueError as error:
        remedy = "write {milestones} and the years, as in 1943-1969"
        raise page.error(found.line, str(error), remedy) from None
    return _defined(page, (([heading], text) for heading, text in listed))


def _bibliography(page: Page, found: Directive) -> str:
    """What this chapter cites."""
    return "\n".join(f"- {each.text}" for each in in_order((page.before or page).cited.values()))


def _defined(page: Page, terms_and_texts: Iterable[tuple[list[str], str]]) -> str:
    """Definitions as a list: no viewer knows definition lists."""
    items = []
    for terms, text in terms_and_texts:
        names = ", ".join(f"**{page.spans(term)}**" for term in terms)
        items.append(f"- {names}: {page.blocks(text).strip()}".replace("\n", "\n  "))
    return re.sub(r"[ ]+$", "", "\n".join(items), flags=re.MULTILINE)


def definition_list(page: Page, piece: Piece) -> str:
    """A definition list."""
    if re.match(r"[>*+-]|\d+[.)]", piece.lines[0]):
        problem, remedy = "a definition list inside another block", "put it at the top level"
        raise page.error(piece.lines[0], problem, remedy)
    return _defined(page, definitions(piece))


def _nested_cell(page: Page, found: Directive) -> str:
    raise page.error(
        found.line,
        "a code cell inside another block",
        "put it at the top level; exercises have -start",
    )


DIRECTIVES: dict[str, Callable[[Page, Directive], str]] = {
    **dict.fromkeys((*ADMONITIONS, *_TITLED), _admonition),
    **dict.fromkeys(_QUOTATIONS, _quotation),
    **dict.fromkeys(("card", "grid-item-card"), _card),
    **dict.fromkeys(
        ("grid", "grid-item", "card-carousel", "tab-set", "div", "container"), _contents
    ),
    "tab-item": _tab,
    **dict.fromkeys(("figure", "image"), _figure),
    **dict.fromkeys(("table", "list-table"), _table),
    **dict.fromkeys(("code-block", "code", "sourcecode"), code_block),
    "literalinclude": literalinclude,
    "math": _math,
    **dict.fromkeys(("exercise", "exercise-start", "solution", "solution-start"), _exercise),
    **dict.fromkeys(("exercise-end", "solution-end"), _gate),
    **dict.fromkeys([f"prf:{name}" for name in PROOFS], _theorem),
    "prf:proof": _proof,
    "glossary": _glossary,
    "bibliography": _bibliography,
    "milestones": _milestones,
    "code-cell": _nested_cell,
    **dict.fromkeys(("toctree", "tableofcontents", "contents", "index", "meta"), _nothing),
}
