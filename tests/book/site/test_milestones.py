"""``{milestones}`` as the site shows it and as a notebook writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import milestones
import pytest
from address import site_url
from bs4 import BeautifulSoup, Tag
from chapters import ROOT, settings
from plain import Context, PlainError, leftovers, render

from linebyline.data.milestones import MILESTONES

TOC = "format: jb-book\nroot: book/index\nparts:\n  - chapters:\n"
BIB = (ROOT / "book/references.bib").read_text("utf8")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book whose table of contents has the chapter in which the perceptron is built."""
    (tmp_path / "book" / "units").mkdir(parents=True)
    (tmp_path / "book/references.bib").write_text(BIB, "utf8")
    for name, title in (
        ("index", "Book"),
        ("units/perceptron", "The *perceptron*"),
        ("now", "Now"),
    ):
        (tmp_path / f"book/{name}.md").write_text(f"# {title}\n", "utf8")
    listed = "      - file: book/units/perceptron\n      - file: book/now\n"
    (tmp_path / "_toc.yml").write_text(TOC + listed, "utf8")
    return tmp_path


@pytest.fixture
def plain(book: Path) -> Callable[[str], str]:
    """What the notebook of ``book/now.md`` shows."""

    def show(text: str) -> str:
        page = book / "book/now.md"
        page.write_text(text, "utf8")
        (shown,) = render([text], Context.of(page, book / "book", settings(), {}))
        assert leftovers(shown) == []
        return shown

    return show


@pytest.fixture
def site(
    build_page: Callable[..., tuple[str, str]], book: Path
) -> Callable[[str], tuple[Tag, str]]:
    """The definition list on a page of the site, and the warnings."""

    def build(argument: str) -> tuple[Tag, str]:
        text = f"# Now\n\n```{{milestones}} {argument}\n```\n\n```{{bibliography}}\n```\n"
        page, warnings = build_page(
            text,
            extensions=["myst_parser", "sphinxcontrib.bibtex", "milestones"],
            bibtex_bibfiles=["book/references.bib"],
            bibtex_reference_style="author_year",
        )
        return BeautifulSoup(page, "html.parser").select_one("dl.milestones"), warnings

    return build


def test_the_site_lists_a_period(site: Callable[[str], tuple[Tag, str]]) -> None:
    shown, warnings = site("1943-1960")
    assert warnings == "" or "toctree" in warnings  # the other pages are in no table of contents
    terms = [" ".join(term.text.split()) for term in shown.select("dt")]
    assert terms == ["1943 Nets of threshold cells", "November 1958 Perceptron", "1960 Adaline"]
    assert [date.text for date in shown.select("dt .date")] == ["1943", "November 1958", "1960"]
    problem, idea, facts = shown.select("dd")[1].select("p")
    assert problem.select_one("em").text == "Can a net wire itself from examples?"
    assert idea.text.startswith("Connect a retina at random")
    assert facts.text == "Rosenblatt [1958], dated by the journal. Built in The perceptron."
    assert facts.select("a")[-1]["href"] == "book/units/perceptron.html"
    assert shown.select("dd")[2].text.strip().endswith("Built in a later chapter.")


def test_the_site_gives_the_source_of_a_size_that_is_another(
    site: Callable[[str], tuple[Tag, str]],
) -> None:
    shown, _ = site("2012-2012")
    facts = shown.select("dd p")[-1].text
    assert facts == (
        "Krizhevsky et al. [2012], dated by the conference. 60 million parameters. "
        "4.7 · 10¹⁷ operations to train [Amodei and Hernandez, 2018]. Built in a later chapter."
    )


def test_a_size_that_the_book_counted_says_so(site: Callable[[str], tuple[Tag, str]]) -> None:
    shown, _ = site("1989-1989")
    assert shown.select("dd p")[-1].text.startswith(
        "LeCun et al. [1989], dated by the journal. 9,760 parameters. "
        "6.5 · 10¹⁰ operations to train, counted here. "
    )


def test_an_idea_may_cite(
    site: Callable[[str], tuple[Tag, str]], plain: Callable[[str], str]
) -> None:
    shown, _ = site("1997-1997")
    assert "came in 1999 [Gers et al., 1999]." in shown.text
    assert "came in 1999 [[Gers *et al.*, 1999](https://doi.org/10.1049/cp:19991218)]." in plain(
        "```{milestones} 1997-1997\n```"
    )


@pytest.mark.parametrize(
    ("number", "power"),
    [(4.7e17, "4.7 · 10¹⁷"), (1e19, "10¹⁹"), (5.33e20, "5.33 · 10²⁰"), (2.45e6, "2.45 · 10⁶")],
)
def test_powers_of_ten(number: float, power: str) -> None:
    assert milestones._power(number) == power


@pytest.mark.parametrize(
    ("number", "words"), [(9760, "9,760"), (60e6, "60 million"), (1558e6, "1.56 billion")]
)
def test_sizes_in_words(number: float, words: str) -> None:
    assert milestones._number(number) == words


@pytest.mark.parametrize("argument", ["1943", "1943–1960", "43-60", "1950-1955"])
def test_what_is_no_period_is_an_error_that_says_so(
    site: Callable[[str], tuple[Tag, str]], plain: Callable[[str], str], argument: str
) -> None:
    _, warnings = site(argument)
    problem = "no milestone there" if argument == "1950-1955" else "is no period; write two years"
    assert problem in warnings
    with pytest.raises(PlainError, match=problem):
        plain(f"```{{milestones}} {argument}\n```")


def test_a_notebook_writes_the_same_as_a_list(plain: Callable[[str], str]) -> None:
    shown = plain("# Now\n\n```{milestones} 1958-1960\n```\n\nAfter.")
    first, second = shown.split("\n- ")[1:]
    assert first.startswith(
        "**November 1958 Perceptron**: *Can a net wire itself from examples?*\n"
    )
    address = f"{site_url(settings()['repository']['url'])}book/units/perceptron.html"
    assert f", dated by the journal. Built in [The *perceptron*]({address})." in first
    assert "Rosenblatt [[1958](https://doi.org/10.1037/h0042519)]" in first
    assert second.startswith("**1960 Adaline**: ")
    assert second.endswith("Built in a later chapter.\n\nAfter.")


def test_a_chapter_that_enters_the_contents_is_linked(
    book: Path, plain: Callable[[str], str]
) -> None:
    text = "# Now\n\n```{milestones} 1980-1980\n```\n"
    before = plain(text)
    assert before.count("](") == 1
    (book / "book/units/convolution.md").write_text("# Convolution\n", "utf8")
    assert plain(text) == before, "a page that the contents do not list is no chapter yet"
    with (book / "_toc.yml").open("a") as toc:
        toc.write("      - file: book/units/convolution\n")
    after = plain(text)
    assert "a later chapter" not in after
    assert "units/convolution.html)" in after


def test_a_page_of_the_code_reference_is_no_chapter_and_a_name_stands_once(tmp_path: Path) -> None:
    toc = tmp_path / "_toc.yml"
    assert milestones.page("losses", toc) is None
    toc.write_text(f"{TOC}      - file: book/api/losses\n", "utf8")
    assert milestones.page("losses", toc) is None
    toc.write_text(f"{TOC}      - file: book/training/losses\n", "utf8")
    assert milestones.page("losses", toc) == "book/training/losses"
    toc.write_text(f"{TOC}      - file: book/a/losses\n      - file: book/b/losses\n", "utf8")
    with pytest.raises(ValueError, match="2 chapters named losses: book/a/losses, book/b/losses"):
        milestones.page("losses", toc)


def test_every_milestone_that_a_chapter_of_this_book_builds_leads_there() -> None:
    toc = ROOT / "_toc.yml"
    built = {
        each.chapter: milestones.page(each.chapter, toc) for each in MILESTONES if each.chapter
    }
    assert built["perceptron"] == "book/perceptrons/perceptron"
    for path in filter(None, built.values()):
        assert (ROOT / f"{path}.md").exists()


def test_a_new_page_or_table_is_noticed(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    noted: list[str] = []
    env = SimpleNamespace(srcdir=str(book), note_dependency=noted.append)
    directive = milestones.MilestonesDirective.__new__(milestones.MilestonesDirective)
    directive.arguments = ["1943-1943"]
    directive.state = SimpleNamespace(document=SimpleNamespace(settings=SimpleNamespace(env=env)))
    monkeypatch.setattr(directive, "parse_inline", lambda text: ([], []), raising=False)
    monkeypatch.setattr(directive, "parse_text_to_nodes", lambda text: [], raising=False)
    directive.run()
    assert noted == [str(book / "_toc.yml"), str(milestones.TABLE)]
    assert milestones.TABLE.name == "milestones.toml"
