"""One id a word, in the order of code points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.tokenizers.basic_tokenizer import BasicTokenizer
from linebyline.tokenizers.word import WordTokenizer

TEXT = "Twenty-one, one thousand: 빨간색 3 왼쪽에"


@settings(deadline=None)
@given(st.text("ab 한,-\n", min_size=1).filter(str.strip))
def test_words_come_back_as_the_same_words(text: str) -> None:
    words = BasicTokenizer(lower_case=False, strip_accents=False)(text)
    tokenizer = WordTokenizer.train([text])
    ids = tokenizer.encode(text)
    assert [tokenizer.token(index) for index in ids] == words
    assert tokenizer.decode(ids) == " ".join(words)
    assert tokenizer.encode(tokenizer.decode(ids)) == ids
    assert tokenizer.vocab_size == len(set(words))


def test_ids_are_in_the_order_of_code_points() -> None:
    tokenizer = WordTokenizer.train([TEXT], special_tokens=["<end>"])
    assert tokenizer.words == (
        *(",", "-", "3", ":", "Twenty", "one", "thousand"),
        *("빨간색", "왼쪽에"),
    )
    assert tokenizer.encode("one-Twenty 빨간색") == [5, 1, 4, 7]
    assert tokenizer.special_tokens == {"<end>": 9}
    assert tokenizer.decode([9, 0]) == "<end> ,"
    assert tokenizer.encode("3<end>", allow_special=True) == [2, 9]


def test_the_most_frequent_are_kept_and_the_others_are_unknown() -> None:
    tokenizer = WordTokenizer.train(["c c c b b a a d"], vocab_size=4, unknown="[UNK]")
    assert tokenizer.words == ("[UNK]", "a", "b", "c")
    assert tokenizer.encode("a b c d x") == [1, 2, 3, 0, 0]
    smaller = WordTokenizer.train(
        ["c c c b b a a d"], vocab_size=4, unknown="?", special_tokens=["<end>"]
    )
    assert smaller.words == ("?", "a", "c")  # a and b are as frequent: the first of the alphabet


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WordTokenizer(["a", "b"]).encode("a z"), "text has 'z', which is none of the 2"),
        (lambda: WordTokenizer(["a", "a"]), r"words is \['a', 'a'\]; .* each once"),
        (lambda: WordTokenizer([]), r"words is \[\]"),
        (lambda: WordTokenizer("ab"), "words is 'ab'; it must be a list"),
        (lambda: WordTokenizer(["a b"]), r"words has 'a b', which is cut into \['a', 'b'\]"),
        (lambda: WordTokenizer(["a-"]), r"words has 'a-', which is cut into \['a', '-'\]"),
        (lambda: WordTokenizer(["a"], unknown="?"), "unknown is '.'; it must be one of the words"),
        (lambda: WordTokenizer(["a"], special_tokens=["a"]), "special_tokens has 'a'"),
        (lambda: WordTokenizer.train([" \n"]), "texts has no word"),
        (lambda: WordTokenizer.train("a"), "texts is the string"),
        (
            lambda: WordTokenizer.train(["a b c"], vocab_size=3, special_tokens=["<e>"]),
            "vocab_size is 3; with 3 words and 1 special tokens it must be at least 4, or at least",
        ),
        (lambda: WordTokenizer(["a"]).decode([1]), "ids has 1; an id is from 0 to 0"),
        (lambda: WordTokenizer(["a"]).token(-1), "ids has -1"),
    ],
)
def test_refuses(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_exactly_as_many_as_are_needed() -> None:
    assert WordTokenizer.train(["a b c"], vocab_size=3).vocab_size == 3
