"""A line is as thick as its weight, and goes to the step that is being made."""

import pytest
import torch

from linebyline.plotting.looking_back import THICKEST, looking_back
from linebyline.plotting.style import WIDTH

READ, WRITTEN = ["six", "hundred"], ["육", "백", "end"]


def test_lines_are_the_weights_and_meet_at_the_step() -> None:
    ax = looking_back(torch.tensor([0.75, 0.25]), READ, WRITTEN, step=2)
    widths = [line.get_linewidth() for line in ax.lines]
    assert widths == pytest.approx([0.6 + THICKEST * 0.75, 0.6 + THICKEST * 0.25])
    assert {line.get_xdata()[1] for line in ax.lines} == {WIDTH * 2.5 / 3}
    assert [line.get_xdata()[0] for line in ax.lines] == [WIDTH / 4, 3 * WIDTH / 4]


def test_tokens_and_numbers_can_be_read() -> None:
    ax = looking_back(torch.tensor([0.75, 0.25]), READ, WRITTEN, step=0)
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["six", "0.75", "hundred", "0.25", "c", "yuk", "baek", "end"]


def test_one_token_may_be_read_and_written() -> None:
    assert len(looking_back(torch.tensor([1.0]), ["six"], ["육"], step=0).lines) == 1


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("weights", "arguments", "step", "message"),
    [
        ([1.0], (READ, WRITTEN), 0, r"^weights must be 2, one for each token, not 1"),
        ([0.1] * 9, (["a"] * 9, WRITTEN), 0, r"^read must be from 1 to 8 tokens, not 9"),
        ([0.5, 0.5], (READ, []), 0, r"^written must be from 1 to 8 tokens, not 0"),
        ([0.5, 0.5], (READ, WRITTEN), 3, r"^step must be from 0 to 2, not 3"),
        ([0.5, 0.5], (READ, WRITTEN), -1, r"^step must be from 0 to 2, not -1"),
    ],
)
def test_refuses(weights, arguments, step, message) -> None:
    with pytest.raises(ValueError, match=message):
        looking_back(torch.tensor(weights), *arguments, step=step)
