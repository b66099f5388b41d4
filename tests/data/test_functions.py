"""Samples of a function against the function itself."""

from __future__ import annotations

import pytest
import torch

from linebyline.data.functions import sample_function, sawtooth


def test_without_noise_targets_are_the_function():
    x, t = sample_function(torch.sin, count=7, interval=(0, 3))
    torch.testing.assert_close(x, torch.tensor([[0], [0.5], [1], [1.5], [2], [2.5], [3]]))
    torch.testing.assert_close(t, torch.sin(x), rtol=0, atol=0)
    assert x.dtype == t.dtype == torch.float32


def test_random_points_are_uniform_on_the_interval():
    x, t = sample_function(torch.square, count=4000, interval=(2, 6), evenly_spaced=False)
    assert t.shape == x.shape == (4000, 1)
    assert 2 <= x.min() < 2.01
    assert 5.99 < x.max() <= 6
    torch.testing.assert_close(x.std(), torch.tensor(4 / 12**0.5), atol=0.03, rtol=0)
    torch.testing.assert_close(t, x**2)
    assert (x.squeeze().diff() < 0).float().mean() > 0.4  # in no order


@pytest.mark.parametrize("evenly_spaced", [True, False])
def test_noise_is_a_standard_deviation_and_the_seed_decides(evenly_spaced):
    before = torch.get_rng_state()
    first, again, other = (
        sample_function(torch.cos, count=4000, evenly_spaced=evenly_spaced, noise=0.3, seed=seed)
        for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), before)
    errors = first.targets - first.inputs.cos()
    assert errors.mean().abs() < 0.02
    torch.testing.assert_close(errors.std(), torch.tensor(0.3), atol=0.015, rtol=0)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.targets, other.targets)


def test_a_network_gives_targets_without_gradients():
    assert not sample_function(torch.nn.Linear(1, 1)).targets.requires_grad


def test_targets_are_float32_whatever_the_function_gives():
    assert sample_function(lambda x: x.double() > 0).targets.dtype == torch.float32
    assert sample_function(lambda x: x.double()).targets.dtype == torch.float32


@pytest.mark.parametrize(
    ("f", "changes", "culprit"),
    [
        (torch.sin, {"interval": (1, 1)}, r"interval is \(1, 1\)"),
        (torch.sin, {"interval": (1.0, -1.0)}, r"interval is \(1.0, -1.0\)"),
        (torch.sin, {"count": 0}, "count is 0"),
        (torch.sin, {"noise": -0.1}, "noise is -0.1"),
        (torch.sum, {}, r"f gives shape \(\) for points of shape \(100, 1\)"),
        (lambda x: x.squeeze(1), {}, r"f gives shape \(100,\)"),
        (lambda x: 1 / x, {"count": 3}, "f is not finite at x = 0; move interval"),
        (torch.log, {"count": 3, "interval": (-2, 2)}, "f is not finite at x = -2"),
    ],
)
def test_refuses(f, changes, culprit):
    with pytest.raises(ValueError, match=culprit):
        sample_function(f, **changes)


def tent(x):
    return torch.where(x <= 0.5, 2 * x, 2 - 2 * x)


@pytest.mark.parametrize("folds", [1, 2, 3, 7])
def test_a_sawtooth_is_a_tent_composed_with_itself(folds):
    x = torch.linspace(0, 1, 2**9 + 1, dtype=torch.float64)
    composed = x
    for _ in range(folds):
        composed = tent(composed)
    torch.testing.assert_close(sawtooth(x, folds), composed, rtol=0, atol=0)
    torch.testing.assert_close(sawtooth(x.float(), folds), composed.float(), rtol=0, atol=0)


def test_a_sawtooth_has_so_many_teeth():
    x = torch.arange(2**5 + 1, dtype=torch.float64) / 2**5
    assert sawtooth(x, 5).tolist() == [0, 1] * 16 + [0]
    beyond = torch.tensor([[-0.25, 1.25]])
    assert sawtooth(beyond, 1).tolist() == [[0.5, 0.5]]


def test_a_sawtooth_refuses_no_fold():
    with pytest.raises(ValueError, match="folds is 0; it must be at least 1"):
        sawtooth(torch.zeros(1), 0)
