"""Let sphinx-codeautolink (0.19) read pages that have exercises and theorems.

It keeps a stack of section titles and pops one for every section that ends, but exercises and
theorems are sections without a title, and the stack runs empty.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_codeautolink.extension.block import CodeBlockAnalyser


def depart_section(self: Any, node: nodes.section) -> None:
    """Pop the title only of a section that pushed one."""
    if any(isinstance(child, nodes.title) for child in node.children):
        self.title_stack.pop()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    CodeBlockAnalyser.depart_section = depart_section
    return {"parallel_read_safe": True, "parallel_write_safe": True}
