"""Two tasks that need a memory: what is asked was shown, and nothing else tells the answer."""

import math
from collections.abc import Callable

import pytest
import torch
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.data.memory_tasks import adding_problem, copy_task


class TestAddingProblem:
    def test_the_answer_is_the_sum_of_the_two_marked_numbers(self) -> None:
        (x, y) = adding_problem(200, 12, seed=3)
        assert x.shape == (200, 12, 2)
        assert y.shape == (200, 1)
        assert x.dtype == y.dtype == torch.float32
        for row, answer in zip(x.tolist(), y, strict=True):
            marked = [number for number, mark in row if mark == 1]
            assert len(marked) == 2
            assert {mark for _, mark in row} == {0.0, 1.0}
            assert answer.item() == pytest.approx(sum(marked))

    @pytest.mark.parametrize("length", [2, 3, 8, 9])
    def test_one_mark_in_each_half_and_all_places_occur(self, length: int) -> None:
        marks = adding_problem(500, length).inputs[..., 1]
        half = length // 2
        assert (marks[:, :half].sum(1) == 1).all()
        assert (marks[:, half:].sum(1) == 1).all()
        assert (marks.sum(0) > 0).all()

    def test_who_does_not_look_has_an_error_of_one_sixth(self) -> None:
        x, y = adding_problem(20_000, 10, seed=1)
        assert (y - 1).square().mean().item() == pytest.approx(1 / 6, rel=0.05)
        assert 0 <= x[..., 0].min() < 0.01
        assert 0.99 < x[..., 0].max() < 1

    def test_one_of_the_two_does_not_tell_the_other(self) -> None:
        x, _ = adding_problem(5000, 10, seed=2)
        both = x[..., 0][x[..., 1] == 1].view(-1, 2)  # row by row, in the order of time
        assert abs(torch.corrcoef(both.T)[0, 1]) < 0.05


class TestCopyTask:
    def test_by_hand(self) -> None:
        x, y = copy_task(1, 3, symbols=4, length=2, seed=5)
        first, second = y[0, -2:].tolist()
        assert {first, second} <= {0, 1, 2, 3}
        assert x.argmax(-1).tolist() == [[first, second, 4, 4, 5, 4, 4]]
        assert y.tolist() == [[4, 4, 4, 4, 4, first, second]]

    def test_the_signal_stands_right_before_the_answer(self) -> None:
        x, y = copy_task(7, 1, symbols=2, length=3)
        assert x.argmax(-1)[:, 3:].tolist() == [[3, 2, 2, 2]] * 7
        assert torch.equal(y[:, 4:], x.argmax(-1)[:, :3])

    def test_shapes_and_what_a_step_looks_like(self) -> None:
        x, y = copy_task(30, 20)
        assert x.shape == (30, 40, 10)
        assert y.shape == (30, 40)
        assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
        assert (x.sum(-1) == 1).all()
        assert set(x.unique().tolist()) == {0.0, 1.0}
        assert set(y[:, -10:].unique().tolist()) == set(range(8))

    def test_who_counts_and_remembers_nothing_has_the_loss_that_is_said(self) -> None:
        delay, symbols, length = 6, 5, 4
        _, y = copy_task(3000, delay, symbols=symbols, length=length)
        logits = torch.full((3000, symbols + 2, delay + 2 * length), -100.0)
        logits[:, symbols, :-length] = 0.0  # sure of the blank, then all symbols alike
        logits[:, :symbols, -length:] = 0.0
        expected = length * math.log(symbols) / (delay + 2 * length)
        assert cross_entropy(logits, y).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", [adding_problem, copy_task])
def test_a_seed_gives_the_same_rows(task: Callable[..., Examples]) -> None:
    before = torch.get_rng_state()
    first, again, other = (task(20, 9, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.inputs, other.inputs)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        (adding_problem, {"count": 0, "length": 9}, "count must be at least 1, not 0"),
        (adding_problem, {"count": 9, "length": 1}, "length must be at least 2, not 1"),
        (copy_task, {"count": 0, "delay": 9}, "count must be at least 1, not 0"),
        (copy_task, {"count": 9, "delay": 0}, "delay must be at least 1, not 0"),
        (copy_task, {"count": 9, "delay": 9, "symbols": 1}, "symbols must be at least 2, not 1"),
        (copy_task, {"count": 9, "delay": 9, "length": 0}, "length must be at least 1, not 0"),
    ],
)
def test_refuses_by_name(
    task: Callable[..., Examples], arguments: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        task(**arguments)
