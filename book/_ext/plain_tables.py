"""``list-table`` as a table of plain Markdown, whose cells are single lines."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from myst import Directive

if TYPE_CHECKING:
    from plain_page import Page

_ROW = re.compile(r"[*+-][ \t]+[*+-](?:[ \t]+|$)")
_CELL = re.compile(r"[ \t]+[*+-](?:[ \t]+|$)")


def list_table(page: Page, found: Directive) -> str:
    """The table's rows; the first is its head if it has one (``header-rows: 1``)."""
    rows: list[list[list[str]]] = []
    column = 0
    for line in found.body.split("\n"):
        if row := _ROW.match(line):
            column = re.search(r"[*+-]", line[1:]).start() + 1  # type: ignore[union-attr]  # _ROW has two
            rows.append([[line[row.end() :]]])
        elif rows and (cell := _CELL.match(line)) and len(line) - len(line.lstrip()) == column:
            rows[-1].append([line[cell.end() :]])
        elif rows:
            rows[-1][-1].append(line)
        elif line.strip():
            raise page.error(
                found.line,
                f"{line!r} is no row",
                "begin each row with '* -' and each cell with '-'",
            )
    table = [[_cell(page, found, cell) for cell in row] for row in rows]
    widths = {len(row) for row in table}
    if len(widths) != 1:
        raise page.error(found.line, f"rows of {sorted(widths)} cells", "give every row as many")
    width, heads = widths.pop(), int(found.options.get("header-rows") or 0)
    if heads > 1:
        raise page.error(
            found.line, f"{heads} header rows", "use one: Markdown's tables have no more"
        )
    head, body = (table[0], table[1:]) if heads else ([""] * width, table)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * width, *body))


def _cell(page: Page, found: Directive, lines: list[str]) -> str:
    rest = dedent("\n".join(lines[1:]))
    text = page.blocks(f"{lines[0]}\n{rest}".strip())
    if re.search(r"^(```|~~~|[*+>-] |\d+\. |#|\||\$\$)", text, flags=re.MULTILINE):
        raise page.error(
            found.line, "a cell with more than paragraphs", "Markdown's tables hold text alone"
        )
    text = "<br>".join(" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    parts = re.split(r"((?<!\\)\$[^$]+\$)", text)  # every second is a formula
    parts[::2] = [re.sub(r"(?<!\\)\|", r"\\|", part) for part in parts[::2]]
    parts[1::2] = [part.replace(r"\|", r"\Vert ").replace("|", r"\vert ") for part in parts[1::2]]
    return "".join(parts)
