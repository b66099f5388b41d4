"""k folds: each example tested on once; folds and classes as equal as scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from linebyline.data.examples import Examples
from linebyline.data.k_fold import fold_numbers, k_fold


def labelled(counts):
    """Examples sorted by class; the input is the example's own number."""
    targets = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Examples(torch.arange(len(targets)), targets)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(7, 40), min_size=1, max_size=5), st.integers(2, 7), st.integers(0, 2**32)
)
def test_each_is_tested_once_and_folds_are_equal_to_within_one(counts, folds, seed):
    examples = labelled(counts)
    splits = k_fold(examples, folds, seed=seed)
    assert len(splits) == folds
    tested = sorted(number for _, test in splits for number in test.inputs.tolist())
    assert tested == examples.inputs.tolist()
    for train, test in splits:
        both = sorted(train.inputs.tolist() + test.inputs.tolist())
        assert both == examples.inputs.tolist()
        for part in (train, test):
            assert part.targets.tolist() == examples.targets[part.inputs].tolist()
    sizes = [len(test.targets) for _, test in splits]
    assert max(sizes) - min(sizes) <= 1
    for label in range(len(counts)):
        of_class = [(test.targets == label).sum().item() for _, test in splits]
        assert max(of_class) - min(of_class) <= 1


@pytest.mark.parametrize("folds", [2, 3, 5, 10])
def test_counts_are_scikit_learns(folds):
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    examples = labelled(counts)
    y = examples.targets.numpy()
    reference = StratifiedKFold(folds, shuffle=True, random_state=0).split(y, y)
    theirs = np.stack([np.bincount(y[test], minlength=10) for _, test in reference])
    ours = np.stack([test.targets.bincount(minlength=10) for _, test in k_fold(examples, folds)])
    # the same numbers; which fold gets the odd example is a matter of order
    assert np.array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))
    assert sorted(ours.sum(1)) == sorted(theirs.sum(1))


def test_within_a_class_the_fold_hangs_on_no_place_and_on_the_seed():
    targets = torch.zeros(3000, dtype=torch.long)
    first, again, other = (fold_numbers(targets, 3, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    for fold in range(3):
        places = (first == fold).nonzero().float()
        assert 1400 < places.mean() < 1600
        assert 2 <= (first[:100] == fold).sum() / 10 <= 5


def test_both_sides_are_shuffled():
    for train, test in k_fold(labelled([500, 500]), 2):
        for part in (train, test):
            runs = (part.targets.diff() != 0).sum().item()
            assert 0.4 < runs / len(part.targets) < 0.6


def test_leave_one_out_needs_no_stratification():
    examples = labelled([3, 4])
    with pytest.raises(ValueError, match="folds is 7, but class 0 has only 3 examples"):
        k_fold(examples, 7)
    splits = k_fold(examples, 7, stratify=False)
    assert sorted(test.inputs.item() for _, test in splits) == list(range(7))


@pytest.mark.parametrize("targets", [torch.linspace(0, 1, 9), torch.zeros(9, 1)])
def test_targets_that_are_no_classes_are_dealt_at_random(targets):
    numbers = fold_numbers(targets, 3)
    assert numbers.bincount().tolist() == [3, 3, 3]


def test_the_default_is_five_folds_and_as_many_examples_of_a_class_are_enough():
    examples = labelled([5, 8])
    ours, same = k_fold(examples), k_fold(examples, 5, stratify=True, seed=0)
    assert [pair.test.inputs.tolist() for pair in ours] == [
        pair.test.inputs.tolist() for pair in same
    ]
    first, second = (fold_numbers(examples.targets, 5, **seed) for seed in ({}, {"seed": 0}))
    assert torch.equal(first, second)
    with pytest.raises(ValueError, match="folds is 3, but class 7 has only 2 examples"):
        fold_numbers(torch.tensor([7, 4, 4, 7, 4]), 3)


def test_fold_numbers_are_the_folds_of_k_fold():
    examples = labelled([20, 30])
    numbers = fold_numbers(examples.targets, 5, seed=3)
    for fold, (_, test) in enumerate(k_fold(examples, 5, seed=3)):
        assert sorted(test.inputs.tolist()) == (numbers == fold).nonzero()[:, 0].tolist()


def test_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    k_fold(labelled([5, 5]), 2, seed=7)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("folds", [-1, 0, 1, 11])
def test_refuses_a_number_of_folds(folds):
    with pytest.raises(ValueError, match=f"folds is {folds}; it must be from 2 to 10"):
        k_fold(labelled([5, 5]), folds, stratify=False)


def test_refuses_inputs_without_targets():
    with pytest.raises(ValueError, match="examples has 3 inputs but 2 targets"):
        k_fold(Examples(torch.zeros(3, 1), torch.zeros(2)), 2)
