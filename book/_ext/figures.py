"""An image knows its size before it is loaded, and those below the first screen load when they are
reached.

Figures are drawn at two pixels to a point of the page, so a PNG is shown at half its size; an image
that was given a size, or is no PNG, keeps its own.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import quote

import imagesize
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

log = logging.getLogger(__name__)
PIXELS_PER_POINT = 2


def size(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels, ``None`` if the file does not say."""
    width, height = imagesize.get(path)
    return (width, height) if width > 0 and height > 0 else None


def visit_image(self: HTML5Translator, node: nodes.image) -> None:
    """Write the ``<img>``: its attributes are its pixels, so that the browser keeps exactly the
    room that it will take; the style says how large it is shown.
    """
    uri = node["uri"]
    path = Path(self.builder.srcdir, uri)
    pixels = size(path) if path.is_file() else None
    if not node.get("alt"):
        place = node if node.line else node.parent
        log.warning("image without alt text: %s", uri, location=place, type="figures")
    if uri in self.builder.images:
        uri = posixpath.join(self.builder.imgpath, quote(self.builder.images[uri]))
    attributes = {"src": uri, "alt": node.get("alt", ""), "decoding": "async"}
    style = {side: _css(node[side]) for side in ("width", "height") if side in node}
    if pixels:
        attributes |= {"width": str(pixels[0]), "height": str(pixels[1])}
        if not style and path.suffix == ".png":
            style = {"width": f"{pixels[0] / PIXELS_PER_POINT:g}px"}
    if style:
        attributes["style"] = "; ".join(f"{side}: {length}" for side, length in style.items())
    if getattr(self, "has_image", False):
        attributes["loading"] = "lazy"
    self.has_image = True  # a translator writes one page
    classes = f"align-{node['align']}" if "align" in node else ""
    self.body.append(self.emptytag(node, "img", "", CLASS=classes, **attributes))


def depart_image(self: HTML5Translator, node: nodes.image) -> None:
    """Nothing to close."""


def _css(length: str) -> str:
    return f"{length}px" if length.replace(".", "").isdigit() else length


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
