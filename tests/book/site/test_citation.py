"""A page's citation is valid BibTeX, and its report names the page."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import citation
from pybtex.database import parse_string


def test_the_citation_is_bibtex() -> None:
    text = citation.bibtex(
        key="linebyline:perceptrons-perceptron",
        title="The perceptron",
        book="Deep Learning, Line by Line",
        author="Line by Line contributors",
        year="2026",
        version="0.1.0",
        url="https://book.example/perceptron.html",
    )
    entry = parse_string(text, "bibtex").entries["linebyline:perceptrons-perceptron"]
    assert entry.fields["title"] == "The perceptron"
    assert entry.fields["url"] == "https://book.example/perceptron.html"
    assert entry.fields["year"] == "2026"
    assert "0.1.0" in entry.fields["note"]
    assert [str(person) for person in entry.persons["author"]] == ["{Line by Line contributors}"]


def test_the_report_names_page_and_version() -> None:
    url = citation.report_url(
        "https://github.com/o/n", "book/a", "https://book.example/a.html", "0.1.0"
    )
    assert url.startswith("https://github.com/o/n/issues/new?")
    query = parse_qs(urlsplit(url).query)
    assert query["title"] == ["book/a: "]
    assert "https://book.example/a.html" in query["body"][0]
    assert "0.1.0" in query["body"][0]
