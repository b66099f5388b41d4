"""Formulas for viewers that know neither the book's commands nor how the site aligns rows."""

from __future__ import annotations

import pytest
from plain_math import display, expand, needs_rewriting

MACROS = {
    r"\vect": r"\boldsymbol{#1}",
    r"\R": r"\mathbb{R}",
    r"\pair": r"\langle #1, #2 \rangle",
    r"\norm": r"\lVert\vect{#1}\rVert",
    r"\half": r"\frac12",
    r"\x": r"\xi",
}


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\vect{x} \in \R^d", r"\boldsymbol{x} \in \mathbb{R}^d"),
        (r"\vect x + \vect\alpha", r"\boldsymbol{x} + \boldsymbol{\alpha}"),
        (r"\vect{a_{\vect{b}}}", r"\boldsymbol{a_{\boldsymbol{b}}}"),
        (r"\pair{a}{\{b\}}", r"\langle a, \{b\} \rangle"),
        (r"\norm{w}", r"\lVert\boldsymbol{w}\rVert"),
        (r"\Rho \vector \\R", r"\Rho \vector \\R"),
        (r"\\\R", r"\\\mathbb{R}"),
        (r"\x a\x", r"\xi a\xi"),
        (r"\x{}a", r"\xi{}a"),
        (r"\half", r"\frac12"),
    ],
)
def test_commands_are_written_out(tex: str, expected: str) -> None:
    assert expand(tex, MACROS) == expected


def test_a_command_does_not_run_into_the_next_letter() -> None:
    assert expand(r"\R\x1b", {r"\R": r"\Re", r"\x1": r"\xi"}) == r"\Re\xi b"


def test_many_commands_are_no_endless_one() -> None:
    assert expand(r"\R " * 300, MACROS).count("mathbb") == 300


@pytest.mark.parametrize("tex", [r"\vect", r"\vect{x", r"{\vect}", r"\pair{a}"])
def test_a_command_without_its_argument_is_refused(tex: str) -> None:
    with pytest.raises(ValueError, match=r"\\(vect|pair) lacks its argument"):
        expand(tex, MACROS)


def test_a_command_that_is_defined_by_itself_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\\a, \\b is defined by itself"):
        expand(r"\a", {r"\a": r"\b", r"\b": r"\a"})


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("a", "$$\na\n$$"),
        (r"a \\ b", "$$\n\\begin{aligned}\na \\\\ b\n\\end{aligned}\n$$"),
        (r"\begin{cases} a \\ b \end{cases}", "$$\n\\begin{cases} a \\\\ b \\end{cases}\n$$"),
        (r"\sum_{\substack{a \\ b}}", "$$\n\\sum_{\\substack{a \\\\ b}}\n$$"),
        (
            r"\left\{ a \\ b \right\}",
            "$$\n\\begin{aligned}\n\\left\\{ a \\\\ b \\right\\}\n\\end{aligned}\n$$",
        ),
        (r"\begin{align*} a \\ b \end{align*}", "$$\n\\begin{aligned} a \\\\ b \\end{aligned}\n$$"),
        (r"\begin{equation} a \end{equation}", "$$\na\n$$"),
        ("a\n\nb", "$$\n\\begin{gathered}\na \\\\\nb\n\\end{gathered}\n$$"),
    ],
)
def test_rows_are_aligned_as_on_the_site(tex: str, expected: str) -> None:
    assert display(tex) == expected
    assert needs_rewriting(tex) is (expected != f"$$\n{tex}\n$$")


def test_the_number_is_a_tag() -> None:
    assert display("a", "2.1") == "$$\na\n\\tag{2.1}\n$$"


def test_a_quotation_gets_one_line_without_comments() -> None:
    assert display("a % why\n+ 5\\% b", "1", one_line=True) == "$$ a + 5\\% b \\tag{1} $$"
