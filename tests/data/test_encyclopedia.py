"""The encyclopedia: markup that is gone, prose that is left, nothing twice."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError

import pytest

from linebyline.data import encyclopedia as module
from linebyline.data.encyclopedia import (
    FEWEST_WORDS,
    encyclopedia,
    encyclopedia_file,
    plain_paragraphs,
    split_paragraphs,
)

MORE = " and this goes on for as many words as a line must have" * 2


@pytest.fixture(scope="module")
def articles() -> dict[str, list[str]]:
    return encyclopedia()


def test_it_is_the_size_that_is_said(articles) -> None:
    paragraphs = [text for article in articles.values() for text in article]
    assert 90 < len(articles) < 100
    assert 4_500 < len(paragraphs) < 4_800
    assert 2_400_000 < sum(map(len, paragraphs)) < 2_600_000
    assert articles["Anarchism"][0].startswith("Anarchism is a political philosophy that advocates")
    assert "Austin (disambiguation)" not in articles  # a page that only tells pages apart
    assert "AccessibleComputing" not in articles  # one that only leads to another


def test_gensim_itself_is_not_imported(articles) -> None:
    assert "gensim" not in sys.modules


def test_no_paragraph_stands_twice_and_little_markup_is_left(articles) -> None:
    paragraphs = [text for article in articles.values() for text in article]
    assert len(set(paragraphs)) == len(paragraphs)
    for sign in ("{{", "}}", "[[", "]]", "<ref", "'''", "&nbsp;", "&amp;", "()", "http://", "\n"):
        assert not any(sign in text for text in paragraphs), sign


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("'''Bold''' and ''slanted''", "Bold and slanted"),
        ("a [[link]] and [[Link|another]]s", "a link and anothers"),
        ("see [[File:A.jpg|thumb|left|a [[cat]] in a [[Hat (cap)|hat]]]]here", "see here"),
        ("see [[File:A.jpg|thumb|left|a [cat] in [[Hat]]s]]here", "see here"),
        ("to [[wikt:go|go]] [[:Category:Out|out]]", "to go out"),
        ("in [[Category:Cats]]the [[fr:Chat]]house", "in the house"),
        ("one{{cite|a={{b|c}}}} two", "one two"),
        ("about {{convert|3.5|km|mi|abbr=on}} wide", "about 3.5 km wide"),
        ("the {{lang|la|aqua}} of Rome", "the aqua of Rome"),
        ("Abel ({{IPA|x}}) was", "Abel was"),
        ("Abel ({{IPA|x}}; born 3) was", "Abel (born 3) was"),
        ("one<ref name=a>Not [[this]].</ref> two<ref name=b /> three", "one two three"),
        ("x<sub>2</sub> is <math>x^2</math> large<!-- really\n? -->", "x2 is large"),
        ("[http://a.b/c its site] says", "its site says"),
        ("AT&amp;T&nbsp;was &lt;ref&gt;gone&lt;/ref&gt;here", "AT&T was here"),
    ],
)
def test_markup_goes_and_words_stay(markup: str, plain: str) -> None:
    assert plain_paragraphs(markup + MORE) == [plain + MORE]


def test_only_prose_is_kept() -> None:
    prose = "A sentence" + MORE
    table = "{| class=wikitable\n|-\n| a cell" + MORE + "\n{|\n| inside" + MORE + "\n|}\n|}"
    page = f"== Head{MORE} ==\n{prose}\n* item{MORE}\n# one{MORE}\n: in{MORE}\n{table}\ntoo short"
    assert plain_paragraphs(page) == [prose]
    assert plain_paragraphs("word " * FEWEST_WORDS) == [" ".join(["word"] * FEWEST_WORDS)]
    assert plain_paragraphs("word " * (FEWEST_WORDS - 1)) == []


def test_the_split_takes_its_share_of_every_article(articles) -> None:
    split = split_paragraphs(articles, test_share=0.25, seed=1)
    both = {text for _, text in split.train} & {text for _, text in split.test}
    assert not both
    assert len(split.train) + len(split.test) == sum(map(len, articles.values()))
    for title in ("Algeria", "Alchemy"):
        tested = [text for name, text in split.test if name == title]
        assert len(tested) == round(len(articles[title]) / 4)
        assert set(tested) < set(articles[title])
    assert split == split_paragraphs(articles, test_share=0.25, seed=1)
    assert split != split_paragraphs(articles, test_share=0.25, seed=2)


def test_what_is_wrong_is_refused(monkeypatch, tmp_path) -> None:
    with pytest.raises(ValueError, match=r"test_share is 1; .* below 1"):
        split_paragraphs({"a": ["b", "c"]}, test_share=1)
    with pytest.raises(ValueError, match="a paragraph twice"):
        split_paragraphs({"a": ["b"], "c": ["b"]})

    class Elsewhere:
        version = "9.9"

        def locate_file(self, path: str):
            return tmp_path / path

    monkeypatch.setattr(module, "distribution", lambda name: Elsewhere())
    with pytest.raises(FileNotFoundError, match=r"gensim 9.9 has no file enwiki.*linebyline\[ency"):
        encyclopedia_file()

    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(module, "distribution", missing)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "linebyline\[encyclopedia\]"'):
        encyclopedia()
