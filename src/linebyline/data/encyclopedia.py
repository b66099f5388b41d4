"""Articles of English Wikipedia as plain paragraphs, real prose without a network."""

from __future__ import annotations

import bz2
import hashlib
import html
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import regex

PACKAGE = "gensim"
REMEDY = 'pip install "linebyline[encyclopedia]"'
FILE = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"

FEWEST_WORDS = 20
"""A shorter line is a caption, a formula's explanation or the head of a list, and no paragraph."""

_TABLE = regex.compile(r"\{\|(?:[^{}|]|\{(?!\|)|\|(?!\})|\}(?!\}))*?\|\}")
_MEASURE = regex.compile(r"\{\{convert\|([^{}|]*)\|([^{}|]*)[^{}]*\}\}", regex.IGNORECASE)
_FOREIGN = regex.compile(r"\{\{(?:lang\|[^{}|]*|nowrap)\|([^{}|]*)\}\}", regex.IGNORECASE)
_TEMPLATE = regex.compile(r"\{\{[^{}]*\}\}")
_LINK = regex.compile(r"\[\[(?:[^\[\]|]*\|)*+([^\[\]|]*)\]\]")
_NO_TEXT = regex.compile(
    r"\[\[\s*(?:file|image|category|media)\s*:(?:(?!\[\[|\]\]).)*\]\]"
    r"|\[\[[a-z]{2,3}(?:-[a-z]+)*:[^\[\]|]*\]\]",  # the article in another language
    regex.IGNORECASE | regex.DOTALL,
)
_ADDRESS = regex.compile(r"\[(?:https?:|ftp:)?//[^\s\]]+\s*([^\]]*)\]")
_WORD = regex.compile(r"\p{L}+")
_NO_PROSE = tuple("*#:;|!={} ")  # lists, indented lines, rows of tables, headings
_LEFT = regex.compile(r"\{\{|\}\}|\[\[|\]\]")  # what was not paired: the line is given up
_DEEPEST = 10  # templates and links in one another; deeper there are none


class Paragraph(NamedTuple):
    """A paragraph, and the article that it is from."""

    title: str
    text: str


class ParagraphSplit(NamedTuple):
    """Paragraphs to learn from, and others to judge by, none of them in both."""

    train: list[Paragraph]
    test: list[Paragraph]


def encyclopedia() -> dict[str, list[str]]:
    """Articles by their titles, each a list of its paragraphs; no paragraph stands twice.

    From a dump of English Wikipedia of 2016: the first pages, whose titles nearly all begin with A,
    as they come with the tests of gensim 4.4. Redirections, disambiguations and pages about the
    encyclopedia itself are left out. **The text is Wikipedia's authors', under CC BY-SA 3.0**:
    whoever passes it on must name them and pass it on alike. The dump's first pages are no sample
    of anything; much is about states, people and science.

    Nothing is imported from gensim, and nothing is stored: the file is read where it lies.

    Raises:
        ModuleNotFoundError: the package is missing; the message says how to install it.
        FileNotFoundError: the package is there and its file is not, as in another version.
    """
    with bz2.open(encyclopedia_file(), "rb") as file:
        root = ElementTree.parse(file).getroot()
    seen: set[str] = set()
    found = {}
    for page in root.iterfind("{*}page"):
        title, markup = page.findtext("{*}title", ""), page.findtext("{*}revision/{*}text", "")
        skipped = page.find("{*}redirect") is not None or "{{disambig" in markup.lower()
        if page.findtext("{*}ns") != "0" or skipped:
            continue
        kept = []
        for text in plain_paragraphs(markup):
            key = " ".join(_WORD.findall(text.lower()))
            if key not in seen:
                seen.add(key)
                kept.append(text)
        if kept:
            found[title] = kept
    return found


def encyclopedia_file() -> Path:
    """Where the file lies, which is found without importing the package.

    Raises:
        ModuleNotFoundError: as `encyclopedia`.
        FileNotFoundError: as `encyclopedia`.
    """
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(
            f"the articles are in a package that is not installed: {REMEDY}", name=PACKAGE
        ) from error
    path = Path(str(package.locate_file(f"{PACKAGE}/test/test_data/{FILE}")))
    if not path.is_file():
        raise FileNotFoundError(
            f"{PACKAGE} {package.version} has no file {FILE}; version 4.4.0 has it: {REMEDY}"
        )
    return path


def plain_paragraphs(markup: str) -> list[str]:
    """MediaWiki's markup without the markup: the lines of prose of `FEWEST_WORDS` words or more.

    Notes, tables, pictures, formulas, headings and lists go; a link leaves the words that it
    shows, a template nothing, but for measures (``{{convert|3|km}}`` leaves 3 km) and foreign
    words. In this markup a paragraph is one line.
    """
    text = html.unescape(markup).replace("\xa0", " ")
    text = regex.sub(r"<!--.*?-->", "", text, flags=regex.DOTALL)
    text = regex.sub(r"<(ref|references)\b[^<>]*/>", "", text, flags=regex.IGNORECASE)
    for name in (
        "ref",
        "math",
        "gallery",
        "timeline",
        "table",
        "source",
        "pre",
        "imagemap",
        "score",
    ):
        text = regex.sub(
            rf"<{name}\b[^<>]*>.*?</{name}\s*>", "", text, flags=regex.DOTALL | regex.IGNORECASE
        )
    text = _innermost_first(text)
    text = _ADDRESS.sub(r"\1", text)
    text = regex.sub(r"<[^<>\n]+>|'{2,}|__[A-Z]+__", "", text)
    lines = (_mended(line) for line in text.split("\n") if not line.startswith(_NO_PROSE))
    return [
        line
        for line in lines
        if len(_WORD.findall(line)) >= FEWEST_WORDS and not _LEFT.search(line)
    ]


def _mended(line: str) -> str:
    """Without the brackets that a template has left empty, and what it has left around them."""
    line = regex.sub(r"\(\s*[,;:]*\s*\)", "", line)
    line = regex.sub(r"\(\s*[,;:]+\s*", "(", line)
    return regex.sub(r"\s+([.,;:)])", r"\1", " ".join(line.split()))


def _innermost_first(text: str) -> str:
    """Templates, tables and links, which stand in one another."""
    for _ in range(_DEEPEST):
        before = text
        text = _FOREIGN.sub(r"\1", _MEASURE.sub(r"\1 \2", text))
        text = _TEMPLATE.sub("", text)
        text = _LINK.sub(r"\1", _NO_TEXT.sub("", text))
        text = _TABLE.sub("", text)
        if text == before:
            break
    return text


def split_paragraphs(
    articles: Mapping[str, Sequence[str]], *, test_share: float = 0.25, seed: int = 0
) -> ParagraphSplit:
    """Some paragraphs of every article to judge by, the others to learn from.

    A paragraph's place is decided by the SHA-256 of seed and text, within each article: so many
    with the smallest ones as are its share, rounded. Both lists keep the order of the articles.

    Args:
        articles: titles with their paragraphs, such as `encyclopedia` gives.
        test_share: of each article's paragraphs.
        seed: the same seed gives the same split.

    Raises:
        ValueError: ``test_share`` is not between 0 and 1, or a paragraph stands twice.
    """
    if not 0 < test_share < 1:
        raise ValueError(f"test_share is {test_share}; it must be above 0 and below 1")
    texts = [text for paragraphs in articles.values() for text in paragraphs]
    if len(set(texts)) < len(texts):
        raise ValueError("articles has a paragraph twice; each must stand there once")

    def draw(text: str) -> bytes:
        return hashlib.sha256(f"{seed} {text}".encode()).digest()

    split = ParagraphSplit([], [])
    for title, paragraphs in articles.items():
        drawn = set(sorted(paragraphs, key=draw)[: round(test_share * len(paragraphs))])
        for text in paragraphs:
            split[text in drawn].append(Paragraph(title, text))
    return split
