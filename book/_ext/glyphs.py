"""The fonts of the formulas, cut down to the glyphs that the pages show, inside the style sheet
itself.

KaTeX sets formulas with its own fonts and with their exact widths; a font that arrives late moves
the page. As part of the style sheet the fonts are there when the first line is drawn, and cut down
they weigh a tenth. Which characters go to which font is read off the built pages with the rules of
KaTeX's own style sheet.
"""

from __future__ import annotations

import base64
import html
import io
import logging
import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from fontTools import subset, ttLib

logging.getLogger("fontTools").setLevel(logging.ERROR)  # KaTeX's fonts have odd dates
TOKEN = re.compile(r"<(/?)span\b([^>]*)>|<[^>]*>|([^<]+)")
CLASS = re.compile(r'class="([^"]*)"')
RULE = re.compile(r"([^{}]+)\{([^}]*)\}")
FORMULA = re.compile(r'<span\b[^>]*class="katex-html"')


class Font(NamedTuple):
    """One face of a family."""

    family: str = "KaTeX_Main"
    bold: bool = False
    italic: bool = False

    @property
    def style(self) -> str:
        """As KaTeX names the file."""
        return ("Bold" * self.bold + "Italic" * self.italic) or "Regular"


class _Rule(NamedTuple):
    compounds: list[
        frozenset[str]
    ]  # classes of the ancestors, from the outside, then of the element
    changes: dict[str, str | bool]


def font_rules(css: str) -> list[_Rule]:
    """Those rules of KaTeX's style sheet that choose a font."""
    rules = []
    for selectors, declarations in RULE.findall(re.sub(r"/\*.*?\*/", "", css, flags=re.S)):
        changes: dict[str, str | bool] = {}
        for name, value in re.findall(r"(font[a-z-]*)\s*:\s*([^;]+)", declarations):
            if name == "font-family":
                changes["family"] = value.strip("\" '")
            elif name == "font-weight":
                changes["bold"] = value.strip() == "bold"
            elif name == "font-style":
                changes["italic"] = value.strip() == "italic"
        if not changes or "@font-face" in selectors:
            continue
        for selector in selectors.split(","):
            parts = selector.replace(">", " ").split()
            classes = [frozenset(re.findall(r"\.([\w-]+)", part)) for part in parts]
            rules.append(_Rule(classes, changes))
    return rules


def glyphs_used(page: str, rules: list[_Rule]) -> dict[Font, set[str]]:
    """Characters of a page's formulas, by the font that draws them."""
    used: dict[Font, set[str]] = defaultdict(set)
    fonts: dict[tuple[frozenset[str], ...], Font] = {}

    def font_at(path: tuple[frozenset[str], ...]) -> Font:
        if path not in fonts:
            font = font_at(path[:-1]) if len(path) > 1 else Font()
            for rule in rules:
                if _matches(rule.compounds, path):
                    font = font._replace(**rule.changes)  # type: ignore[arg-type]
            fonts[path] = font
        return fonts[path]

    for formula in FORMULA.finditer(page):
        path: list[frozenset[str]] = [frozenset({"katex"})]
        for token in TOKEN.finditer(page, formula.start()):
            closing, attributes, text = token.groups()
            if text:
                used[font_at(tuple(path))].update(html.unescape(text))
            elif closing:
                path.pop()
            elif attributes is not None:
                classes = CLASS.search(attributes)
                path.append(frozenset(classes[1].split() if classes else ()))
            if len(path) == 1:
                break
    return dict(used)


def _matches(compounds: list[frozenset[str]], path: tuple[frozenset[str], ...]) -> bool:
    if not compounds[-1] <= path[-1]:
        return False
    ancestors = iter(path[:-1] if len(compounds) > 1 else ())
    return all(any(compound <= classes for classes in ancestors) for compound in compounds[:-1])


def cut(path: Path, characters: set[str]) -> bytes:
    """A font with these characters only, as WOFF; empty if it has none of them."""
    font = ttLib.TTFont(path)
    wanted = {ord(character) for character in characters} & set(font.getBestCmap())
    if not wanted:
        return b""
    options = subset.Options(hinting=False, desubroutinize=True, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def font_faces(used: dict[Font, set[str]], folder: Path) -> str:
    """``@font-face`` rules that carry their fonts."""
    faces: dict[tuple[str, str], set[str]] = defaultdict(set)
    for font, characters in used.items():
        exact = folder / f"{font.family}-{font.style}.woff"
        faces[font.family, font.style if exact.exists() else "Regular"] |= characters
    sheet = []
    for (family, style), characters in sorted(faces.items()):
        data = cut(folder / f"{family}-{style}.woff", characters)
        if data:
            weight = "bold" if "Bold" in style else "normal"
            slant = "italic" if "Italic" in style else "normal"
            source = f'url(data:font/woff;base64,{base64.b64encode(data).decode()}) format("woff")'
            sheet.append(
                f"@font-face{{font-family:{family};font-weight:{weight};font-style:{slant};"
                f"font-display:block;src:{source}}}"
            )
    return "\n".join(sheet)
