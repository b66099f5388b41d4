"""Words lose what stood between them, and nothing else."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linebyline.data.run_together import LETTERS, pieces, run_together, spell


def test_letters_in_a_row_and_the_last_of_each_word() -> None:
    text = run_together("Don't *call* f(x)!")
    assert spell(text.letters) == "dontcallfx"
    assert text.ends.tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1, 1]
    assert spell(*text) == "don t call f x"
    assert text.letters.dtype == text.ends.dtype == torch.int64


@given(st.lists(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=9))
def test_spelled_with_its_ends_it_is_the_text_again(words: list[str]) -> None:
    assert spell(*run_together("... ".join(words).upper())) == " ".join(words)


def test_pieces_are_one_hot_and_follow_each_other() -> None:
    text = run_together("abc de fgh")
    inputs, targets = pieces(text, 3)
    assert inputs.shape == (2, 3, 26)
    assert inputs.dtype == torch.float32
    assert inputs.argmax(2).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert inputs.sum(2).tolist() == [[1.0] * 3] * 2
    assert targets.tolist() == [[0, 0, 1], [0, 1, 0]]
    first = pieces(text, 3, count=1)
    assert torch.equal(first.inputs, inputs[:1])
    assert torch.equal(first.targets, targets[:1])


@pytest.mark.parametrize(
    ("length", "count", "message"),
    [
        (0, None, "length must be at least 1, not 0"),
        (2, 0, "count must be at least 1, not 0"),
        (2, 3, "text has 5 letters; 3 pieces of 2 need 6"),
        (6, None, "text has 5 letters; 1 pieces of 6 need 6"),
    ],
)
def test_refuses_other_pieces(length: int, count: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pieces(run_together("ab cde"), length, count=count)


def test_refuses_a_text_without_letters() -> None:
    with pytest.raises(ValueError, match="text has no letter from a to z"):
        run_together("42, 가나다")
