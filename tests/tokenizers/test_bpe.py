"""Byte-level BPE: every string comes back, and ids and merges are those of `tokenizers`."""

from __future__ import annotations

import json
import random
import time

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders, models, pre_tokenizers, trainers
from unicode_texts import MIXED, TEXTS, is_stable

from linebyline.data.text import reference_text
from linebyline.tokenizers import bpe
from linebyline.tokenizers.bpe import PATTERN, BPETokenizer
from linebyline.tokenizers.gpt2_files import visible
from linebyline.tokenizers.merges import apply_merges_explicit

TEXT = reference_text().validation
KOREAN = "한국어는 교착어다. 한글은 자음과 모음을 모아쓴다. 한국어 문장을 한국어로 나눈다. " * 3
BYTES = BPETokenizer([])
SMALL = BPETokenizer.train([KOREAN, TEXT[:3000]], vocab_size=400)


@pytest.fixture(scope="module")
def ours() -> BPETokenizer:
    return BPETokenizer.train([TEXT, KOREAN, *MIXED], vocab_size=800)


def byte_level(model: models.BPE) -> tokenizers.Tokenizer:
    reference = tokenizers.Tokenizer(model)
    reference.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    reference.decoder = decoders.ByteLevel()
    return reference


def reference_merges(texts: list[str], vocab_size: int) -> list[tuple[str, str]]:
    reference = byte_level(models.BPE())
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False
    )
    reference.train_from_iterator(texts, trainer)
    return [tuple(pair) for pair in json.loads(reference.to_str())["model"]["merges"]]


def merges_of(tokenizer: BPETokenizer) -> list[tuple[str, str]]:
    return [(visible(left), visible(right)) for left, right in tokenizer.merges]


def reference_of(tokenizer: BPETokenizer) -> tokenizers.Tokenizer:
    vocabulary = {tokenizer.token(index): index for index in range(tokenizer.vocab_size)}
    return byte_level(models.BPE(vocab=vocabulary, merges=merges_of(tokenizer)))


def test_merges_are_those_of_the_library(ours: BPETokenizer) -> None:
    assert merges_of(ours) == reference_merges([TEXT, KOREAN, *MIXED], 800)
    assert len(ours.merges) == 544


def test_ties_are_those_of_the_library() -> None:
    """Few letters in few words: nearly every merge is a tie, and many lead to one token."""
    random.seed(1)
    for trial in range(150):
        letters = "ab" if trial % 2 else "abc"
        words = ("".join(random.choices(letters, k=random.randint(1, 12))) for _ in range(15))
        text = " ".join(words)
        ours = BPETokenizer.train([text], vocab_size=300)
        assert merges_of(ours) == reference_merges([text], 300), text


@pytest.mark.parametrize("text", MIXED)
def test_ids_of_mixed_strings_are_those_of_the_library(ours: BPETokenizer, text: str) -> None:
    for _ in range(2):  # the second time out of the cache
        ids = ours.encode(text)
        assert ids == reference_of(ours).encode(text).ids
        assert ours.decode(ids) == text


def test_ids_of_any_text_are_those_of_the_library(ours: BPETokenizer) -> None:
    reference = reference_of(ours)

    @settings(max_examples=200, deadline=None)
    @given(TEXTS)
    def check(text: str) -> None:
        assert ours.encode(text) == reference.encode(text).ids

    check()


def test_pieces_are_cut_as_in_the_library_at_every_character() -> None:
    reference = pre_tokenizers.ByteLevel(add_prefix_space=False)
    characters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    characters = list(filter(is_stable, characters))
    assert len(characters) > 90_000
    for start in range(0, len(characters), 1000):
        text = "".join(f"a{c}1{c}!{c} {c} " for c in characters[start : start + 1000])
        ours = [match.end() for match in PATTERN.finditer(text)]
        assert ours == [end for _, (_, end) in reference.pre_tokenize_str(text)]


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_every_string_comes_back(text: str) -> None:
    for tokenizer in (BYTES, SMALL):
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_every_character_comes_back(ours: BPETokenizer) -> None:
    codes = [*range(0xD800), *range(0xE000, 0x12000), *range(0x12000, 0x110000, 61)]
    text = "".join(map(chr, codes))
    assert ours.decode(ours.encode(text)) == text


def test_a_syllable_of_hangul_has_three_bytes_until_it_is_learned() -> None:
    assert len(BYTES.encode("한국어")) == 9
    tokenizer = BPETokenizer.train([KOREAN], vocab_size=340)
    assert [tokenizer.token_bytes(i).decode() for i in tokenizer.encode(" 한국어")] == [" 한국어"]


def test_ids_are_gpt_2_s() -> None:
    tokenizer = BPETokenizer([(b"h", b"e"), (b" ", b"he")], special_tokens=["<|endoftext|>"])
    assert tokenizer.vocab_size == 259
    assert tokenizer.encode("! he he") == [0, 257, 257]
    assert tokenizer.token(0) == "!"
    assert tokenizer.token(220) == "Ġ"  # as in GPT-2's vocab.json
    assert tokenizer.token(198) == "Ċ"
    assert [tokenizer.token(index) for index in (256, 257, 258)] == ["he", "Ġhe", "<|endoftext|>"]
    assert [tokenizer.token_bytes(index) for index in (220, 257)] == [b" ", b" he"]
    assert tokenizer.token_bytes(258) == b"<|endoftext|>"
    assert tokenizer.decode([257, 258]) == " he<|endoftext|>"


def test_part_of_a_character_is_the_sign_for_what_cannot_be_read() -> None:
    tokenizer = BPETokenizer([])
    ids = tokenizer.encode("a한b")
    assert tokenizer.decode(ids[:-2]) == "a\ufffd"
    assert tokenizer.decode(ids[2:]) == "\ufffd\ufffdb"


def test_words_are_encoded_as_defined(ours: BPETokenizer) -> None:
    for word in PATTERN.findall(TEXT)[:2000]:
        expected = apply_merges_explicit(ours._spell(word), ours._ranks)
        assert ours.encode(word) == expected


def test_the_cache_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "CACHE_SIZE", 3)
    tokenizer = BPETokenizer.train([TEXT], vocab_size=300)
    whole = tokenizer.encode(TEXT)
    assert len(tokenizer._cache) == 3
    assert tokenizer.decode(whole) == TEXT


def test_nothing_merges_across_texts_or_pieces() -> None:
    assert BPETokenizer.train(["ab", "cd"], vocab_size=400).vocab_size == 258
    assert BPETokenizer.train(["abcd"], vocab_size=400).vocab_size == 259
    tokenizer = BPETokenizer.train(["a b.c\n" * 5], vocab_size=400)
    assert {left + right for left, right in tokenizer.merges} == {b" b"}


def test_two_ways_to_one_token() -> None:
    merges = [(b"a", b"b"), (b"ab", b"c"), (b"b", b"c"), (b"a", b"bc")]
    tokenizer = BPETokenizer(merges)
    assert tokenizer.vocab_size == 259  # ab, abc, bc
    assert tokenizer.encode("abc") == [257]
    assert tokenizer.encode("xbc") == [tokenizer.encode("x")[0], 258]


def test_a_vocabulary_too_small_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"vocab_size is 255; 256 bytes and 0 special .* least 256"
    ):
        BPETokenizer.train(["a"], vocab_size=255)
    with pytest.raises(ValueError, match=r"vocab_size is 256; .* 1 special .* least 257"):
        BPETokenizer.train(["a"], vocab_size=256, special_tokens=["<end>"])
    assert BPETokenizer.train(["aa"], vocab_size=256).merges == ()
    tokenizer = BPETokenizer.train(["aaaa"], vocab_size=258, special_tokens=["<end>"])
    assert tokenizer.merges == ((b"a", b"a"),)
    assert tokenizer.vocab_size == 258


@pytest.mark.parametrize(
    "merges", [[(b"a", b"bc")], [(b"ab", b"c")], [(b"a", b"b"), (b"a", b"b")], [(b"", b"a")]]
)
def test_merges_that_cannot_be_are_refused(merges: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(ValueError, match=f"merges has .* at place {len(merges) - 1}"):
        BPETokenizer(merges)


@pytest.mark.parametrize("name", ["a", "Ġ", "Ġab"])
def test_a_special_token_written_like_another_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"special_tokens has '{name}', as which the files"):
        BPETokenizer([(b"a", b"b"), (b" ", b"ab")], special_tokens=[name])
    assert BPETokenizer([], special_tokens=["한"]).decode([256]) == "한"


def test_saved_and_read_it_is_the_same(ours: BPETokenizer, tmp_path) -> None:
    names = ["<|endoftext|>", "<한>"]
    tokenizer = BPETokenizer(ours.merges, special_tokens=names)
    tokenizer.save(tmp_path / "new" / "folder")
    again = BPETokenizer.load(tmp_path / "new" / "folder")
    assert again.merges == tokenizer.merges
    assert again.special_tokens == tokenizer.special_tokens
    text = "".join(MIXED)
    assert again.encode(text, allow_special=True) == tokenizer.encode(text, allow_special=True)


def test_the_library_reads_what_is_saved(ours: BPETokenizer, tmp_path) -> None:
    ours.save(tmp_path)
    model = models.BPE.from_file(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"))
    for text in MIXED:
        assert byte_level(model).encode(text).ids == ours.encode(text)


def test_what_the_library_saved_is_read(ours: BPETokenizer, tmp_path) -> None:
    reference_of(ours).model.save(str(tmp_path))
    assert BPETokenizer.load(tmp_path).merges == ours.merges


def test_files_that_do_not_fit_each_other_are_refused(ours: BPETokenizer, tmp_path) -> None:
    ours.save(tmp_path)
    path = tmp_path / "vocab.json"
    vocabulary = json.loads(path.read_text("utf8"))
    first, second = vocabulary["!"], vocabulary['"']
    for wrong in (
        vocabulary | {"!": second, '"': first},
        vocabulary | {"<end>": len(vocabulary) + 1},
        {token: index for token, index in vocabulary.items() if index != 700},
    ):
        path.write_text(json.dumps(wrong), "utf8")
        with pytest.raises(ValueError, match=r"has a vocab\.json that does not fit its merges"):
            BPETokenizer.load(tmp_path)


def test_it_is_fast(ours: BPETokenizer) -> None:
    """A megabyte a second and more; three times as slow a machine must still pass."""
    start = time.process_time()
    BPETokenizer.train([TEXT], vocab_size=1280).encode(TEXT)
    assert time.process_time() - start < 3
    start = time.process_time()
    for _ in range(10):
        ours.encode(TEXT)
    megabytes = 10 * len(TEXT) / 1e6
    assert megabytes / (time.process_time() - start) > 1
