"""Standardization equals scikit-learn's, moves with a model, and knows its training inputs only."""

import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from linebyline.data.standardization import Standardization


def table(rows: int = 50, seed: int = 0) -> Tensor:
    numbers = torch.randn(
        rows, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    return numbers * torch.tensor([1.0, 100.0, 1e-3, 0.0]) + torch.tensor([5.0, -3.0, 0.0, 2.0])


def test_equals_scikit_learn() -> None:
    train, test = table(), table(20, seed=1)
    ours, theirs = Standardization(train, over=(0,)), StandardScaler().fit(train.numpy())
    for x in (train, test):
        reference = torch.from_numpy(theirs.transform(x.numpy()))
        torch.testing.assert_close(ours(x), reference, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(ours.inverse(ours(test)), test, rtol=1e-12, atol=1e-12)


def test_a_constant_becomes_zero() -> None:
    standardize = Standardization(table(), over=(0,))
    assert standardize.std[3] == 1
    assert standardize(table())[:, 3].tolist() == [0.0] * 50


@pytest.mark.parametrize(("over", "shape"), [(None, ()), ((0, 2, 3), (3, 1, 1)), ((0,), (3, 4, 5))])
def test_axes(over, shape: tuple[int, ...]) -> None:
    images = torch.rand(20, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    standardize = Standardization(images, over=over)
    assert standardize.mean.numel() == torch.Size(shape).numel()
    axes = (0, 1, 2, 3) if over is None else over
    std, mean = torch.std_mean(standardize(images), axes, correction=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-5, rtol=0)
    torch.testing.assert_close(std, torch.ones_like(std))


def test_sums_in_double_precision() -> None:
    numbers = torch.full((4000, 50), 10_000.0)
    numbers[::2] += 1
    standardize = Standardization(numbers)
    assert standardize.std.item() == pytest.approx(0.5, rel=1e-6)
    assert standardize.mean.dtype == standardize.std.dtype == numbers.dtype
    assert standardize(numbers).dtype == standardize.inverse(numbers).dtype == numbers.dtype


def test_figures_are_buffers_and_the_mode_does_not_matter() -> None:
    standardize = Standardization(table(), over=(0,))
    assert list(standardize.state_dict()) == ["mean", "std"]
    assert not list(standardize.parameters())
    x = table(9, seed=2)
    assert torch.equal(standardize.train()(x), standardize.eval()(x))
    other = Standardization(table(seed=3), over=(0,))
    other.load_state_dict(standardize.state_dict())
    assert torch.equal(other(x), standardize(x))


def test_gradient() -> None:
    assert torch.autograd.gradcheck(Standardization(table()), table(3, seed=1).requires_grad_())


@pytest.mark.parametrize("over", [(1,), (0, 2), ()])
def test_refuses_axes(over: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="it must hold axis 0, the examples"):
        Standardization(table(), over=over)


@pytest.mark.parametrize("numbers", [[], [1.0, float("nan")], [1.0, float("inf")], [-float("inf")]])
def test_refuses_what_has_no_mean(numbers: list[float]) -> None:
    with pytest.raises(ValueError, match="training_inputs must hold numbers, all of them finite"):
        Standardization(torch.tensor([numbers]))
