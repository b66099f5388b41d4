"""k-fold cross-validation: every example is tested on once, and trained on k - 1 times."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from linebyline.data.examples import Examples, TrainTest
from linebyline.data.splits import is_class


def fold_numbers(
    targets: Tensor, folds: int, *, stratify: bool = True, seed: int = 0
) -> Int[Tensor, " examples"]:
    """Deal the examples out to the folds, like cards: shuffled, sorted by class, one each in turn.

    Sources: Stone 1974, *Cross-validatory choice and assessment of statistical predictions*, and
    for classes Kohavi 1995, *A study of cross-validation and bootstrap for accuracy estimation and
    model selection*. Dealing in turn makes the folds equal to within one example, and
    their counts of any class as well, because a class lies in one stretch of the sorted deck.

    Args:
        targets: of the examples; whole numbers of shape (examples,) are classes.
        folds: k, from 2 to the number of examples (which is leave-one-out).
        stratify: sort by class before dealing; False deals as if there were none. Targets that are
            no classes are never sorted.
        seed: the same seed gives the same folds.

    Returns:
        For each example the number of its fold, 0 to k - 1.

    Raises:
        ValueError: ``folds`` is out of range, or some class has fewer examples than there are
            folds, so that a fold would lack it.
    """
    return _deal(targets, folds, stratify, torch.Generator().manual_seed(seed))


def k_fold(
    examples: Examples, folds: int = 5, *, stratify: bool = True, seed: int = 0
) -> list[TrainTest]:
    """The k splits of cross-validation: in each another fold is left out to test on.

    Source: as for `fold_numbers`, which deals. Whatever is fitted, be it a mean to subtract or a
    choice of features, is fitted anew on each split's ``train``: what has looked at ``test`` is
    no longer tested by it.

    Args:
        examples: what to split, shuffled or not.
        folds: k; five and ten are usual.
        stratify: give each fold its share of each class.
        seed: the same seed gives the same folds.

    Returns:
        k pairs. The test sets have no example in common and together have all; the training set of
        each pair is the rest, in an order that is drawn anew.

    Raises:
        ValueError: inputs and targets differ in number, or as for `fold_numbers`.
    """
    inputs, targets = examples
    if len(inputs) != len(targets):
        raise ValueError(f"examples has {len(inputs)} inputs but {len(targets)} targets")
    generator = torch.Generator().manual_seed(seed)
    numbers = _deal(targets, folds, stratify, generator)
    order = torch.randperm(len(targets), generator=generator)  # not the deck's, which was dealt
    splits = []
    for fold in range(folds):
        left_out = numbers[order] == fold
        train, test = order[~left_out], order[left_out]
        splits.append(
            TrainTest(
                Examples(inputs[train], targets[train]), Examples(inputs[test], targets[test])
            )
        )
    return splits


def _deal(
    targets: Tensor, folds: int, stratify: bool, generator: torch.Generator
) -> Int[Tensor, " examples"]:
    total = len(targets)
    if not 2 <= folds <= total:
        raise ValueError(f"folds is {folds}; it must be from 2 to {total}, the number of examples")
    deck = torch.randperm(total, generator=generator)
    if stratify and is_class(targets):
        _check_classes(targets, folds)
        deck = deck[targets.cpu()[deck].argsort(stable=True)]  # shuffled within each class
    numbers = torch.empty_like(deck)
    numbers[deck] = torch.arange(total) % folds
    return numbers


def _check_classes(targets: Int[Tensor, " examples"], folds: int) -> None:
    classes, counts = targets.unique(return_counts=True)
    fewest = int(counts.argmin())
    if counts[fewest] < folds:
        raise ValueError(
            f"folds is {folds}, but class {int(classes[fewest])} has only "
            f"{int(counts[fewest])} examples, so some fold would have none; take fewer folds, "
            "or stratify=False"
        )
