"""Numbers as texts: their words, pages that count on, and what is broken in them."""

import random

import pytest

from linebyline.data.number_texts import (
    counting_pages,
    exchange_units,
    exchange_words,
    number_of,
    number_texts,
    plain,
    replace_word,
)
from linebyline.data.translation import number_pairs


def test_texts_are_those_of_the_pairs_without_marks():
    pairs = number_pairs(50, digits=(1, 9), seed=3)
    english = number_texts(50, digits=(1, 9), seed=3)
    assert [text.split() for text in english] == [
        text.replace(",", " ").replace("-", " ").split() for text in pairs.sources
    ]
    assert number_texts(50, digits=(1, 9), language="ko", seed=3) == pairs.targets
    assert english != number_texts(50, digits=(1, 9), seed=4)


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="language must be en or ko, not 'fr'"):
        number_texts(3, language="fr")


def test_marks_become_spaces_or_nothing():
    assert plain("one million, twenty-one") == "one million twenty one"


def test_pages_count_on():
    pages = counting_pages(20, lines=3, digits=(2, 3), seed=1)
    assert pages == counting_pages(20, lines=3, digits=(2, 3), seed=1)
    assert pages != counting_pages(20, lines=3, digits=(2, 3), seed=2)
    spoken = {number_word(n): n for n in range(1100)}
    for page in pages:
        numbers = [spoken[text] for text in page]
        assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
        assert 10 <= numbers[0] < 1000
    assert {len(str(spoken[page[0]])) for page in pages} == {2, 3}
    first = {spoken[a] for a, *_ in counting_pages(900, lines=1, digits=(2, 2), seed=1)}
    assert first == {*range(10, 100)}  # the least and the greatest, too


def number_word(number: int) -> str:
    from num2words import num2words

    return num2words(number).replace("-", " ").replace(",", "")


@pytest.mark.parametrize(
    ("count", "options"),
    [(0, {}), (1, {"lines": 0}), (1, {"digits": (3, 2)}), (1, {"digits": (1, 16)})],
)
def test_pages_that_cannot_be_are_refused(count, options):
    with pytest.raises(ValueError, match="must be"):
        counting_pages(count, **options)


def test_a_number_is_what_num2words_says():
    for text in number_texts(200, digits=(1, 9), seed=5):
        number = number_of(text)
        assert number is not None
        assert number_word(number) == text
    for text in ("hundred", "two two", "two thousand three million", "", "one cat", "twenty ten"):
        assert number_of(text) is None


def test_units_change_places():
    text = "two million three thousand and four"
    assert exchange_units(text) == "two thousand three million and four"
    assert exchange_units(exchange_units(text)) == text
    for wrong in ("two thousand", "one million", "one million two million three thousand"):
        with pytest.raises(ValueError, match="each once"):
            exchange_units(wrong)


def test_two_different_words_change_places():
    text = "two thousand two hundred and two"
    for seed in range(30):
        found = exchange_words(text, random.Random(seed)).split()
        changed = [a != b for a, b in zip(found, text.split(), strict=True)]
        assert sum(changed) == 2
        assert sorted(found) == sorted(text.split())
    with pytest.raises(ValueError, match="two different words"):
        exchange_words("one one", random.Random(0))


def test_one_word_is_replaced():
    text, known = "one two three", ["one", "two", "three", "four"]
    places = set()
    for seed in range(40):
        found = replace_word(text, known, random.Random(seed))
        changed = [a != b for a, b in zip(found.text.split(), text.split(), strict=True)]
        assert changed == [place == found.place for place in range(3)]
        places.add(found.place)
    assert places == {0, 1, 2}
    assert replace_word("one", ["one", "two"], random.Random(0)) == ("two", 0)  # the only other
    for bad in (("", known), ("one", ["one"])):
        with pytest.raises(ValueError, match="text must have a word"):
            replace_word(*bad, random.Random(0))
