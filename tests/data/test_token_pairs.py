"""Pairs as ids: what is read, what is said, and what is padding."""

import pytest
import torch

from linebyline.data.token_pairs import (
    BEGIN,
    END,
    PADDING,
    Vocabulary,
    padded,
    shifted,
    token_pairs,
)
from linebyline.data.translation import Pairs
from linebyline.tokenizers.character import CharacterTokenizer
from linebyline.tokenizers.word import WordTokenizer

PAIRS = Pairs(["twenty-one", "two"], ["이십일", "이"], ["2", "1"])


@pytest.fixture
def english() -> Vocabulary:
    return Vocabulary(WordTokenizer(["-", "one", "twenty", "two"]))


@pytest.fixture
def korean() -> Vocabulary:
    return Vocabulary(CharacterTokenizer("십이일"))


def test_rows_by_hand(english: Vocabulary, korean: Vocabulary) -> None:
    inputs, targets = token_pairs(PAIRS, english, korean)
    assert inputs.tolist() == [[[5, 3, 4, 0], [1, 4, 3, 5]], [[6, 0, 0, 0], [1, 4, 0, 0]]]
    assert targets.tolist() == [[4, 3, 5, 2], [4, 2, 0, 0]]
    assert inputs.dtype == targets.dtype == torch.int64
    longer = token_pairs(PAIRS, english, korean, time=6)
    assert longer.inputs[:, :, :4].equal(inputs)
    assert longer.inputs[:, :, 4:].eq(PADDING).all()
    assert longer.targets.tolist() == [[4, 3, 5, 2, 0, 0], [4, 2, 0, 0, 0, 0]]


def test_the_longer_side_decides(english: Vocabulary, korean: Vocabulary) -> None:
    long_source = Pairs(["two two two two two"], ["이"], [""])
    assert token_pairs(long_source, english, korean).inputs.shape == (1, 2, 5)


def test_a_vocabulary_begins_with_three_of_its_own(korean: Vocabulary) -> None:
    assert (PADDING, BEGIN, END) == (0, 1, 2)
    assert len(korean) == 6
    assert korean.encode("일십") == [5, 3]
    assert korean.decode([1, 5, 3, 2, 4, 0]) == "일십"
    assert korean.decode(torch.tensor([5, 0, 3])) == "일십"
    assert korean.decode([]) == ""
    assert korean.tokens([1, 5, 2, 0]) == ["<begin>", "일", "<end>", "<pad>"]


def test_what_is_read_is_what_was_said_a_step_before() -> None:
    read, said = shifted([[7, 8], [9], []])
    assert read.tolist() == [[1, 7, 8], [1, 9, 0], [1, 0, 0]]
    assert said.tolist() == [[7, 8, 2], [9, 2, 0], [2, 0, 0]]


def test_padding() -> None:
    assert padded([[5], [], [6, 7]]).tolist() == [[5, 0], [0, 0], [6, 7]]
    assert padded([[5]], time=3).tolist() == [[5, 0, 0]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e, k: padded([]), "rows must hold at least one row"),
        (lambda e, k: padded([[1, 2]], time=1), "time must be at least 2, .* not 1"),
        (lambda e, k: token_pairs(PAIRS, e, k, time=3), "time must be at least 4, .* not 3"),
        (lambda e, k: token_pairs(Pairs([], [], []), e, k), "pairs must have .* not 0 for 0"),
        (lambda e, k: token_pairs(Pairs(["two"], [], []), e, k), "pairs must have .* not 0 for 1"),
        (
            lambda e, k: token_pairs(Pairs(["two", " "], ["이", "이"], ["", ""]), e, k),
            "source 1 is empty",
        ),
        (lambda e, k: k.decode([6]), "ids has 6; an id is from 0 to 5"),
        (lambda e, k: k.tokens([-1]), "ids has -1; an id is from 0 to 5"),
        (lambda e, k: k.encode("백"), "text has '백'"),
    ],
)
def test_refuses(call, message: str, english: Vocabulary, korean: Vocabulary) -> None:
    with pytest.raises(ValueError, match=message):
        call(english, korean)
