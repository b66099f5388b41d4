"""The digits against scikit-learn's own, and the facts that the docstring tells of them."""

from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits

from linebyline.data.digits import digits


def rows(images):
    return {tuple(image) for image in images.reshape(-1, 64).tolist()}


def test_are_scikit_learns_without_loss_or_leak():
    original = load_digits()
    data = digits()
    train, test = (
        {(tuple(x.flatten().tolist()), y.item()) for x, y in zip(*part, strict=True)}
        for part in data
    )
    expected = {
        (tuple((x / 16).flatten()), y)
        for x, y in zip(original.images, original.target, strict=True)
    }
    assert len(expected) == 1797  # no image is there twice
    assert not train & test
    assert train | test == expected


def test_are_what_the_docstring_says():
    train, test = digits()
    counts = train.targets.bincount() + test.targets.bincount()
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert len(test.targets) == 449  # a quarter of 1797
    for part in (train, test):
        assert part.inputs.shape[1:] == (8, 8)
        assert (part.inputs.dtype, part.targets.dtype) == (torch.float32, torch.int64)
        assert (part.inputs.min(), part.inputs.max()) == (0, 1)
        torch.testing.assert_close(part.inputs * 16, (part.inputs * 16).round(), rtol=0, atol=0)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_are_stratified(fraction):
    train, test = digits(test_fraction=fraction)
    exact = (train.targets.bincount() + test.targets.bincount()) * fraction
    assert (test.targets.bincount() - exact).abs().max() < 1.01


def test_keep_classes_on_their_side():
    whole, pair = digits(seed=3), digits(classes=[1, 0], seed=3)
    for part, all_of_it in zip(pair, whole, strict=True):
        wanted = all_of_it.targets <= 1
        assert part.targets.tolist() == all_of_it.targets[wanted].tolist()
        torch.testing.assert_close(part.inputs, all_of_it.inputs[wanted], rtol=0, atol=0)


def test_obey_the_seed():
    assert rows(digits(seed=1).test.inputs) == rows(digits(seed=1).test.inputs)
    assert rows(digits(seed=1).test.inputs) != rows(digits(seed=2).test.inputs)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_refuse_a_fraction_out_of_range(fraction):
    with pytest.raises(ValueError, match=r"test_fraction is .*; it must be between 0 and 1"):
        digits(test_fraction=fraction)
