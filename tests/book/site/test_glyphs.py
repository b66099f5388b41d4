"""Each character of a formula is in the font that draws it, and nothing else is."""

from __future__ import annotations

import base64
import io
import re

import glyphs
import katex
import pytest
from fontTools import ttLib
from glyphs import Font

RULES = glyphs.font_rules((katex.DIST / "katex.css").read_text("utf8"))


def used(tex: str, display: bool = False) -> dict[Font, set[str]]:
    """Characters by font of one formula."""
    markup, notes = katex.Katex({})(tex, display)
    assert notes == []
    return glyphs.glyphs_used(f"<p>text {markup} more text</p>", RULES)


@pytest.mark.parametrize(
    ("tex", "font", "character"),
    [
        ("x", Font("KaTeX_Math", italic=True), "x"),
        ("1", Font(), "1"),
        (r"\mathbf{w}", Font(bold=True), "w"),
        (r"\boldsymbol{w}", Font("KaTeX_Math", bold=True, italic=True), "w"),
        (r"\mathbb{R}", Font("KaTeX_AMS"), "R"),
        (r"\mathcal{L}", Font("KaTeX_Caligraphic"), "L"),
        (r"\mathit{ab}", Font(italic=True), "a"),
        (r"\text{if}", Font(), "i"),
        (r"\bigl(x\bigr)", Font("KaTeX_Size1"), "("),
        (r"\Bigl(x\Bigr)", Font("KaTeX_Size2"), "("),
    ],
)
def test_a_character_is_drawn_by_its_font(tex: str, font: Font, character: str) -> None:
    assert character in used(tex)[font]


def test_a_large_operator_is_larger_on_a_line_of_its_own() -> None:
    assert "∑" in used(r"\sum_i x_i")[Font("KaTeX_Size1")]
    assert "∑" in used(r"\sum_i x_i", display=True)[Font("KaTeX_Size2")]


def test_the_text_around_a_formula_is_not_its() -> None:
    every = set().union(*used("x").values())
    assert every <= {"x", "\u200b"}


def test_attributes_in_another_order_are_read_too() -> None:
    page = (
        '<span aria-hidden="true" class="katex-html"><span class="mord mathnormal">y</span></span>'
    )
    assert glyphs.glyphs_used(page, RULES) == {Font("KaTeX_Math", italic=True): {"y"}}


def test_a_cut_font_has_these_characters_only() -> None:
    data = glyphs.cut(katex.DIST / "fonts" / "KaTeX_Main-Regular.woff", {"a", "=", "\u4e00"})
    assert set(ttLib.TTFont(io.BytesIO(data)).getBestCmap()) == {ord("a"), ord("=")}
    assert len(data) < 2500


def test_a_font_without_the_characters_is_left_out() -> None:
    assert glyphs.cut(katex.DIST / "fonts" / "KaTeX_Size4-Regular.woff", {"a"}) == b""


def test_the_style_sheet_carries_the_fonts() -> None:
    sheet = glyphs.font_faces(
        {Font(): {"a"}, Font("KaTeX_AMS", italic=True): {"R"}}, katex.DIST / "fonts"
    )
    faces = re.findall(r"font-family:(\w+);font-weight:(\w+);font-style:(\w+)", sheet)
    assert faces == [("KaTeX_AMS", "normal", "normal"), ("KaTeX_Main", "normal", "normal")]
    assert "url(data:font/woff;base64," in sheet
    data = re.findall(r"base64,([^)]*)\)", sheet)[1]
    assert ord("a") in ttLib.TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()
