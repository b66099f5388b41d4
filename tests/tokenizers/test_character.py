"""One id a character, in the order of code points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.tokenizers.character import CharacterTokenizer


@settings(deadline=None)
@given(st.text(min_size=1))
def test_a_text_comes_back_and_has_as_many_ids_as_characters(text: str) -> None:
    tokenizer = CharacterTokenizer.train([text])
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert len(ids) == len(text)
    assert tokenizer.vocab_size == len(set(text))


def test_ids_are_in_the_order_of_code_points() -> None:
    tokenizer = CharacterTokenizer.train(["한b", "a🙂"], special_tokens=["<end>"])
    assert tokenizer.characters == ("a", "b", "한", "🙂")
    assert tokenizer.encode("🙂한ab") == [3, 2, 0, 1]
    assert tokenizer.special_tokens == {"<end>": 4}
    assert tokenizer.vocab_size == 5
    assert [tokenizer.token(index) for index in (3, 4)] == ["🙂", "<end>"]
    assert tokenizer.decode([4, 0]) == "<end>a"


def test_the_most_frequent_are_kept_and_the_others_are_unknown() -> None:
    tokenizer = CharacterTokenizer.train(["cccbbaad"], vocab_size=4, unknown="?")
    assert tokenizer.characters == ("?", "a", "b", "c")
    assert tokenizer.encode("abcdx?") == [1, 2, 3, 0, 0, 0]
    smaller = CharacterTokenizer.train(["cccbbaad"], vocab_size=3, unknown="?")
    assert smaller.characters == ("?", "a", "c")  # a and b are as frequent: the smaller code point
    frequent = CharacterTokenizer.train(["cccbba"], vocab_size=2, unknown="a")
    assert frequent.characters == ("a", "c")  # the unknown one stays, however rare


def test_a_character_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="text has 'z', which is none of the 2 characters"):
        CharacterTokenizer("ab").encode("az")


def test_sizes_and_characters_that_cannot_be() -> None:
    for size in (2, 0, -1):
        with pytest.raises(ValueError, match=f"vocab_size is {size}; .* at least 3,"):
            CharacterTokenizer.train(["abc"], vocab_size=size)
    with pytest.raises(ValueError, match=r"vocab_size is 3; with 3 .* at least 4, or at least 2"):
        CharacterTokenizer.train(["abc"], vocab_size=3, special_tokens=["<end>"])
    assert CharacterTokenizer.train(["abc"], vocab_size=3).vocab_size == 3
    with pytest.raises(ValueError, match="vocab_size is 0"):
        CharacterTokenizer.train(["abc"], vocab_size=0, unknown="?")
    for characters in ("aba", "", ["ab"], ["a", ""]):
        with pytest.raises(ValueError, match=r"^characters is .*each once"):
            CharacterTokenizer(characters)
    with pytest.raises(ValueError, match=r"^characters has the lone surrogate U\+D800"):
        CharacterTokenizer("a\ud800")
    with pytest.raises(ValueError, match=r"unknown is '\?'; it must be one of"):
        CharacterTokenizer("ab", unknown="?")
    with pytest.raises(ValueError, match="special_tokens has 'b', which is one of the characters"):
        CharacterTokenizer("ab", special_tokens=["b"])
