"""Words of a and b, and what is ahead in them."""

import pytest
import torch

from linebyline.data.counting_language import EQUAL, MORE_A, MORE_B, counting_words


def test_two_words_by_hand() -> None:
    inputs, targets = counting_words([1, 2], 5)
    assert inputs.argmax(-1).tolist() == [[0, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert inputs.sum(-1).unique().tolist() == [1]
    assert targets.tolist() == [
        [MORE_A, EQUAL, MORE_B, MORE_B, MORE_B],
        [MORE_A, MORE_A, MORE_A, EQUAL, MORE_B],
    ]
    assert inputs.dtype == torch.float32
    assert targets.dtype == torch.int64


def test_is_equal_at_one_letter_the_one_that_completes_the_word() -> None:
    counts = range(1, 30)
    _, targets = counting_words(counts, 60)
    where, at = (targets == EQUAL).nonzero().T
    assert where.tolist() == list(range(29))
    assert (at + 1).tolist() == [2 * n for n in counts]


def test_a_word_may_end_early() -> None:
    _, targets = counting_words([3], 4)
    assert targets.tolist() == [[MORE_A] * 4]


@pytest.mark.parametrize(
    ("counts", "length", "message"),
    [
        ([], 4, r"^counts is empty"),
        ([2, 0], 4, r"^counts must be 1 or more, but one is 0$"),
        ([2, 4], 4, r"^length must be above 4, .* not 4$"),
    ],
)
def test_refuses(counts: list[int], length: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        counting_words(counts, length)
