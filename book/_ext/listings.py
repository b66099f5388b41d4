"""Above a piece of the library's own code stands where it comes from, with a link to its reference.

A block that the page writes itself has no such line, so a reader can tell the two apart. In the
notebook `plain_code` writes the same line.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude


class Listing(LiteralInclude):
    """``literalinclude``, which names the file if it is one of the package's."""

    def run(self) -> list[nodes.Node]:
        """Read the code; a block with a caption, or of another file, is left as it is."""
        found = super().run()
        path = Path(self.env.relfn2path(self.arguments[0])[1])
        source = Path(self.env.srcdir, "src")
        if "caption" in self.options or not path.is_relative_to(source):
            return found
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        place = addnodes.pending_xref(
            "",
            nodes.literal("", path.relative_to(source).as_posix()),
            refdomain="py",
            reftype="mod",
            reftarget=module,
            refdoc=self.env.docname,
        )
        line = nodes.paragraph("", "", classes=["listing"])
        if part := self.options.get("pyobject"):
            line += [nodes.literal("", part), nodes.Text(" in ")]
        line += place
        self.set_source_info(line)
        return [line, *found]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("literalinclude", Listing, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
