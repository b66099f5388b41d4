"""WordPiece: ids are those of transformers' BertTokenizer for the same vocab.txt."""

from __future__ import annotations

import itertools
import time
from functools import cache
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from tokenizers import models, normalizers, pre_tokenizers, trainers
from unicode_texts import MIXED, TEXTS

from linebyline.data.text import reference_text
from linebyline.tokenizers import wordpiece
from linebyline.tokenizers.basic_tokenizer import BasicTokenizer
from linebyline.tokenizers.wordpiece import SPECIAL, WordPieceTokenizer

TEXT = reference_text().validation
KOREAN = "한국어는 교착어다. 한글은 자음과 모음을 모아쓴다. 한국어 문장을 한국어로 나눈다. " * 3
PAIRS = list(itertools.product([True, False], [None, True, False], [True, False]))


@cache
def trained(lower_case: bool, strip_accents: bool | None, split_cjk: bool) -> WordPieceTokenizer:
    return WordPieceTokenizer.train(
        [TEXT, KOREAN, "東京 café Ωmega 🙂"],
        vocab_size=700,
        score="frequency",
        lower_case=lower_case,
        strip_accents=strip_accents,
        split_cjk=split_cjk,
    )


def bert(path: Path, lower_case: bool, strip_accents: bool | None, split_cjk: bool):
    from transformers import BertTokenizer

    return BertTokenizer(
        str(path),
        do_lower_case=lower_case,
        strip_accents=strip_accents,
        tokenize_chinese_chars=split_cjk,
    )


@pytest.mark.parametrize(("lower_case", "strip_accents", "split_cjk"), PAIRS)
def test_ids_are_those_of_transformers(
    tmp_path: Path, lower_case: bool, strip_accents: bool | None, split_cjk: bool
) -> None:
    ours = trained(lower_case, strip_accents, split_cjk)
    ours.save(tmp_path / "vocab.txt")
    theirs = bert(tmp_path / "vocab.txt", lower_case, strip_accents, split_cjk)
    assert theirs.vocab_size == ours.vocab_size
    known = 0
    for text in [*MIXED, TEXT[:2000], KOREAN]:
        for _ in range(2):  # the second time out of the cache
            ids = ours.encode(text, allow_special=True)
            assert ids == theirs.encode(text, add_special_tokens=False), text
        known += sum(index != ours.special_tokens["[UNK]"] for index in ids)
    assert known > 500

    @settings(max_examples=40, deadline=None)
    @given(TEXTS)
    def check(text: str) -> None:
        assert ours.encode(text, allow_special=True) == theirs.encode(
            text, add_special_tokens=False
        )

    check()


def test_a_frame_is_that_of_transformers(tmp_path: Path) -> None:
    ours = trained(True, None, True)
    ours.save(tmp_path / "vocab.txt")
    theirs = bert(tmp_path / "vocab.txt", True, None, True)
    for texts in (("the name",), ("the name", "of a class"), ("", "x")):
        framed, expected = ours.frame(*texts), theirs(*texts)
        assert framed.ids == expected["input_ids"]
        assert framed.segments == expected["token_type_ids"]
    plain = WordPieceTokenizer(["[UNK]", "a"], special_tokens=["[UNK]"])
    with pytest.raises(ValueError, match=r"special_tokens lacks \[CLS\]"):
        plain.frame("a")


def test_the_longest_piece_is_taken_first() -> None:
    """Even if the rest of the word is then unknown: greedy, and no search."""
    tokens = [*SPECIAL, "un", "una", "##aff", "##ff", "##able", "##ab", "##le", "a"]
    tokenizer = WordPieceTokenizer(tokens)
    assert [tokenizer.token(i) for i in tokenizer.encode("unaffable")] == ["una", "##ff", "##able"]
    assert [tokenizer.token(i) for i in tokenizer.encode("unax a")] == ["[UNK]", "a"]
    shorter = WordPieceTokenizer([*SPECIAL, "un", "una", "##aff"])
    assert [shorter.token(i) for i in shorter.encode("unaff")] == ["[UNK]"]
    assert tokenizer.decode(tokenizer.encode("unaffable a")) == "unaffable a"
    assert tokenizer.decode([7, 5]) == "##aff un"


def test_a_word_of_more_than_a_hundred_characters_is_unknown() -> None:
    tokenizer = WordPieceTokenizer([*SPECIAL, "a", "##a"])
    assert len(tokenizer.encode("a" * 100)) == 100
    assert tokenizer.encode("a" * 101) == [tokenizer.special_tokens["[UNK]"]]


def test_training_by_frequency_is_the_library_s() -> None:
    """Up to ties, which the library breaks by an order of the characters that is not fixed."""
    reference = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    reference.normalizer = normalizers.BertNormalizer()
    reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=600, special_tokens=list(SPECIAL), show_progress=False
    )
    texts = [reference_text().train, "Café"]
    reference.train_from_iterator(texts, trainer)
    ours = WordPieceTokenizer.train(texts, vocab_size=600, score="frequency")
    theirs = reference.get_vocab()
    assert len(set(ours.vocabulary) ^ set(theirs)) <= 4
    assert ours.vocabulary[:5] == SPECIAL
    alphabet = [token for token in ours.vocabulary if len(token.removeprefix("##")) == 1]
    assert set(alphabet) == {t for t in theirs if len(t.removeprefix("##")) == 1}


def test_scores_lead_to_other_vocabularies(without_shape_checks: None) -> None:
    lengths = {}
    for score in ("likelihood", "frequency", "ratio"):
        tokenizer = WordPieceTokenizer.train([TEXT], vocab_size=500, score=score)
        assert tokenizer.vocab_size == 500
        ids = tokenizer.encode(TEXT)
        assert tokenizer.special_tokens["[UNK]"] not in ids
        lengths[score] = len(ids)
    assert lengths["frequency"] < lengths["likelihood"] < 1.1 * lengths["frequency"]
    assert lengths["ratio"] > 1.5 * lengths["frequency"]  # it collects what occurs once


def test_the_default_is_the_likelihood() -> None:
    by_default = WordPieceTokenizer.train([KOREAN], vocab_size=60)
    named = WordPieceTokenizer.train([KOREAN], vocab_size=60, score="likelihood")
    assert by_default.vocabulary == named.vocabulary


def test_two_scores_by_hand() -> None:
    """With ab 9 times, cd once: the ratio of cd is 1, of ab 1/9, but ab saves more."""
    texts = ["ab " * 9 + "cd"]
    start = len(SPECIAL) + 6  # a b c d ##b ##d
    for score, first in (("likelihood", "ab"), ("frequency", "ab"), ("ratio", "cd")):
        tokenizer = WordPieceTokenizer.train(texts, vocab_size=start + 1, score=score)
        assert tokenizer.vocabulary[start:] == (first,)


def test_a_text_comes_back_but_for_spaces_and_case() -> None:
    tokenizer = WordPieceTokenizer.train([KOREAN], vocab_size=80, lower_case=False)
    assert tokenizer.decode(tokenizer.encode("한국어는  교착어다.")) == "한국어는 교착어다 ."


def test_sizes_and_texts_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"vocab_size is 7; .* need at least 8"):
        WordPieceTokenizer.train(["ab"], vocab_size=7)
    assert WordPieceTokenizer.train(["ab"], vocab_size=8).vocabulary == (*SPECIAL, "a", "b", "##b")
    assert WordPieceTokenizer.train(["ab"], vocab_size=99, score="ratio").vocab_size == 9
    for texts in ([" \n"], ["\x00"], ["a" * 101]):
        with pytest.raises(ValueError, match="texts is without a word"):
            WordPieceTokenizer.train(texts, vocab_size=99)


def test_a_score_that_is_none(without_shape_checks: None) -> None:
    with pytest.raises(ValueError, match="score is 'best'; it must be likelihood, ratio or freq"):
        WordPieceTokenizer.train(["ab"], vocab_size=99, score="best")  # type: ignore[arg-type]


@pytest.mark.parametrize("token", ["", "a", "new\nline"])
def test_a_vocabulary_that_cannot_be(token: str) -> None:
    with pytest.raises(ValueError, match=r"vocabulary has '.*' at place 6; .* once"):
        WordPieceTokenizer([*SPECIAL, "a", token])


def test_special_tokens_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"vocabulary lacks the special token '\[MASK\]'"):
        WordPieceTokenizer([*SPECIAL[:-1], "a"])
    with pytest.raises(ValueError, match=r"special_tokens is .* \[UNK\] must be one"):
        WordPieceTokenizer(["[UNK]", "[PAD]"], special_tokens=["[PAD]"])
    for name in ("end", "##end", "!", "한글"):
        with pytest.raises(ValueError, match=f"special_tokens has '{name}', which a text may have"):
            WordPieceTokenizer(["[UNK]", name], special_tokens=["[UNK]", name])
    with pytest.raises(ValueError, match=r"vocabulary has the lone surrogate U\+D800"):
        WordPieceTokenizer([*SPECIAL, "\ud800"])


def test_saved_and_read_it_is_the_same(tmp_path: Path) -> None:
    ours = trained(True, None, True)
    ours.save(tmp_path / "new" / "vocab.txt")
    assert (tmp_path / "new" / "vocab.txt").read_text("utf8").startswith("[PAD]\n[UNK]\n[CLS]\n")
    again = WordPieceTokenizer.load(tmp_path / "new" / "vocab.txt")
    assert again.vocabulary == ours.vocabulary
    assert again.encode(TEXT) == ours.encode(TEXT)
    cased = WordPieceTokenizer.load(tmp_path / "new" / "vocab.txt", lower_case=False)
    assert cased.encode("THE") != ours.encode("THE")


def test_the_cache_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordpiece, "CACHE_SIZE", 3)
    tokenizer = WordPieceTokenizer(trained(True, None, True).vocabulary)
    assert tokenizer.encode(TEXT) == trained(True, None, True).encode(TEXT)
    assert len(tokenizer._cache) == 3


def test_it_is_fast() -> None:
    """A megabyte a second and more; three times as slow a machine must still pass."""
    tokenizer = trained(True, None, True)
    start = time.process_time()
    for _ in range(10):
        tokenizer.encode(TEXT)
    assert 10 * len(TEXT) / 1e6 / (time.process_time() - start) > 1


def test_how_words_are_made_is_told_when_a_vocabulary_is_read(tmp_path: Path) -> None:
    WordPieceTokenizer([*SPECIAL, "a"]).save(tmp_path / "vocab.txt")
    options = {"lower_case": False, "strip_accents": True, "split_cjk": False}
    read = WordPieceTokenizer.load(tmp_path / "vocab.txt", special_tokens=["[UNK]"], **options)
    assert list(read.special_tokens) == ["[UNK]"]
    assert read.words == BasicTokenizer(**options)
