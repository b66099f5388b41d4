"""Tokenizers from a folder in the published layout give the ids of transformers'."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import transformers
from unicode_texts import MIXED

from linebyline.data.text import reference_text
from linebyline.tokenizers.basic_tokenizer import BasicTokenizer
from linebyline.tokenizers.bpe import BPETokenizer
from linebyline.tokenizers.published import published_files, published_settings
from linebyline.tokenizers.tokenizer import Tokenizer
from linebyline.tokenizers.wordpiece import SPECIAL, WordPieceTokenizer

TEXT = reference_text().validation
KOREAN = "한국어는 교착어다. 한글은 자음과 모음을 모아쓴다. 한국어 문장을 한국어로 나눈다. " * 3
TEXTS = [TEXT[:20_000], KOREAN, *MIXED]
SPACES = ("", " ", "  ", "\n", " \n\t ", "\u3000", "\u00a0", "\u200b")


def mixed_strings(count: int) -> list[str]:
    """Pieces of English, Hangul, emoji, code and other scripts, with broken spacing between."""
    rng = random.Random(0)
    pieces = [*MIXED, KOREAN, "🙂👍🏽", "👩‍👩‍👧‍👦", "ㅋㅋㅋ", "한국어는", "<|endoftext|>", "[SEP]"]

    def piece() -> str:
        if rng.random() < 0.5:
            start = rng.randrange(len(TEXT))
            return TEXT[start : start + rng.randint(1, 30)]
        text = rng.choice(pieces)
        start = rng.randrange(len(text) + 1)
        return text[start : start + rng.randint(1, 30)]

    return ["".join(piece() + rng.choice(SPACES) for _ in range(6)) for _ in range(count)]


STRINGS = mixed_strings(1000)


def same_ids(ours: Tokenizer, theirs: transformers.PreTrainedTokenizerBase) -> None:
    assert ours.vocab_size == len(theirs)
    lengths = 0
    for text in STRINGS:
        ids = ours.encode(text, allow_special=True)
        assert ids == theirs.encode(text, add_special_tokens=False), text
        lengths += len(ids)
    assert lengths > 20_000


def test_the_strings_have_all_that_they_should() -> None:
    text = "".join(STRINGS)
    assert len(set(STRINGS)) == 1000
    assert all(each in text for each in ("한국어", "🙂", "東京", "  ", "\u3000", "<|endoftext|>"))


def test_gpt_2_s_layout(tmp_path: Path) -> None:
    BPETokenizer.train(TEXTS, vocab_size=900, special_tokens=["<|endoftext|>"]).save(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 1024}', "utf8")
    ours = BPETokenizer.from_pretrained(tmp_path)
    same_ids(ours, transformers.GPT2Tokenizer.from_pretrained(tmp_path))
    assert ours.special_tokens == {"<|endoftext|>": 899}
    for text in STRINGS[:200]:
        assert ours.decode(ours.encode(text, allow_special=True)) == text


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {"do_lower_case": True, "model_max_length": 512},
        {"do_lower_case": False, "tokenizer_class": "BertTokenizerFast"},
        {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False},
    ],
    ids=["none", "uncased", "cased", "all"],
)
def test_bert_s_layout(tmp_path: Path, settings: dict[str, object] | None) -> None:
    options = dict(settings or {})
    lower_case = bool(options.get("do_lower_case", True))
    trained = WordPieceTokenizer.train(
        TEXTS, vocab_size=1500, score="frequency", lower_case=lower_case
    )
    trained.save(tmp_path / "vocab.txt")
    if settings is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), "utf8")
    ours = WordPieceTokenizer.from_pretrained(tmp_path)
    same_ids(ours, transformers.BertTokenizer.from_pretrained(tmp_path))
    expected = lower_case, options.get("strip_accents"), options.get("tokenize_chinese_chars", True)
    assert ours.words == BasicTokenizer(*expected)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    for tokenizer, names in (
        (BPETokenizer, "vocab.json and merges.txt"),
        (WordPieceTokenizer, "vocab.txt"),
    ):
        with pytest.raises(FileNotFoundError, match=re.escape(f"folder must have {names}, but")):
            tokenizer.from_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}", "utf8")
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json is there, which is not read"):
        published_files(tmp_path, ["vocab.txt"])
    (tmp_path / "vocab.json").write_text("{}", "utf8")
    with pytest.raises(FileNotFoundError, match=r"but not .*merges\.txt"):
        BPETokenizer.from_pretrained(tmp_path)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    BPETokenizer([]).save(tmp_path)
    WordPieceTokenizer(SPECIAL).save(tmp_path / "vocab.txt")
    path = tmp_path / "tokenizer_config.json"
    for tokenizer, settings, message in (
        (BPETokenizer, {"tokenizer_class": "RobertaTokenizer"}, "GPT2Tokenizer, but tokenizer_c"),
        (BPETokenizer, {"add_prefix_space": True}, "add_prefix_space False, but .* it is True"),
        (WordPieceTokenizer, {"tokenizer_class": "T5Tokenizer"}, "BertTokenizer, but .*'T5Token"),
        (WordPieceTokenizer, {"do_basic_tokenize": False}, "do_basic_tokenize True, but .* False"),
        (WordPieceTokenizer, [1], "must be one object of settings"),
    ):
        path.write_text(json.dumps(settings), "utf8")
        with pytest.raises(ValueError, match=message):
            tokenizer.from_pretrained(tmp_path)
    path.write_text("{", "utf8")
    with pytest.raises(ValueError, match="is no JSON file"):
        published_settings(tmp_path, "BertTokenizer", {})
