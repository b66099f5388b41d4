"""Moons against scikit-learn's, spirals against the formulas of Lang and Witbrock."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import make_moons

from linebyline.data.synthetic import spirals, two_moons


def by_class(inputs, targets):
    # Rounded for the sorting, so that two points on one vertical keep their order in float32 too.
    points = [np.asarray(inputs[targets == label]).round(5) + 0.0 for label in np.unique(targets)]
    return [part[np.lexsort(part.T)] for part in points]


@pytest.mark.parametrize("count", [2, 7, 100])
def test_moons_are_scikit_learns(count):
    reference = by_class(*make_moons(count, shuffle=False))
    for ours, theirs in zip(by_class(*two_moons(count, noise=0)), reference, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_spirals_are_lang_and_witbrocks():
    i = np.arange(97)
    angle, radius = i * math.pi / 16, 6.5 * (104 - i) / 104
    first = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    both = np.concatenate([first, -first]) / 6.5
    reference = by_class(both, np.repeat([0, 1], 97))
    for ours, theirs in zip(by_class(*spirals(194, turns=3)), reference, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


@pytest.mark.parametrize(("count", "arms"), [(10, 3), (5, 5), (100, 1), (7, 2)])
def test_arms_share_the_points_and_are_turned_copies(count, arms):
    inputs, targets = spirals(count, arms=arms)
    sizes = targets.bincount(minlength=arms)
    assert sizes.sum() == count
    assert sizes.max() - sizes.min() <= 1
    rim = [
        inputs[targets == arm][inputs[targets == arm].norm(dim=1).argmax()] for arm in range(arms)
    ]
    for arm, point in enumerate(rim):
        turn = 2 * math.pi * arm / arms
        torch.testing.assert_close(
            point, torch.tensor([math.sin(turn), math.cos(turn)]), atol=1e-6, rtol=0
        )


@pytest.mark.parametrize("make", [two_moons, spirals])
def test_types_shuffling_and_seed(make):
    before = torch.get_rng_state()
    first, again, other = make(400, noise=0.1), make(400, noise=0.1), make(400, noise=0.1, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.inputs.shape == (400, 2)
    assert (first.inputs.dtype, first.targets.dtype) == (torch.float32, torch.int64)
    assert first.targets.bincount().tolist() == [200, 200]
    assert torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.inputs, other.inputs)
    assert not torch.equal(first.targets, other.targets)
    assert 0.4 < (first.targets.diff() != 0).float().mean() < 0.6


@pytest.mark.parametrize("make", [two_moons, spirals])
def test_noise_is_a_standard_deviation(make):
    """The same seed draws the same noise and the same order whatever the noise is scaled by."""
    clean, noisy = make(4000, noise=0, seed=5), make(4000, noise=0.2, seed=5)
    errors = (noisy.inputs - clean.inputs).T
    assert errors.mean(dim=1).abs().max() < 0.02
    torch.testing.assert_close(errors.std(dim=1), torch.full((2,), 0.2), atol=0.01, rtol=0)
    assert torch.corrcoef(errors)[0, 1].abs() < 0.06  # each coordinate has its own


@pytest.mark.parametrize(
    ("call", "culprit"),
    [
        (lambda: two_moons(1), "count is 1"),
        (lambda: two_moons(noise=-0.1), "noise is -0.1"),
        (lambda: spirals(2, arms=3), "arms is 3 and count is 2"),
        (lambda: spirals(arms=0), "arms is 0"),
        (lambda: spirals(turns=0), "turns is 0"),
        (lambda: spirals(noise=-1), "noise is -1"),
    ],
)
def test_refuses(call, culprit):
    with pytest.raises(ValueError, match=culprit):
        call()
