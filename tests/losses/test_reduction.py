"""The reduction means, sums or keeps; what cannot be reduced is refused by its name."""

import re

import pytest
import torch

from linebyline.losses.reduction import check_floating, check_pairs, check_reduction, reduce


def test_by_hand() -> None:
    losses = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert reduce(losses, "mean").item() == 3
    assert reduce(losses, "sum").item() == 12
    assert reduce(losses, "none") is losses


def test_nothing_has_a_sum_but_no_mean() -> None:
    empty = torch.zeros(0, 2)
    assert reduce(empty, "sum").item() == 0
    assert reduce(empty, "none").shape == (0, 2)
    with pytest.raises(ValueError, match=re.escape("losses is empty, of shape (0, 2)")):
        reduce(empty, "mean")


def test_refuses_an_unknown_reduction() -> None:
    message = r"reduction must be one of 'mean', 'sum', 'none', not 'average'"
    with pytest.raises(ValueError, match=message):
        check_reduction("average")
    with pytest.raises(ValueError, match=message):
        reduce(torch.ones(2), "average")


def test_names_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"score and target .* score is \(3, 1\) .*reshape"):
        check_pairs(torch.ones(3, 1), torch.ones(3), "mean", name="score")
    with pytest.raises(ValueError, match=r"prediction is \(3,\) and target is \(2,\)$"):
        check_pairs(torch.ones(3), torch.ones(2), "mean")
    with pytest.raises(ValueError, match=r"score is empty, of shape \(0,\)"):
        check_pairs(torch.ones(0), torch.ones(0), "mean", name="score")
    with pytest.raises(ValueError, match=r"score must be .* not torch.int64; take score.float"):
        check_floating("score", torch.ones(2, dtype=torch.int64))


def test_lets_pass_what_fits() -> None:
    check_pairs(torch.ones(3), torch.ones(3, dtype=torch.int64), "mean")
    check_pairs(torch.ones(0), torch.ones(0), "sum")
