"""What all tokenizers share: special tokens, ids in range, texts that can be written down."""

from __future__ import annotations

import pytest

from linebyline.tokenizers.bpe import BPETokenizer
from linebyline.tokenizers.character import CharacterTokenizer
from linebyline.tokenizers.tokenizer import Tokenizer, refuse_surrogates
from linebyline.tokenizers.wordpiece import SPECIAL, WordPieceTokenizer

TEXT = "the cat sat on the mat, a [MASK] and an <end> or <end>>"


def make(kind: type[Tokenizer]) -> Tokenizer:
    if kind is BPETokenizer:
        return BPETokenizer.train([TEXT], vocab_size=280, special_tokens=["<end>", "<end>>"])
    if kind is CharacterTokenizer:
        return CharacterTokenizer.train([TEXT], special_tokens=["<end>", "<end>>"])
    names = ["[UNK]", "<end>", "<end>>"]
    return WordPieceTokenizer.train([TEXT], vocab_size=80, special_tokens=names)


each = pytest.mark.parametrize("kind", [BPETokenizer, CharacterTokenizer, WordPieceTokenizer])


@each
def test_ids_are_whole_numbers_of_the_vocabulary(kind: type[Tokenizer]) -> None:
    tokenizer = make(kind)
    ids = tokenizer.encode(TEXT)
    assert all(type(index) is int and 0 <= index < tokenizer.vocab_size for index in ids)
    assert len({tokenizer.token(index) for index in range(tokenizer.vocab_size)}) > 20
    assert tokenizer.encode("") == []
    assert tokenizer.decode([]) == ""


@each
def test_a_name_in_a_text_is_no_special_token_unless_allowed(kind: type[Tokenizer]) -> None:
    tokenizer = make(kind)
    special = set(tokenizer.special_tokens.values())
    end, longer = (tokenizer.special_tokens[name] for name in ("<end>", "<end>>"))
    assert not special & set(tokenizer.encode(TEXT))
    ids = tokenizer.encode(TEXT, allow_special=True)
    assert [index for index in ids if index in special] == [end, longer]  # the longest name
    before, between = (tokenizer.encode(part) for part in (TEXT[: TEXT.index("<end>")], " or "))
    assert ids == [*before, end, *between, longer]
    assert tokenizer.token(longer) == "<end>>"
    assert "<end>>" in tokenizer.decode(ids)


@each
def test_a_list_that_was_handed_out_is_the_caller_s(kind: type[Tokenizer]) -> None:
    tokenizer = make(kind)
    first = tokenizer.encode("cat")
    expected = list(first)
    first += [0, 0]
    assert tokenizer.encode("cat") == expected


@each
def test_an_id_out_of_range_is_refused(kind: type[Tokenizer]) -> None:
    tokenizer = make(kind)
    size = tokenizer.vocab_size
    for wrong in (-1, size):
        with pytest.raises(ValueError, match=f"ids has {wrong}; an id is from 0 to {size - 1}"):
            tokenizer.decode([0, wrong])
        with pytest.raises(ValueError, match=f"ids has {wrong}"):
            tokenizer.token(wrong)
    tokenizer.decode([0, size - 1])


@each
@pytest.mark.parametrize("allow", [True, False])
def test_a_lone_surrogate_is_refused_by_name(kind: type[Tokenizer], allow: bool) -> None:
    with pytest.raises(ValueError, match=r"^text has the lone surrogate U\+D83D at place 2"):
        make(kind).encode("ab\ud83d", allow_special=allow)
    with pytest.raises(ValueError, match=r"^texts has the lone surrogate U\+DC00 at place 0"):
        kind.train(["a", "\udc00"], vocab_size=400)


@each
def test_texts_to_learn_from(kind: type[Tokenizer]) -> None:
    for empty in ([], [""], iter(())):
        with pytest.raises(ValueError, match=r"^texts is empty"):
            kind.train(empty, vocab_size=400)
    with pytest.raises(ValueError, match=r"^texts is the string 'abc'; .*\[text\]"):
        kind.train("abc", vocab_size=400)


@each
@pytest.mark.parametrize("names", ["<end>", [""], ["[UNK]", "<a>", "<a>"]])
def test_names_of_special_tokens(kind: type[Tokenizer], names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^special_tokens is .*none empty and none twice"):
        kind.train([TEXT], vocab_size=400, special_tokens=names)


def test_special_tokens_of_bert_are_text_too() -> None:
    tokenizer = WordPieceTokenizer.train([TEXT], vocab_size=80)
    assert list(tokenizer.special_tokens) == list(SPECIAL)
    assert tokenizer.special_tokens["[MASK]"] in tokenizer.encode("a [MASK]", allow_special=True)
    assert tokenizer.decode(tokenizer.encode("a [MASK]")) == "a [ mask ]"


def test_pairs_of_surrogates_that_python_joined_are_characters() -> None:
    refuse_surrogates("\U0001f642")
    with pytest.raises(ValueError, match=r"U\+D83D at place 0"):
        refuse_surrogates("\ud83d\ude42")  # Python keeps the halves apart
