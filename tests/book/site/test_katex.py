"""Formulas are typeset at build time, with numbers, macros, and errors that say where they are."""

from __future__ import annotations

from collections.abc import Callable

import katex
import pytest
from docutils import nodes, utils

Build = Callable[..., tuple[str, str]]


@pytest.fixture
def build(build_page: Build) -> Build:
    """Builds one Markdown page with formulas."""

    def run(text: str, **settings: object) -> tuple[str, str]:
        settings = {"extensions": ["myst_parser", "katex"], **settings}
        return build_page(text, html_math_renderer="katex", **settings)

    return run


def test_a_formula_is_html_and_mathml() -> None:
    markup, notes = katex.Katex({})(r"w \cdot x")
    assert notes == []
    assert markup is not None
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML">' in markup
    assert 'class="katex-html" aria-hidden="true"' in markup


def test_macros_are_written_out() -> None:
    render = katex.Katex({r"\vect": r"\boldsymbol{#1}"})
    assert "boldsymbol" in str(render(r"\vect{w}")[0])


def test_one_formula_cannot_define_a_command_for_the_next() -> None:
    render = katex.Katex({})
    assert render(r"\gdef\mine{x} \mine")[1] == []
    assert render(r"\mine")[0] is None


@pytest.mark.parametrize(
    ("tex", "said"),
    [(r"\undefinedcommand", "Undefined control sequence"), (r"\frac{1", "expected '}'")],
)
def test_an_error_is_told(tex: str, said: str) -> None:
    markup, notes = katex.Katex({})(tex)
    assert markup is None
    assert said in notes[0]


def test_what_latex_would_not_accept_is_told() -> None:
    markup, notes = katex.Katex({})(r"a \\ b", display=True)
    assert markup is not None
    assert "does nothing in display mode" in notes[0]


def test_a_page_shows_math_without_a_script(build: Build) -> None:
    page, warnings = build("# T\n\nA $x^2$ in the text.\n")
    assert warnings == ""
    assert page.count('class="katex-html"') == 1
    assert "MathJax" not in page


def test_an_error_in_a_page_is_a_warning_with_its_line(build: Build) -> None:
    page, warnings = build("# T\n\n$\\alpha$\n\nBad: $\\nosuch$ & so on.\n")
    assert "index.md:5: WARNING" in warnings
    assert r"\nosuch" in warnings
    assert r"<code>\nosuch</code>" in page
    assert "katex-error" not in page


def test_a_labelled_equation_has_its_number_and_links_to_it(build: Build) -> None:
    page, warnings = build("# T\n\n$$ z = w x $$ (score)\n\nSee {eq}`score`.\n")
    assert warnings == ""
    assert 'id="equation-score"' in page
    assert '<span class="eqno">(1)' in page
    assert 'href="#equation-score"' in page


def test_an_align_block_has_one_number_and_rows_none(build: Build) -> None:
    page, warnings = build("# T\n\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\n")
    assert warnings == ""
    assert page.count('class="eqno"') == 1
    assert "eqn-num" not in page


def test_a_starred_block_has_no_number(build: Build) -> None:
    page, _ = build("# T\n\n\\begin{align*}\na &= b\n\\end{align*}\n")
    assert 'class="eqno"' not in page
    assert page.count('class="katex-display"') == 1


def test_a_tag_stays_what_the_author_wrote(build: Build) -> None:
    page, warnings = build("# T\n\n$$ a = b \\tag{A} $$\n")
    assert warnings == ""
    assert "katex-tag" in page


def test_macros_come_from_the_settings(build: Build) -> None:
    page, warnings = build("# T\n\n$\\R$\n", katex_macros={r"\R": r"\mathbb{R}"})
    assert warnings == ""
    assert "mathbb" in page


@pytest.mark.parametrize(
    ("before", "behind", "held"),
    [
        ("of ", ".", "x."),
        ("If (", "), then", "(x),"),
        ("called “", "”", "“x”"),
        ("the ", "-axis", "x-"),
        ("of ", " and", ""),
        ("from 0 to ", " - 1", ""),
    ],
)
def test_marks_stay_at_their_formula(before: str, behind: str, held: str) -> None:
    document, words = utils.new_document("a page"), (nodes.Text(before), nodes.Text(behind))
    document += nodes.paragraph("", "", words[0], nodes.math("", "x"), words[1])
    katex.hold_marks(None, document, "a page")
    assert document.astext() == f"{before}x{behind}"
    assert "".join(node.astext() for node in document.findall(nodes.inline)) == held


def test_marks_of_neighbours_and_at_the_ends_of_a_paragraph(build: Build) -> None:
    page, _ = build("# T\n\n$a$, $b$: so $c$ *and* $d$\n")
    assert page.count('<span class="unbroken">') == 2
    assert page.count('<span class="math') == 4
