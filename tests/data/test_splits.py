"""The split: nothing lost, nothing on both sides, every class with its share."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from linebyline.data.examples import Examples
from linebyline.data.splits import is_class, split, split_in_three


def labelled(counts):
    """Examples sorted by class; the input is the example's own number."""
    targets = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Examples(torch.arange(len(targets)), targets)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.integers(4, 60), min_size=1, max_size=6), st.floats(0.3, 0.7), st.integers(0, 2**32)
)
def test_parts_without_loss_or_leak_and_in_proportion(counts, fraction, seed):
    examples = labelled(counts)
    train, test = split(examples, test_size=fraction, seed=seed)
    assert sorted(train.inputs.tolist() + test.inputs.tolist()) == examples.inputs.tolist()
    for part in (train, test):
        assert part.targets.tolist() == examples.targets[part.inputs].tolist()
    size = round(fraction * sum(counts))
    assert len(test.targets) == size
    for label, count in enumerate(counts):
        assert abs((test.targets == label).sum().item() - count * size / sum(counts)) < 1


def test_shares_are_scikit_learns():
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    examples = labelled(counts)
    _, reference = train_test_split(
        examples.targets.numpy(), test_size=500, stratify=examples.targets.numpy(), random_state=0
    )
    ours = split(examples, test_size=500).test.targets.bincount()
    assert sorted(ours.tolist()) == sorted(torch.tensor(reference).bincount().tolist())


def test_leftovers_go_to_the_largest_remainders():
    # 10 of 50: exact shares 1.4, 2.6, 2.6, 3.4; the two left over belong to the two .6
    assert split(labelled([7, 13, 13, 17]), test_size=10).test.targets.bincount().tolist() == [
        1,
        3,
        3,
        3,
    ]


def test_of_equal_remainders_the_smaller_label_s_come_first():
    # 8/3, 14/3 and 8/3, whose remainders differ as floats
    examples = labelled([4, 7, 4])
    assert split(examples, test_size=10).test.targets.bincount().tolist() == [3, 5, 2]


def test_defaults():
    examples = labelled([50, 50])
    for ours, same in (
        (split(examples), split(examples, test_size=0.25, seed=0)),
        (
            split_in_three(examples),
            split_in_three(examples, validation_size=0.2, test_size=0.2, seed=0),
        ),
    ):
        for part, other in zip(ours, same, strict=True):
            assert torch.equal(part.inputs, other.inputs)


def test_both_sides_are_shuffled_and_the_seed_decides():
    examples = labelled([1000, 1000])
    first, again, other = (split(examples, seed=seed) for seed in (0, 0, 1))
    for part, same, another in zip(first, again, other, strict=True):
        assert part.inputs.tolist() == same.inputs.tolist()
        assert set(part.inputs.tolist()) != set(another.inputs.tolist())
        runs = (part.targets.diff() != 0).sum().item()
        assert 0.4 < runs / len(part.targets) < 0.6  # neighbours are of one class half of the time
    # Within a class, which examples are chosen does not hang on their place
    assert 400 < first.test.inputs[first.test.targets == 0].float().mean() < 600


def test_every_stretch_has_every_class():
    """Each hundred examples holds about ten of each: no class comes early."""
    for part in split(labelled([200] * 10), test_size=0.5):
        for stretch in part.targets.split(100):
            assert stretch.bincount(minlength=10).min() >= 2
            assert stretch.bincount().max() <= 20


def test_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    split(labelled([5, 5]), seed=7)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "targets",
    [
        torch.linspace(0, 1, 8)[:, None],
        torch.linspace(0, 1, 8),
        torch.zeros(8, 3, dtype=torch.long),
    ],
)
def test_targets_that_are_no_classes_are_split_at_random(targets):
    train, test = split(Examples(torch.arange(8), targets), test_size=2)
    assert sorted(train.inputs.tolist() + test.inputs.tolist()) == list(range(8))
    assert torch.equal(test.targets, targets[test.inputs])
    assert len(test.targets) == 2


@pytest.mark.parametrize("size", [0, 10, -1, 0.0, 1.0, 0.04, 2.5])
def test_refuses_a_size_that_leaves_a_side_empty(size):
    with pytest.raises(ValueError, match=f"test_size is {size}, which would put .* of 10 examples"):
        split(labelled([5, 5]), test_size=size)


def test_refuses_to_leave_a_class_out():
    with pytest.raises(ValueError, match="test_size would put 0 of the 2 examples of class 1"):
        split(labelled([50, 2]), test_size=5)
    with pytest.raises(ValueError, match="test_size would put 2 of the 2 examples of class 1"):
        split(labelled([50, 2]), test_size=48)
    with pytest.raises(ValueError, match="of the 1 examples of class 1"):
        split(labelled([9, 1]), test_size=5)


def test_refuses_inputs_without_targets():
    with pytest.raises(ValueError, match="examples has 3 inputs but 2 targets"):
        split(Examples(torch.zeros(3, 1), torch.zeros(2)), test_size=1)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(8, 60), min_size=1, max_size=6), st.integers(0, 2**32))
def test_three_parts_without_loss_or_leak_and_in_proportion(counts, seed):
    examples = labelled(counts)
    parts = split_in_three(examples, validation_size=0.25, test_size=0.25, seed=seed)
    together = sorted(number for part in parts for number in part.inputs.tolist())
    assert together == examples.inputs.tolist()
    total = sum(counts)
    assert [len(part.targets) for part in parts][1:] == [round(0.25 * total)] * 2
    for part in parts:
        assert part.targets.tolist() == examples.targets[part.inputs].tolist()
        for label, count in enumerate(counts):
            share = count * len(part.targets) / total
            assert abs((part.targets == label).sum().item() - share) < 2


def test_the_test_set_is_the_same_whatever_the_validation_set():
    examples = labelled([100] * 4)
    alone = split(examples, test_size=0.2, seed=3).test.inputs.tolist()
    for size in (0.1, 0.2, 99):
        three = split_in_three(examples, validation_size=size, test_size=0.2, seed=3)
        assert three.test.inputs.tolist() == alone
        assert len(three.validation.targets) == (size if size == 99 else 400 * size)


def test_fractions_are_of_all_examples():
    parts = split_in_three(labelled([50, 50]))
    assert [len(part.targets) for part in parts] == [60, 20, 20]


def test_three_parts_are_shuffled_and_the_seed_decides():
    examples = labelled([1000, 1000])
    first, again, other = (split_in_three(examples, seed=seed) for seed in (0, 0, 1))
    for part, same, another in zip(first, again, other, strict=True):
        assert part.inputs.tolist() == same.inputs.tolist()
        assert set(part.inputs.tolist()) != set(another.inputs.tolist())
        runs = (part.targets.diff() != 0).sum().item()
        assert 0.4 < runs / len(part.targets) < 0.6


@pytest.mark.parametrize("size", [0, 8, 0.8, 0.0, 1.5])
def test_refuses_a_validation_set_that_leaves_nothing(size):
    with pytest.raises(ValueError, match=f"validation_size is {size}, which would put .* of 8"):
        split_in_three(labelled([5, 5]), validation_size=size, test_size=2)


def test_refuses_three_parts_without_some_class():
    with pytest.raises(
        ValueError, match=r"validation_size would put 0 of the \d examples of class"
    ):
        split_in_three(labelled([50, 4]), validation_size=2, test_size=10)
    with pytest.raises(ValueError, match="test_size is 0, which would put 0 of 10"):
        split_in_three(labelled([5, 5]), test_size=0)


def test_classes_are_whole_numbers_in_a_row():
    assert is_class(torch.tensor([0, 1]))
    assert not is_class(torch.tensor([0.0, 1.0]))
    assert not is_class(torch.tensor([[0, 1]]))
