"""Blocks, spans and directives are taken apart as the site takes them apart."""

from __future__ import annotations

import pytest
from myst import SPAN, PlainError, directive, flat, leftovers, pieces, titled


def kinds(text: str) -> list[tuple[str, int, int]]:
    """Kind and lines of each piece."""
    return [(piece.kind, piece.start, piece.stop) for piece in pieces(text)]


def test_pieces_cover_what_may_hold_myst_and_leave_out_code_and_html() -> None:
    text = "# H\n\n    code\n\n<div>\nx\n</div>\n\n- a\n- b\n\n| a |\n|---|\n| b |\n"
    assert kinds(text) == [
        ("heading", 0, 1),
        ("inline", 8, 9),
        ("inline", 9, 10),
        ("inline", 11, 12),
        ("inline", 13, 14),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(here)=\n# H", [("myst_target", 0, 1), ("heading", 1, 2)]),
        ("% a\n% b\n\nx", [("myst_line_comment", 0, 2), ("inline", 3, 4)]),
        ("$$\na\n$$ (b)\n\n$$ c $$", [("math_block_label", 0, 3), ("math_block", 4, 5)]),
        ("\\begin{align}\na\n\n\\end{align}\nx", [("amsmath", 0, 4), ("inline", 4, 5)]),
        ("\\begin{align}a\\end{align}\n\nx", [("amsmath", 0, 1), ("inline", 2, 3)]),
        ("[^a]: b\n    c\n\nx", [("footnote_reference_open", 0, 2), ("inline", 3, 4)]),
        ("a\n: b\n\nc", [("dl_open", 0, 2), ("inline", 3, 4)]),
        ("Title\n===\n", [("heading", 0, 2)]),
        ("+++\nx", [("myst_block_break", 0, 1), ("inline", 1, 2)]),
        ("````{a}\n```{b}\n```\n````", [("directive", 0, 4)]),
        (":::{a}\nx\n:::", [("directive", 0, 3)]),
        ("```python\n{a}`b`\n```", [("fence", 0, 3)]),
    ],
)
def test_pieces(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert kinds(text) == expected


def test_a_piece_inside_containers_knows_what_stands_before_it() -> None:
    (piece,) = (
        each
        for each in pieces("1. > - ```{note}\n   >   x\n   >   ```")
        if each.kind == "directive"
    )
    assert (piece.prefix, piece.continuation) == ("1. > - ", "   >   ")
    assert directive(piece).body == "x"


@pytest.mark.parametrize(
    ("text", "options", "body"),
    [
        (":a: b\n:c:\n\nbody\n:d: e", {"a": "b", "c": ""}, "body\n:d: e"),
        ("---\na: b\nc: [1, 2]\n---\nbody", {"a": "b", "c": [1, 2]}, "body"),
        ("---\n---\nbody", {}, "body"),
        ("\nbody\n\nmore", {}, "body\n\nmore"),
        ("", {}, ""),
    ],
)
def test_options_are_lines_or_yaml(text: str, options: dict[str, object], body: str) -> None:
    (piece,) = pieces(f"```{{name}} an argument\n{text}\n```")
    found = directive(piece)
    assert (found.name, found.argument) == ("name", "an argument")
    assert (found.options, found.body) == (options, body)


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("```{a}\n```", True),
        ("```{a}\n`````", True),
        ("````{a}\n```", False),
        (":::{a}\nx", False),
        ("```{a}", False),
    ],
)
def test_a_directive_knows_whether_it_is_closed(text: str, closed: bool) -> None:
    assert directive(next(pieces(text))).closed is closed


def test_a_name_or_a_label_is_what_others_call_it() -> None:
    for option in ("name", "label"):
        assert directive(next(pieces(f"```{{a}}\n:{option}: here\n```"))).label == "here"


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("{a}`b` {c:d}`e f`", ["role", "role"]),
        ("`{a}``b`", ["code"]),
        ("`` {a}`b` ``", ["code"]),
        (r"\{a}`b`", ["escape", "code"]),
        ("{a}``b ` c``", ["role"]),
        ("{a}`b", ["unclosed"]),
        ("$a[^2]$ and $$b$$", ["math", "math"]),
        ('[^a] [](#b) ![c](d.png) [e](f.md "g")', ["footnote", "empty", "image", "link"]),
        ("[한국어]{.language-ko} `x`{.python}", ["spanned", "code"]),
        ("{{ name }}", ["substitution"]),
        ("```{a} {b}`c`", ["unopened", "role"]),
        ("```{a}``` and", ["code"]),
        ("<b>x</b> a < b", ["html", "html"]),
        ("``` lone ` ticks", ["backticks", "backticks"]),
        ("[a](b(c)d) [e](<f g>)", ["link", "link"]),
        ("f{x} {y} [z] (w)", []),
    ],
)
def test_spans(text: str, spans: list[str]) -> None:
    assert [match.lastgroup for match in SPAN.finditer(text)] == spans


def test_titled() -> None:
    assert titled("two words <label>") == ("two words", "label")
    assert titled(" label ") == (None, "label")


def test_flat_text_has_no_links_roles_or_marks() -> None:
    text = "A *b*[^1] of\n[c](d.md) {term}`e <f>` {math}`x` `code` $y$"
    assert flat(text) == "A *b* of c e $x$ `code` $y$"


def test_leftovers_are_found_outside_code_alone() -> None:
    text = (
        "{a}`b` and ``{c}`d` ``\n\n```{note}\n```\n\n:::{tip}\n:::\n\n"
        "```python\n{e}`f`\n```\n\n    {g}`h`\n\n"
        "(i)=\n\n> - {j}`k`\n\n$$ l $$ (m)\n\n| {n}`o` |\n|---|\n| `p` |\n\n## {q}`r` {{ s }}\n\n"
        "```{t} {u}`v`\n"
    )
    assert leftovers(text) == [
        *(
            "{a}`b`",
            "```{note}",
            ":::{tip}",
            "(i)=",
            "{j}`k`",
            "$$ l $$ (m)",
            "{n}`o`",
            "{q}`r`",
            "{{ s }}",
            "```{t}",
            "{u}`v`",
        ),
    ]


def test_the_error_names_everything() -> None:
    error = PlainError("book/a.md", "  a line ", "what is wrong", "what to do")
    assert str(error) == "book/a.md: 'a line': what is wrong; what to do"
    assert isinstance(error, ValueError)
