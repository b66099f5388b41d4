"""MyST Markdown taken apart: blocks by the site's own parser, spans by one expression.

The notebooks' prose (``plain.py``) and the table of cross-references (``labels.py``) read chapters
through this module, so that both see the same blocks in the same order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ATTRIBUTES = r"""\{\s*(?:(?:[#.][\w:-]+|[\w-]+=(?:"[^"]*"|[^\s{}"]+))\s*)+\}"""
_ADDRESS = r"(?:<[^<>\n]*>|[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)"
_TITLE = r"""\s+(?:"[^"]*"|'[^']*')"""

# What can stand inside a line, from left to right: as in CommonMark, what opens first closes first.
SPAN = re.compile(
    rf"""
      (?P<escape>\\[^\n])
    | (?P<role>\{{(?P<name>[\w+:-]+)\}}(?P<role_ticks>`++)(?P<content>.+?)(?P=role_ticks))
    | (?P<unclosed>\{{[\w+:-]+\}}`++)
    | (?P<code>(?P<verbatim>(?P<ticks>`++).+?(?<!`)(?P=ticks)(?!`))(?:{ATTRIBUTES})?)
    | (?P<unopened>`{{3,}}+\{{[\w:-]+\}})
    | (?P<backticks>`++)
    | (?P<math>(?P<dollars>\$\$?)(?P<tex>(?:\\.|[^$\\])+)(?P=dollars))
    | (?P<html><[a-zA-Z/!?][^<>]*>)
    | (?P<image>!\[(?P<alt>(?:\\.|[^\[\]\\])*)\]
        \((?P<source>{_ADDRESS})(?P<image_title>{_TITLE})?\)(?:{ATTRIBUTES})?)
    | (?P<footnote>\[\^(?P<note>[^\s\]]+)\])
    | (?P<empty>\[\]\((?P<empty_address>{_ADDRESS})\))
    | (?P<spanned>\[(?P<inner>[^\[\]]*)\]{ATTRIBUTES})
    | (?P<link>\]\((?P<address>{_ADDRESS})(?P<link_title>{_TITLE})?\)(?:{ATTRIBUTES})?)
    | (?P<substitution>\{{\{{[^{{}}\n]+\}}\}})
    """,
    re.VERBOSE | re.DOTALL,
)
RAW = {"role", "unclosed", "unopened", "substitution"}  # what is not Markdown's, of these
ATTRIBUTE_LINE = re.compile(rf"^[ \t>]*{ATTRIBUTES}[ \t]*(?:\n|\Z)", re.MULTILINE)
_MARKERS = {
    "math_block": "$$",
    "math_block_label": "$$",
    "amsmath": "\\begin",
    "myst_target": "(",
    "myst_line_comment": "%",
    "myst_block_break": "+++",
    "footnote_reference_open": "[^",
}


class PlainError(ValueError):
    """A chapter says what its notebook cannot: names file, line, trouble and remedy."""

    def __init__(self, chapter: Path | str, line: str, problem: str, remedy: str) -> None:
        super().__init__(f"{chapter}: {line.strip()!r}: {problem}; {remedy}")


@dataclass(frozen=True)
class Piece:
    """A block that may hold MyST: lines ``start`` to ``stop`` (excluded) of what was read."""

    kind: str  # the parser's token type, or heading, inline (a paragraph, a table's row), directive
    start: int
    stop: int
    lines: list[str]
    token: Token
    prefix: str = ""  # what containers put before the block on its first line: "> ", "- "
    level: int = 0  # of a heading

    @property
    def continuation(self) -> str:
        """What containers put before the block's other lines."""
        return re.sub(r"[^>\s]", " ", self.prefix)


@dataclass(frozen=True)
class Directive:
    """One directive; ``line`` is its opening line."""

    name: str
    argument: str
    options: dict[str, Any]
    body: str
    line: str
    closed: bool = True

    @property
    def text(self) -> str:
        """Argument and body: where no argument is expected, the text begins on the first line."""
        return f"{self.argument}\n{self.body}" if self.argument else self.body

    @property
    def label(self) -> str:
        """The name that other text refers to it by, or nothing."""
        return str(self.options.get("label") or self.options.get("name") or "")


@cache
def _parser() -> MarkdownIt:
    """Markdown's block structure as the site's configuration reads it."""
    extensions = {"amsmath", "colon_fence", "deflist", "dollarmath"}
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML).disable(
        "inline"
    )


def pieces(text: str) -> Iterator[Piece]:
    """The blocks of a text that may hold MyST, in order, without overlap; not code, nor HTML."""
    lines, tokens, done = text.split("\n"), _parser().parse(text), 0
    for i, block in enumerate(tokens):
        if block.map is None or block.map[0] < done:
            continue
        token, (start, stop) = block, block.map
        if block.type == "amsmath":  # the parser's map leaves out the last line
            stop = start + len(token.content.rstrip("\n").split("\n"))
        while stop > start + 1 and not lines[stop - 1].strip(" >"):
            stop -= 1
        kind, level, marker = token.type, 0, _MARKERS.get(token.type)
        if kind == "heading_open":
            kind, level, token = "heading", int(token.tag[1]), tokens[i + 1]
        elif kind in ("fence", "colon_fence"):
            marker = token.markup
            if token.info.strip().startswith("{"):
                kind = "directive"
        elif kind not in ("inline", "dl_open") and marker is None:
            continue
        prefix = lines[start][: lines[start].index(marker)] if marker else ""
        yield Piece(kind, start, stop, lines[start:stop], token, prefix, level)
        done = stop


def directive(piece: Piece) -> Directive:
    """The directive that a fence holds."""
    name, _, argument = piece.token.info.strip().partition("}")
    options, body = _options(piece.token.content)
    last = piece.lines[-1].strip(" >") if len(piece.lines) > 1 else ""
    return Directive(
        name=name.removeprefix("{"),
        argument=argument.strip(),
        options=options,
        body=body.rstrip("\n"),
        line=piece.lines[0],
        closed=len(last) >= len(piece.token.markup) and not last.strip(piece.token.markup[0]),
    )


def _options(content: str) -> tuple[dict[str, Any], str]:
    """Options (YAML between dashes, or lines of ``:key: value``), and the body below them."""
    lines = content.split("\n")
    if lines[0].startswith("---"):
        end = next((i for i, line in enumerate(lines[1:], 1) if line.startswith("---")), len(lines))
        block, body = "\n".join(lines[1:end]), lines[end + 1 :]
        options = yaml.safe_load(block) or {}
    else:
        options, end = {}, 0
        while end < len(lines) and (option := re.match(r"\s*:([\w-]+):(?:\s+(.*))?$", lines[end])):
            options[option[1]] = (option[2] or "").strip()
            end += 1
        body = lines[end:]
    if body and not body[0].strip():
        body = body[1:]
    return options, "\n".join(body)


def definitions(piece: Piece) -> list[tuple[list[str], str]]:
    """The term and the text of each entry of a definition list."""
    found: list[tuple[list[str], list[str]]] = []
    for token in _parser().parse("\n".join(piece.lines)):
        if token.map and token.type == "dt_open":
            found.append(([piece.lines[token.map[0]].strip()], []))
        elif token.map and token.type == "dd_open" and token.level == 1:
            lines = piece.lines[slice(*token.map)]
            while not (marked := re.match("( {0,3})[:~]", lines[0])):
                lines = lines[1:]  # the parser's map may begin with the term
            text = "\n".join([f"{marked[1]} {lines[0][marked.end() :]}", *lines[1:]])
            found[-1][1].append(dedent(text).strip())
    return [(terms, "\n\n".join(texts)) for terms, texts in found]


def titled(content: str) -> tuple[str | None, str]:
    """A role's ``text <target>`` as both, or no text and the target."""
    match = re.fullmatch(r"(.+?)\s*<([^<>]*)>", content, re.DOTALL)
    return (match[1], match[2]) if match else (None, content.strip())


def flat(text: str) -> str:
    """Text for use inside a link: roles and links give their words, footnote marks go."""

    def words(match: re.Match[str]) -> str:
        if match["role"]:
            title, target = titled(match["content"])
            return f"${target}$" if match["name"] == "math" else title or target
        return "" if match["footnote"] else match[0]

    text = re.sub(rf"(?<!!)\[([^\[\]]*)\]\({_ADDRESS}(?:{_TITLE})?\)", r"\1", text)
    return " ".join(SPAN.sub(words, text).split())


def leftovers(markdown: str) -> list[str]:
    """Every role, directive or target of MyST outside code: what a plain viewer shows raw."""
    found = []
    for piece in pieces(markdown):
        if piece.kind in ("directive", "colon_fence", "myst_target", "math_block_label"):
            found.append(piece.lines[0].strip())
        elif piece.kind in ("inline", "heading", "footnote_reference_open", "dl_open"):
            spans = SPAN.finditer("\n".join(piece.lines))
            found += [span[0] for span in spans if span.lastgroup in RAW]
    return found
