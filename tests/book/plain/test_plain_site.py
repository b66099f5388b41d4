"""What a notebook says and links, the site says and links: a small book, built, and compared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from urllib.parse import urljoin

import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from chapters import read, settings
from markdown_it import MarkdownIt
from plain import Context, leftovers, render

SITE = "https://owner.github.io/name/"
THEIRS = settings()  # what decides on numbers and names is the real book's
NUMBERING = ("bibtex", "math", "numfig")
CONFIG = {
    "title": "Scratch",
    "only_build_toc_files": True,
    "exclude_patterns": ["**.ipynb", ".*"],
    "bibtex_bibfiles": ["book/references.bib"],
    "execute": {"execute_notebooks": "force"},
    "repository": {"url": "https://github.com/owner/name", "branch": "main"},
    "parse": THEIRS["parse"],
    "sphinx": {
        "recursive_update": True,
        "extra_extensions": ["sphinx_exercise", "sphinx_proof"],
        "config": {
            name: value
            for name, value in THEIRS["sphinx"]["config"].items()
            if name.startswith(NUMBERING)
        },
    },
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book, built."""
    root = tmp_path_factory.mktemp("scratch")
    copytree(Path(__file__).parent / "book_to_build", root, dirs_exist_ok=True)
    (root / "_config.yml").write_text(yaml.safe_dump(CONFIG), "utf8")
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", "-W", "--keep-going", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root


@pytest.fixture(scope="module")
def article(root: Path) -> Tag:
    """The chapter's page."""
    html = (root / "_build" / "html" / "book" / "part" / "chapter.html").read_text("utf8")
    found = BeautifulSoup(html, "html.parser").select_one("article")
    assert found
    for link in found.select("a.headerlink"):
        link.decompose()
    return found


@pytest.fixture(scope="module")
def notebook(root: Path) -> str:
    """The chapter's Markdown cells."""
    chapter = root / "book" / "part" / "chapter.md"
    values = {"share": 0.98765, "count": 42, "word": "seven"}
    context = Context.of(chapter, root / "book", CONFIG, values=values)
    cells = [cell.source for cell in read(chapter).cells if cell.cell_type == "markdown"]
    return "\n\n".join(render(cells, context))


def spoken(element: Tag) -> str:
    """The words of an element, formulas as they are written."""
    text = element.get_text().replace("\\(", "$").replace("\\)", "$")
    return " ".join(text.split())


def destinations(element: Tag, page: str) -> list[str]:
    """Where its links lead, below the site's address; citations aside, which lead to the papers."""
    links = [
        str(link["href"])
        for link in element.select("a")
        if "://" not in str(link["href"]).replace(SITE, "")
    ]
    return [urljoin(SITE + page, link) for link in links if "/bibliography.html" not in link]


def test_the_whole_chapter_is_plain(notebook: str) -> None:
    assert leftovers(notebook) == []


def test_every_role_says_and_links_what_the_site_does(article: Tag, notebook: str) -> None:
    theirs = article.select("#roles > ul > li")
    ours = BeautifulSoup(
        MarkdownIt().render(notebook.partition("## Roles")[2]), "html.parser"
    ).select("ul li")
    assert len(theirs) == len(ours) > 15
    for their, our in zip(theirs, ours, strict=True):
        assert spoken(our) == re.sub(r"\[(\d)\](?= and|, then|\.)", r"\1", spoken(their))
        if "footnote" in str(our):  # the site's anchors are its own
            continue
        assert destinations(our, "book/part/chapter.html") == destinations(
            their, "book/part/chapter.html"
        )


def test_equations_carry_the_sites_numbers(article: Tag, notebook: str) -> None:
    theirs = [spoken(number) for number in article.select(".eqno")]
    assert theirs == [f"({number})" for number in re.findall(r"\\tag\{([\d.]+)\}", notebook)]
    assert len(theirs) == 4


def test_captions_and_titles_carry_the_sites_numbers(article: Tag, notebook: str) -> None:
    theirs = [spoken(number) for number in article.select(".caption-number")]
    ours = re.findall(
        r"^(?:> )*(?:\*\*|#+ )((?:Fig\.|Table|Listing|Exercise|Theorem|Lemma|Definition) [\d.]*\d)",
        notebook,
        re.M,
    )
    assert [each for each in theirs if each != "Fig. 2.3"] == ours  # which a cell of code draws
    assert "Fig. 2.3" in theirs


def test_footnotes_come_in_the_sites_order(article: Tag, notebook: str) -> None:
    theirs = [spoken(note) for note in article.select("aside.footnote p")]
    ours = MarkdownIt().render(notebook.rpartition("\n---\n")[2])
    assert [
        spoken(note)[1:].strip() for note in BeautifulSoup(ours, "html.parser").select("p")
    ] == theirs


def test_every_anchor_is_on_the_site(root: Path) -> None:
    chapter = root / "book" / "part" / "chapter.md"
    labels = Context.of(chapter, root / "book", CONFIG, values={}).labels
    assert len(labels) > 50
    for label, target in labels.items():
        page = (root / "_build" / "html" / target.page).read_text("utf8")
        assert not target.anchor or f'id="{target.anchor}"' in page, f"{label}: {target}"
