"""Each page says how it is cited and where a mistake in it is reported."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

from docutils import nodes
from sphinx.application import Sphinx


def bibtex(
    *, key: str, title: str, book: str, author: str, year: str, version: str, url: str
) -> str:
    """A BibTeX entry for a chapter of an online book."""
    return (
        f"@incollection{{{key},\n"
        f"  title     = {{{title}}},\n"
        f"  booktitle = {{{book}}},\n"
        f"  author    = {{{{{author}}}}},\n"
        f"  year      = {{{year}}},\n"
        f"  note      = {{Version {version}}},\n"
        f"  url       = {{{url}}}\n"
        "}"
    )


def report_url(repository: str, page: str, url: str, version: str) -> str:
    """A new issue that already says which page it is about."""
    query = {"title": f"{page}: ", "body": f"Page: {url}\nVersion: {version}\n\nWhat is wrong:\n"}
    return f"{repository}/issues/new?{urlencode(query, quote_via=quote)}"


def offer(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the templates what they show at a page's end."""
    if doctree is None:
        return
    config = app.config
    url = config.html_baseurl + app.builder.get_target_uri(page)
    title = app.env.titles[page].astext()
    context["citation"] = bibtex(
        key="linebyline:" + re.sub(r"\W+", "-", page.removeprefix("book/")),
        title=title,
        book=config.html_title,
        author=config.author,
        year=config.copyright,
        version=config.release,
        url=url,
    )
    repository = config.html_theme_options["repository_url"]
    context["report_url"] = report_url(repository, page, url, config.release)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
