"""Sentence pairs: half follow, all fit, nothing is made up; and they are framed as BERT's are."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch

from linebyline.data.sentence_pairs import SentencePair, pair_batch, sentence_pairs
from linebyline.tokenizers.wordpiece import SPECIAL, WordPieceTokenizer

# Token 1000 d + 10 s + t is the t-th of sentence s of document d, 3 to 7 in a sentence.
DOCUMENTS = [
    [[1000 * d + 10 * s + t for t in range(3 + (d + s) % 5)] for s in range(40)] for d in range(30)
]


def place(token: int) -> tuple[int, int]:
    return token // 1000, token // 10 % 100


@pytest.fixture(scope="module")
def pairs() -> list[SentencePair]:
    return sentence_pairs(DOCUMENTS, max_tokens=24, seed=1)


def test_all_fit_and_most_are_full(pairs: list[SentencePair]) -> None:
    lengths = torch.tensor([len(pair.first) + len(pair.second) for pair in pairs])
    assert lengths.max() == 24
    assert (lengths == 24).double().mean() > 0.6
    assert all(pair.first and pair.second for pair in pairs)


def test_what_follows_stood_there(pairs: list[SentencePair]) -> None:
    for first, second, follows in pairs:
        for piece in (first, second):  # running text, of one document
            places = [place(token) for token in piece]
            assert len({document for document, _ in places}) == 1
            assert piece == sorted(piece)
            sentences = sorted({sentence for _, sentence in places})
            assert sentences == list(range(sentences[0], sentences[-1] + 1))
        last, begin = place(first[-1]), place(second[0])
        assert follows == (last[0] == begin[0])
        if follows:
            assert begin > last


def test_about_half_follow(pairs: list[SentencePair]) -> None:
    n = len(pairs)
    share = sum(pair.follows for pair in pairs) / n
    assert n > 200
    assert 0.5 - 4 * math.sqrt(0.25 / n) - 30 / n < share < 0.5 + 4 * math.sqrt(0.25 / n)


def test_where_nothing_is_cut_every_sentence_comes_in_order() -> None:
    """With room for all, each document's own sentences are read one after the other, once."""
    documents = [[[1000 * d + 10 * s, 1000 * d + 10 * s + 1] for s in range(9)] for d in range(9)]
    pairs = sentence_pairs(documents, max_tokens=1000, short_share=0, seed=0)
    for number, document in enumerate(documents):
        own = [p for p in pairs if place(p.first[0])[0] == number]
        read = [t for p in own for t in p.first + (p.second if p.follows else [])]
        assert read == [token for sentence in document for token in sentence]


def test_a_stranger_takes_what_room_is_left() -> None:
    """With sentences of one token nothing is ever too long, so that no piece is shortened."""
    documents = [[[1000 * d + s] for s in range(400)] for d in range(3)]
    pairs = sentence_pairs(documents, max_tokens=10, short_share=0)
    lengths = {len(p.first) for p in pairs if not p.follows}
    assert lengths == set(range(1, 10))


def test_strangers_are_from_all_other_documents(pairs: list[SentencePair]) -> None:
    own = {place(p.first[0])[0] for p in pairs if not p.follows}
    others = {place(p.second[0])[0] for p in pairs if not p.follows}
    assert own == others == set(range(30))


def test_short_pairs() -> None:
    short = sentence_pairs(DOCUMENTS, max_tokens=100, short_share=1.0)
    long = sentence_pairs(DOCUMENTS, max_tokens=100, short_share=0.0)

    def mean(pairs: list[SentencePair]) -> float:
        return sum(len(p.first) + len(p.second) for p in pairs) / len(pairs)

    assert mean(short) < 0.75 * mean(long)


def test_both_ends_lose_tokens() -> None:
    documents = [[list(range(100, 150))], [list(range(200, 250))]]
    starts, ends = set(), set()
    for seed in range(20):
        for pair in sentence_pairs(documents, max_tokens=20, seed=seed):
            assert len(pair.first) == len(pair.second) == 10
            starts.add(pair.first[0] % 100)
            ends.add(pair.first[-1] % 100)
    assert min(starts) < max(starts)
    assert min(ends) < max(ends)


def test_a_seed_gives_the_same() -> None:
    one, same = (sentence_pairs(DOCUMENTS, max_tokens=24, seed=3) for _ in range(2))
    assert one == same != sentence_pairs(DOCUMENTS, max_tokens=24, seed=4)


def test_a_batch_is_that_of_transformers(tmp_path: Path) -> None:
    from transformers import BertTokenizer

    words = ["ab", "cd", "ef", "gh", "ij", "kl"]
    ours = WordPieceTokenizer([*SPECIAL, *words])
    ours.save(tmp_path / "vocab.txt")
    theirs = BertTokenizer(str(tmp_path / "vocab.txt"))
    texts = [("ab cd", "ef"), ("gh", "ij kl ab"), ("ab", "ab")]
    pairs = [SentencePair(ours.encode(a), ours.encode(b), a < b) for a, b in texts]
    ids = ours.special_tokens
    batch = pair_batch(pairs, cls_id=ids["[CLS]"], sep_id=ids["[SEP]"], pad_id=ids["[PAD]"])
    expected = theirs(*map(list, zip(*texts, strict=True)), padding=True, return_tensors="pt")
    assert torch.equal(batch.ids, expected["input_ids"])
    assert torch.equal(batch.segments, expected["token_type_ids"])
    assert torch.equal(batch.inside, expected["attention_mask"].bool())
    assert batch.follows.tolist() == [True, True, False]


def test_a_longer_batch_has_more_padding() -> None:
    pair = SentencePair([7], [8], True)
    batch = pair_batch([pair], cls_id=1, sep_id=2, pad_id=9, time=7)
    assert batch.ids.tolist() == [[1, 7, 2, 8, 2, 9, 9]]
    with pytest.raises(ValueError, match="time must be at least 5, the length of the longest, not"):
        pair_batch([pair], cls_id=1, sep_id=2, time=4)
    with pytest.raises(ValueError, match="pairs must hold at least one"):
        pair_batch([], cls_id=1, sep_id=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"documents": [[[1]]]}, "documents must be two or more, for strangers are from another"),
        ({"documents": [[[1]], []]}, "but document 1 has none"),
        ({"documents": [[[1], []], [[1]]]}, "but document 0 has none"),
        ({"max_tokens": 1}, "max_tokens must be at least 2, a token for each piece, not 1"),
        ({"short_share": 1.1}, "short_share must be from 0 to 1, not 1.1"),
    ],
)
def test_refuses(change: dict, message: str) -> None:
    arguments = {"documents": DOCUMENTS, "max_tokens": 10} | change
    with pytest.raises(ValueError, match=re.escape(message)):
        sentence_pairs(**arguments)
