"""Tables from lists."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from plain import PlainError

Show = Callable[..., str]


def test_rows_cells_head_and_caption(shown: Show) -> None:
    text = shown(
        "$$ a $$ (e)\n\n:::{list-table} Of {eq}`e`\n:header-rows: 1\n:name: t\n:widths: 1 2\n\n"
        "* - A\n  - B\n* - one\n    more\n\n    para\n  - {eq}`e`\n"
        "* - `a|b`\n  - $|x| \\| y$ | z\n* -\n  - x\n:::"
    )
    assert text.partition("$$\n\n")[2] == (
        "**Table 2.1.** Of [(1)](#equation-e)\n\n| A | B |\n| --- | --- |\n"
        "| one more<br>para | [(1)](#equation-e) |\n"
        "| `a\\|b` | $\\vert x\\vert  \\Vert  y$ \\| z |\n|  | x |"
    )


def test_a_table_without_a_head(shown: Show) -> None:
    assert shown("```{list-table}\n* - a\n  - b\n```") == "|  |  |\n| --- | --- |\n| a | b |"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("* - a\n  - b\n* - c", "rows of [1, 2] cells; give every row as many"),
        ("text", "'text' is no row; begin each row with '* -'"),
        (":header-rows: 2\n* - a\n* - b", "2 header rows; use one"),
        (
            "* - a\n\n    - list",
            "a cell with more than paragraphs; Markdown's tables hold text alone",
        ),
        ("* - $$\n    a\n    $$", "a cell with more than paragraphs"),
        ("", "rows of [] cells"),
    ],
)
def test_what_no_table_can_hold_is_refused(shown: Show, body: str, message: str) -> None:
    with pytest.raises(PlainError) as error:
        shown(f"```{{list-table}}\n{body}\n```")
    assert message in str(error.value)
