"""Batches hold every example once, in an order that a seed fixes, and nothing that does not fit."""

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.training.batches import batches, cut


def numbered(count: int) -> Examples:
    return Examples(10.0 * torch.arange(count)[:, None], torch.arange(count))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_in_order_without_a_generator() -> None:
    parts = [part.targets.tolist() for part in batches(numbered(7), 3)]
    assert parts == [[0, 1, 2], [3, 4, 5], [6]]


def test_shuffled_as_torch_permutes() -> None:
    generator, order = seeded(3), seeded(3)
    for _ in range(2):  # each epoch draws on
        permutation = torch.randperm(7, generator=order)
        parts = [part.targets for part in batches(numbered(7), 3, generator=generator)]
        assert [len(part) for part in parts] == [3, 3, 1]
        assert torch.equal(torch.cat(parts), permutation)


def test_inputs_stay_beside_their_targets() -> None:
    for inputs, targets in batches(numbered(20), 6, generator=seeded()):
        assert torch.equal(inputs[:, 0], 10.0 * targets)


def test_the_order_asks_nothing_of_the_global_generator() -> None:
    before = torch.get_rng_state()
    list(batches(numbered(20), 6, generator=seeded()))
    assert torch.equal(before, torch.get_rng_state())


def test_a_batch_larger_than_the_data_holds_all() -> None:
    (only,) = batches(numbered(5), 64, generator=seeded())
    assert sorted(only.targets.tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("batch_size", [0, -3])
def test_refuses_a_batch_size_below_one_at_once(batch_size: int) -> None:
    with pytest.raises(ValueError, match=f"batch_size must be at least 1, not {batch_size}"):
        batches(numbered(5), batch_size)  # before anything is drawn


@pytest.mark.parametrize(("inputs", "targets"), [((5, 2), (4,)), ((5, 2), ()), ((), (5,))])
def test_refuses_lengths_that_differ(inputs: tuple[int, ...], targets: tuple[int, ...]) -> None:
    examples = Examples(torch.zeros(inputs), torch.zeros(targets))
    with pytest.raises(ValueError, match="examples must have a target for each input") as error:
        batches(examples, 2)
    assert f"inputs are {inputs} and targets {targets}" in str(error.value)


def test_refuses_nothing() -> None:
    with pytest.raises(ValueError, match="examples must hold at least one example"):
        batches(Examples(torch.zeros(0, 2), torch.zeros(0)), 2)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_a_bare_pair() -> None:
    with pytest.raises(TypeError, match=r"examples must be Examples\(inputs, targets\), not tuple"):
        batches((torch.zeros(5, 2), torch.zeros(5)), 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 12])
def test_a_batch_is_cut_evenly(pieces: int) -> None:
    batch = Examples(torch.arange(10.0)[:, None], torch.arange(10))
    cuts = cut(batch, pieces)
    sizes = [len(piece.inputs) for piece in cuts]
    assert len(cuts) == pieces
    assert max(sizes) - min(sizes) <= 1
    assert torch.equal(torch.cat([piece.inputs for piece in cuts]), batch.inputs)
    assert torch.equal(torch.cat([piece.targets for piece in cuts]), batch.targets)


def test_refuses_to_cut_in_no_piece() -> None:
    with pytest.raises(ValueError, match="pieces must be at least 1, not 0"):
        cut(Examples(torch.ones(2, 1), torch.ones(2)), 0)
