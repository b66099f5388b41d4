"""What the landing page shows of the book itself: one of its figures, its contents, and how much is
run and checked.

``{figure-of} name`` repeats a figure of a chapter with a caption of its own, which leads to the
chapter; ``{book-contents}`` lists the chapters, each with the question that it answers;
``{{ cells }}`` and ``{{ claims }}`` are counted in the stored notebooks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import chapters
import claims
import yaml
from contents import chapter_numbers
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

log = logging.getLogger(__name__)


class figure_of(nodes.General, nodes.Element):  # noqa: N801  docutils writes its nodes in lower case
    """A place that a chapter's figure will take."""


class FigureOf(SphinxDirective):
    """``{figure-of} name``, with the caption as content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Leave a place; figures are known when all pages are read."""
        place = figure_of(name=self.arguments[0])
        self.set_source_info(place)
        place += self.parse_content_to_nodes()
        return [place]


class Borrow(SphinxPostTransform):
    """Fill the places, before images are looked up."""

    default_priority = 1
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Transform the document."""
        for place in list(self.document.findall(figure_of)):
            name = place["name"]
            image = self._image(name)
            if image is None:
                log.warning("no chapter has a figure %r", name, location=place, type="landing")
                place.parent.remove(place)
                continue
            caption = [child for paragraph in place.children for child in paragraph.children]
            figure = nodes.figure("", image.deepcopy(), classes=["borrowed"], ids=[f"of-{name}"])
            figure += nodes.caption("", "", *caption)
            place.parent.replace(place, figure)

    def _image(self, name: str) -> nodes.image | None:
        page, anchor, _ = self.env.domains["std"].data["labels"].get(name, ("", "", ""))
        if not page:
            return None
        for figure in self.env.get_doctree(page).findall(nodes.figure):
            if anchor in figure["ids"]:
                return next(figure.findall(nodes.image), None)
        return None


QUESTION = re.compile(r"^# (.+)\n+\*\*([^*]+)\*\*$", re.M)
"""A page's title, and the question in bold under it."""


class BookContents(SphinxDirective):
    """``{book-contents}``: every part whose pages ask a question, and the questions."""

    def run(self) -> list[nodes.Node]:
        """Build the list as Markdown."""
        toc = Path(self.env.srcdir, "_toc.yml")
        self.env.note_dependency(str(toc))
        numbers = chapter_numbers(toc)
        lines: list[str] = []
        for part in yaml.safe_load(toc.read_text("utf8")).get("parts", ()):
            entries = [
                self._entry(entry["file"], numbers.get(f"{entry['file']}.md"))
                for entry in part["chapters"]
            ]
            if all(entries):
                lines += [
                    "::::{container} part",
                    f"**{part['caption']}**",
                    "",
                    *entries,
                    "::::",
                    "",
                ]
        return self.parse_text_to_nodes("\n".join(lines))

    def _entry(self, page: str, number: str | None) -> str:
        source = Path(self.env.srcdir, f"{page}.md")
        self.env.note_dependency(str(source))
        found = QUESTION.search(source.read_text("utf8"))
        if not found:
            return ""
        title, question = found[1], " ".join(found[2].split())
        shown = f"{number} {title}" if number else title
        return f"- [{shown}](/{page}.md)\\\n  {question}"


def counts() -> dict[str, str]:
    """How many cells were run and claims checked, in all stored notebooks."""
    notebooks = [notebook for path in chapters.chapters() if (notebook := chapters.stored(path))]
    return {
        "cells": str(sum(len(chapters.code_cells(notebook)) for notebook in notebooks)),
        "claims": str(sum(1 for notebook in notebooks for _ in claims.claims_of(notebook))),
    }


def count(app: Sphinx, config: Config) -> None:
    """Offer the counts to every page."""
    config.myst_substitutions = {**config.myst_substitutions, **counts()}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_node(figure_of)
    app.add_directive("figure-of", FigureOf)
    app.add_directive("book-contents", BookContents)
    app.add_post_transform(Borrow)
    app.connect("config-inited", count)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
