"""What the search looks into: prose and code, but no formulas and nothing that a cell printed.

Sphinx indexes every text of a page. The TeX of a formula, the digits of an output and the cells of
a table, whose words run together once their tags are gone, are words that nobody types; nor are the
numbers in code, and the long names that a page gives to what it computes. And the objects of the
code reference are listed twice, for an index page that the book does not have. All that would have
to be loaded by whoever searches.
"""

from __future__ import annotations

import re
from typing import Any

import sphinx.search
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.search import IndexBuilder

NUMBER = re.compile(r"\b\d[\w.]*")
OWN = re.compile(r"""\b(\w+_\w+)\s*=(?!=)|\bdef\s+(\w+_\w+)|["'](\w+_\w+)["']""")
"""A name of two words that code gives to something, or writes between quotes."""


def searched(doctree: nodes.document) -> nodes.document:
    """A copy of a page without what is not searched for."""
    copy = doctree.deepcopy()
    for node in list(copy.findall(nodes.Element)):
        formula = isinstance(node, (nodes.math, nodes.math_block))
        # A term of the glossary has its entry in the index inside it.
        listed = isinstance(node, addnodes.index) and not isinstance(node.parent, nodes.term)
        if formula or listed or "cell_output" in node["classes"]:
            node.parent.remove(node)
    blocks = list(copy.findall(nodes.literal_block))
    given = {name for block in blocks for names in OWN.findall(block.astext()) for name in names}
    for block in blocks:
        words = re.findall(r"\w+", NUMBER.sub(" ", block.astext()))
        block.children = [nodes.Text(" ".join(word for word in words if word not in given))]
    return copy


class Index(IndexBuilder):
    """The index of Sphinx, fed with what is searched for."""

    def feed(self, docname: str, filename: str, title: str, doctree: nodes.document) -> None:
        """Add a page."""
        super().feed(docname, filename, title, searched(doctree))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx, which has no setting for its index."""
    sphinx.search.IndexBuilder = Index  # type: ignore[misc]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
