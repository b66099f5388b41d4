"""What each role of MyST becomes: one function a family, and the names that lead to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import bibliography
from glossary import PAGE
from myst import flat, titled
from myst_nb.core.variables import format_plain_text

if TYPE_CHECKING:
    from plain_spans import Spans


@dataclass(frozen=True)
class Role:
    """``{name}`content``` on a line."""

    name: str
    content: str
    line: str


def code_span(text: str) -> str:
    """Code, in as many backticks as it takes."""
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _ref(page: Spans, role: Role) -> str:
    text, label = titled(role.content)
    target = page.target(label, role.line)
    if not (text or target.words):
        raise page.error(role.line, f"{label} has no title", f"write {{ref}}`text <{label}>`")
    return page.link(page.spans(text or target.words), target)


def _numref(page: Spans, role: Role) -> str:
    text, label = titled(role.content)
    target = page.target(label, role.line)
    if not target.number:
        raise page.error(role.line, f"{label} has no number", f"write {{ref}}`text <{label}>`")
    text = text or target.numbered
    for name, value in (
        ("%s", target.number),
        ("{number}", target.number),
        ("{name}", flat(target.title)),
    ):
        text = text.replace(name, value)
    return page.link(page.spans(text), target)


def _eq(page: Spans, role: Role) -> str:
    target = page.target(role.content, role.line)
    if target.kind != "equation":
        raise page.error(
            role.line, f"{role.content} is no equation but a {target.kind}", "use {ref} or {numref}"
        )
    return page.link(target.numbered, target)


def _doc(page: Spans, role: Role) -> str:
    text, path = titled(role.content)
    place = page.place(path if path.endswith(".md") else f"{path}.md", role.line)
    if isinstance(place, str):
        raise page.error(role.line, f"{place} is no page of this book", "write [text](address)")
    return page.link(page.spans(text or place.words), place)


def _term(page: Spans, role: Role) -> str:
    text, term = titled(role.content)
    anchor = page.context.glossary.get(term.lower())
    if anchor is None:
        raise page.error(role.line, f"{term!r} is not in the glossary", f"add it to {PAGE}.md")
    return f"[{text or term}]({page.context.site}{page.context.book.name}/{PAGE}.html#{anchor})"


def _cite(page: Spans, role: Role) -> str:
    keys = [key.strip() for key in role.content.split(",")]
    for key in keys:
        if key not in page.context.references:
            raise page.error(role.line, f"no reference {key!r}", "add it to references.bib")
        page.cited[key] = page.context.references[key]
    style = role.name.partition(":")[2] or "p"
    home = page.context.labels.get(f"{page.context.book.name}/{bibliography.PAGE}.md")
    elsewhere = page.context.site + home.page if home else ""
    cited = (page.cited[key] for key in keys)
    return bibliography.citation(
        style, (replace(each, url=each.url or elsewhere) for each in cited)
    )


def _glue(page: Spans, role: Role) -> str:
    name, _, spec = role.content.partition(":")
    if name not in page.context.values:
        raise page.error(
            role.line, f"no cell glues {name!r}", "glue it in a code cell, and run make notebooks"
        )
    try:
        return format_plain_text(repr(page.context.values[name]), spec)
    except ValueError as error:
        raise page.error(
            role.line, f"{name} is {page.context.values[name]!r}: {error}", "mend the format"
        ) from None


def _code(page: Spans, role: Role) -> str:
    return code_span(role.content)


def _python(page: Spans, role: Role) -> str:
    """A name of the library; ``~`` shows its last part, ``!`` is for the site alone."""
    text, name = titled(role.content)
    if text:
        return code_span(text)
    name = name.removeprefix("!")
    short = name.removeprefix("~").rpartition(".")[2] if name.startswith("~") else name
    call = role.name.rpartition(":")[2] in ("func", "meth") and not short.endswith(")")
    return code_span(short + "()" * call)


def _math(page: Spans, role: Role) -> str:
    return f"${page.tex(role.content, role.line)}$"


def _download(page: Spans, role: Role) -> str:
    text, path = titled(role.content)
    return f"[{text or code_span(Path(path).name)}]({page.file(path, role.line, 'raw')})"


def _text(page: Spans, role: Role) -> str:
    """The text that the reader sees: of ``index``, ``abbr``."""
    return titled(role.content)[0] or role.content if role.name == "index" else role.content


def _between(before: str, after: str) -> Callable[[Spans, Role], str]:
    return lambda page, role: f"{before}{role.content}{after}"


_PYTHON = ("attr", "class", "const", "data", "exc", "func", "meth", "mod", "obj")
ROLES: dict[str, Callable[[Spans, Role], str]] = {
    "ref": _ref,
    "numref": _numref,
    "eq": _eq,
    "doc": _doc,
    "prf:ref": _ref,
    "term": _term,
    "cite": _cite,
    **{f"cite:{style}{everyone}": _cite for style in bibliography.STYLES for everyone in ("", "s")},
    **dict.fromkeys(("glue", "glue:any", "glue:text"), _glue),
    **{f"{domain}{name}": _python for domain in ("", "py:") for name in _PYTHON},
    **dict.fromkeys(("code", "literal", "file", "samp", "program"), _code),
    "math": _math,
    "download": _download,
    "index": _text,
    "abbr": _text,
    "kbd": _between("<kbd>", "</kbd>"),
    "sub": _between("<sub>", "</sub>"),
    "subscript": _between("<sub>", "</sub>"),
    "sup": _between("<sup>", "</sup>"),
    "superscript": _between("<sup>", "</sup>"),
    "emphasis": _between("*", "*"),
    "strong": _between("**", "**"),
}
