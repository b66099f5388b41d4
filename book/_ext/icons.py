"""The icons that the pages show, as masks in the style sheet.

The theme draws its icons with a script of 1.5 MB that replaces every ``<i class="fa-solid
fa-bars">`` while the page loads. Here the same shapes, taken from that script when the site is
built, are masks over the text's colour.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pydata_sphinx_theme

SCRIPT = Path(pydata_sphinx_theme.__file__).parent.joinpath(
    "theme/pydata_sphinx_theme/static/scripts/fontawesome.js"
)
# Classes that say how an icon is drawn, not which.
MANNERS = {"fa-solid", "fa-brands", "fa-regular", "fa-lg", "fa-sm", "fa-fw"}
ICON = re.compile(r"\bfa-[a-z0-9-]+")
SHAPE = r'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","(M[^"]+)"\]'
ALIAS = r'[{{,]"?[a-z0-9-]+"?:\[(\d+),(\d+),\[[^\]]*"{name}"[^\]]*\],"[0-9a-f]+","(M[^"]+)"\]'
DRAWN = """
i[class*=fa-],span[class*=fa-]{display:inline-block;height:1em;line-height:1;flex:none}
i[class*=fa-]::before,span[class*=fa-]::before{content:"";display:block;height:1em;width:var(--icon-width);
background:currentColor;mask:var(--icon) center/contain no-repeat}
"""


def icons_used(page: str) -> set[str]:
    """Names of the icons in an HTML page."""
    return {
        name
        for value in re.findall(r'class="([^"]*\bfa-[^"]*)"', page)
        for name in ICON.findall(value)
    } - MANNERS


def shape(name: str, script: str) -> tuple[int, int, str]:
    """Width, height and path of an icon; the solid one where there are several.

    Raises:
        ValueError: the theme has no icon of that name.
    """
    bare = re.escape(name.removeprefix("fa-"))
    found = re.findall(SHAPE.format(name=bare), script)
    found = found or re.findall(ALIAS.format(name=bare), script)
    if not found:
        raise ValueError(f"the theme has no icon {name!r}")
    width, height, path = found[-1]
    return int(width), int(height), path


def style(names: set[str], script: str) -> str:
    """Rules that draw these icons."""
    drawn = [DRAWN]
    for name in sorted(names):
        width, height, path = shape(name, script)
        box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        svg = f'<svg {box}><path d="{path}"/></svg>'
        url = "data:image/svg+xml," + quote(svg, safe=" =:/'")
        drawn.append(f'.{name}{{--icon:url("{url}");--icon-width:{width / height:.3g}em}}')
    return "\n".join(drawn)
