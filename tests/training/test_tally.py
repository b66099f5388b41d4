"""A tally weighs batches by their examples, and waits for the device only when it is read."""

import pytest
import torch

from linebyline.training.tally import Tally


def scalar(value: float, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.tensor(value, dtype=dtype)


def test_means_are_over_examples() -> None:
    tally = Tally()
    tally.add({"loss": scalar(1.0), "accuracy": scalar(0.5)}, 6)
    tally.add({"loss": scalar(4.0), "accuracy": scalar(1.0)}, 2)
    assert tally.means() == {"loss": (6 * 1 + 2 * 4) / 8, "accuracy": (6 * 0.5 + 2 * 1) / 8}


def test_means_are_the_same_however_often_it_was_read() -> None:
    once, often = Tally(), Tally()
    for index in range(7):
        for tally in (once, often):
            tally.add({"loss": scalar(index**2)}, index + 1)
        often.read()
    assert once.means() == often.means() == once.means()


def test_each_reading_brings_what_is_new() -> None:
    tally = Tally()
    assert tally.unread == 0
    assert tally.read() == []
    for value in (1.0, 2.0):
        tally.add({"loss": scalar(value)}, 1)
    assert tally.unread == 2
    assert tally.read() == [1.0, 2.0]
    assert tally.unread == 0
    tally.add({"loss": scalar(3.0)}, 1)
    assert tally.read() == [3.0]


def test_no_digit_is_lost() -> None:
    tally = Tally()
    tally.add({"loss": scalar(1 / 3, torch.float64)}, 1)
    assert tally.read() == [1 / 3]


def test_adding_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(*_: object) -> None:
        pytest.fail("the device was waited for")

    tally = Tally()
    loss = scalar(1.0)
    with monkeypatch.context() as patch:
        for name in ("item", "tolist", "__float__", "__bool__", "__int__", "cpu", "numpy"):
            patch.setattr(torch.Tensor, name, waits)
        tally.add({"loss": loss}, 1)


def test_it_keeps_no_graph() -> None:
    tally = Tally()
    tally.add({"loss": scalar(1.0).requires_grad_() * 2}, 1)
    assert not tally._unread["loss"][0].requires_grad


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_a_number_that_is_no_tensor() -> None:
    message = r"'accuracy' must return a scalar tensor, not float; leave out \.item\(\)"
    with pytest.raises(TypeError, match=message):
        Tally().add({"accuracy": 0.5}, 1)  # type: ignore[dict-item]


def test_refuses_more_numbers_than_one() -> None:
    message = r"'loss' must return a scalar tensor, one number for the batch, not shape \(4,\)"
    with pytest.raises(ValueError, match=message):
        Tally().add({"loss": torch.zeros(4)}, 4)


def test_pieces_of_a_batch_are_one_figure() -> None:
    tally = Tally()
    tally.add_piece({"loss": torch.tensor(2.0)}, 0.75)
    tally.add_piece({"loss": torch.tensor(6.0)}, 0.25)
    tally.close(4)
    tally.add({"loss": torch.tensor(9.0)}, 1)
    assert tally.unread == 2
    assert tally.read() == [3.0, 9.0]
    assert tally.means() == {"loss": pytest.approx((4 * 3 + 9) / 5)}


def test_what_others_have_is_added() -> None:
    tally = Tally(total=lambda mine: mine + 1)
    tally.add_piece({"loss": torch.tensor(2.0)}, 0.5)
    tally.close(4)
    assert tally.read() == [2.0]
