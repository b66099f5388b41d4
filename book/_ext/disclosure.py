"""What is folded is a native ``<details>``: solutions, and any admonition of class ``dropdown``.

It opens without a script, from the keyboard and by a search in the page, and nothing moves while
the page loads. The bodies of exercises, solutions and theorems lose the ids that their extensions
give to all of them alike.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

FOLDED = "dropdown"
REPEATED = {"exercise-content", "solution-content", "proof-content"}


class folded(nodes.General, nodes.Element):  # noqa: N801  docutils writes its nodes in lower case
    """A part of the page behind its title."""


class Fold(SphinxPostTransform):
    """Put ``folded`` in the place of whatever asks to be folded, once titles are resolved."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Transform the document."""
        for section in self.document.findall(nodes.section):
            section["ids"] = [name for name in section["ids"] if name not in REPEATED]
        for node in list(self.document.findall(nodes.Admonition)):
            if not isinstance(node, nodes.Element) or FOLDED not in node.get("classes", ()):
                continue
            title, *content = node.children
            for link in list(title.findall(nodes.reference)):  # a title that opens cannot be a link
                link.parent.replace(link, link.children)
            summary = nodes.inline("", "", *title.children, classes=["folded-title"])
            kind = node.tagname.removesuffix("_node")
            classes = [name for name in node["classes"] if name != FOLDED]
            fold = folded("", summary, *content, classes=["admonition", kind, *classes])
            fold["ids"], fold.source, fold.line = node["ids"], node.source, node.line
            node.parent.replace(node, fold)  # replace_self would bring the class back


def visit_folded(self: HTML5Translator, node: folded) -> None:
    """Open the element; its first child is the title."""
    self.body.append(self.starttag(node, "details"))
    self.body.append('<summary class="admonition-title">')
    node.children[0].walkabout(self)
    self.body.append("</summary>\n")
    node.remove(node.children[0])


def depart_folded(self: HTML5Translator, node: folded) -> None:
    """Close the element."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_node(folded, html=(visit_folded, depart_folded))
    app.add_post_transform(Fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
