"""The ring adds up what every process has, and sends as little as was said."""

import pytest
import torch
from torch import Tensor

from linebyline.training.all_reduce import ring_all_reduce


def vectors(count: int, *shape: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    generator = torch.Generator().manual_seed(count)
    return [torch.randn(shape, generator=generator, dtype=dtype) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", [(1,), (7,), (4, 6), (2, 3, 5)])
def test_equals_the_sum(count: int, shape: tuple[int, ...]) -> None:
    given = vectors(count, *shape)
    before = [vector.clone() for vector in given]
    sums, _ = ring_all_reduce(given)
    assert len(sums) == count
    for total in sums:
        torch.testing.assert_close(total, torch.stack(given).sum(0))
        assert torch.equal(total, sums[0])  # all alike to the bit
    assert all(torch.equal(a, b) for a, b in zip(given, before, strict=True))


def test_integers_are_added_exactly() -> None:
    sums, _ = ring_all_reduce([torch.tensor([1, 2, 3]), torch.tensor([10, 20, 30])])
    assert [total.tolist() for total in sums] == [[11, 22, 33]] * 2


@pytest.mark.parametrize("count", [2, 3, 4, 10])
def test_sends_less_than_twice_the_vector(count: int) -> None:
    sent = ring_all_reduce(vectors(count, 120))[1]
    assert sent == [2 * (count - 1) * 120 // count] * count


def test_what_cannot_be_cut_evenly_is_sent_all_the_same() -> None:
    sent = ring_all_reduce(vectors(4, 10))[1]
    assert sum(sent) == 2 * 3 * 10
    assert max(sent) <= 2 * 3 * 3


def test_one_process_sends_nothing() -> None:
    assert ring_all_reduce(vectors(1, 5))[1] == [0]


def test_refuses_what_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="vectors is empty"):
        ring_all_reduce([])
    with pytest.raises(ValueError, match="vectors must have one shape and one dtype"):
        ring_all_reduce([torch.ones(3), torch.ones(4)])
    with pytest.raises(ValueError, match="vectors must have one shape and one dtype"):
        ring_all_reduce([torch.ones(3), torch.ones(3).double()])
