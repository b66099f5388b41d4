"""References and citations; test_plain_site.py holds the citations to the site's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bibliography import Reference, citation, in_order, references
from chapters import BOOK


@pytest.fixture
def read(tmp_path: Path) -> dict[str, Reference]:
    """A few entries of each kind."""
    bib = tmp_path / "references.bib"
    bib.write_text(
        r"""
@article{two, author={Freund, Yoav and Schapire, Robert E.}, title={Large {M}argin_s}, journal={ML},
  volume=3, pages={277--296}, year=1999, doi={10.1023/A:1}}
@book{many, author={B{\"o}ll, H. and {van der Waals}, J. and Doe, Jane}, title={Many},
  publisher={P}, year=1962}
@misc{anonymous, title={Nobody}, url={https://nobody}}
@proceedings{edited, editor={Knuth, Donald}, title={Talks}, year=1975}
""",
        "utf8",
    )
    return references(bib)


def test_an_entry_as_markdown(read: dict[str, Reference]) -> None:
    assert read["two"] == Reference(
        authors_short="Freund and Schapire",
        authors="Freund and Schapire",
        year="1999",
        text="Yoav Freund and Robert E. Schapire. Large Margin\\_s. *ML*, 3:277–296, 1999. "
        "[doi:10.1023/A:1](https://doi.org/10.1023/A:1).",
        url="https://doi.org/10.1023/A:1",
    )


def test_names_as_the_site_shortens_them(read: dict[str, Reference]) -> None:
    assert read["many"].authors_short == "Böll *et al.*"
    assert read["many"].authors == "Böll, van der Waals, and Doe"
    assert read["edited"].authors == "Knuth"
    assert (read["anonymous"].authors, read["anonymous"].year) == ("Nobody", "n.d.")


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("p", "[[van A, 1](u), B *et al.*, 2]"),
        ("ps", "[[van A, 1](u), B and all, 2]"),
        ("t", "van A [[1](u)], B *et al.* [2]"),
        ("ct", "Van A [[1](u)], B *et al.* [2]"),
        ("ts", "van A [[1](u)], B and all [2]"),
        ("alp", "[van A, 1](u), B *et al.*, 2"),
        ("author", "[van A](u), B *et al.*"),
        ("authors", "[van A](u), B and all"),
        ("authorpar", "[[van A](u), B *et al.*]"),
        ("year", "[1](u), 2"),
        ("yearpar", "[[1](u), 2]"),
    ],
)
def test_styles(style: str, expected: str) -> None:
    first, second = (
        Reference("van A", "van A", "1", "x", "u"),
        Reference("B *et al.*", "zB and all", "2", "x", ""),
    )
    assert citation(style, [second, first]).replace("zB", "B") == expected


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        citation("nonsense", [])


def test_the_order_is_the_bibliographys() -> None:
    a1, a2, b = (
        Reference(name, name, year, "", "") for name, year in (("a", "1"), ("A", "2"), ("b", "0"))
    )
    assert in_order([b, a2, a1]) == [a1, a2, b]


def test_no_two_references_of_the_book_are_cited_alike() -> None:
    """Otherwise "He et al. [2016]" stands there twice: their years carry letters, 2016a, 2016b."""
    cited = [
        (each.authors_short, each.year) for each in references(BOOK / "references.bib").values()
    ]
    assert [name for name, times in Counter(cited).items() if times > 1] == []
