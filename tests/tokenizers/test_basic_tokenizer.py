"""BERT's words are those of `tokenizers`, character by character and on mixed texts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from tokenizers import normalizers, pre_tokenizers
from unicode_texts import MIXED, TEXTS, is_stable

from linebyline.tokenizers.basic_tokenizer import BasicTokenizer

OPTIONS = list(itertools.product([True, False], [None, True, False], [True, False]))
options = pytest.mark.parametrize(("lower_case", "strip_accents", "split_cjk"), OPTIONS)


def reference(text: str, lower_case: bool, strip_accents: bool | None, split_cjk: bool) -> list:
    normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=split_cjk,
        strip_accents=strip_accents,
        lowercase=lower_case,
    )
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normalizer.normalize_str(text))
    return [word for word, _ in words]


@options
def test_words_of_mixed_strings(
    lower_case: bool, strip_accents: bool | None, split_cjk: bool
) -> None:
    given_options = lower_case, strip_accents, split_cjk
    for text in MIXED:
        assert BasicTokenizer(*given_options)(text) == reference(text, *given_options), text


@options
def test_words_of_any_text(lower_case: bool, strip_accents: bool | None, split_cjk: bool) -> None:
    tokenizer = BasicTokenizer(lower_case, strip_accents, split_cjk)

    @settings(max_examples=30, deadline=None)
    @given(TEXTS)
    def check(text: str) -> None:
        assert tokenizer(text) == reference(text, lower_case, strip_accents, split_cjk)

    check()


@pytest.mark.parametrize("lower_case", [True, False])
def test_words_at_every_character(lower_case: bool) -> None:
    tokenizer = BasicTokenizer(lower_case)
    characters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    characters = list(filter(is_stable, characters))
    for start in range(0, len(characters), 1000):
        text = " ".join(f"a{c}b" for c in characters[start : start + 1000])
        assert tokenizer(text) == reference(text, lower_case, None, True)


def test_what_is_said_of_words() -> None:
    assert BasicTokenizer()("Héllo,\tWORLD!") == ["hello", ",", "world", "!"]
    assert BasicTokenizer(False)("Héllo") == ["Héllo"]
    assert BasicTokenizer(strip_accents=False)("Héllo") == ["héllo"]
    assert BasicTokenizer(False, True)("Héllo") == ["Hello"]
    assert BasicTokenizer()("東京tower") == ["東", "京", "tower"]
    assert BasicTokenizer(split_cjk=False)("東京tower") == ["東京tower"]
    assert BasicTokenizer()("ΟΔΟΣ") == ["οδοσ"]
    assert BasicTokenizer()("한") == ["\u1112\u1161\u11ab"]
    assert BasicTokenizer(False)("한") == ["한"]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"text has the lone surrogate U\+D800"):
        BasicTokenizer()("\ud800")
