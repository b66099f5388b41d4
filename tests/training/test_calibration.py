"""Bins equal scikit-learn's, the error a direct computation, and chance alone is not zero."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.calibration import calibration_curve
from torch import Tensor

from linebyline.training.calibration import expected_calibration_error, reliability


def predictions(count: int = 500, classes: int = 4, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(count, classes, dtype=torch.float64, generator=generator)
    target = torch.randint(classes, (count,), generator=generator)
    target = torch.where(torch.rand(count, generator=generator) < 0.5, logits.argmax(1), target)
    return (3 * logits).softmax(1), target


@pytest.mark.parametrize("bins", [1, 7, 10, 15])
def test_bins_equal_scikit_learn(bins: int) -> None:
    probabilities, target = predictions()
    confidence, chosen = probabilities.max(1)
    right = (chosen == target).numpy()
    expected = calibration_curve(right, confidence.numpy(), n_bins=bins)  # accuracy, confidence
    found = reliability(probabilities, target, bins=bins)
    filled = found.counts > 0  # scikit-learn leaves out the empty ones
    assert torch.equal(found.accuracy.isnan(), ~filled)
    assert found.accuracy[filled].numpy() == pytest.approx(expected[0], abs=1e-12)
    assert found.confidence[filled].numpy() == pytest.approx(expected[1], abs=1e-12)
    assert found.counts.sum() == 500
    assert len(found.edges) == bins + 1


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_the_error_equals_the_sum_written_out(bins: int) -> None:
    probabilities, target = predictions()
    total = 0.0
    for m in range(bins):
        inside = [
            (max(row), row.index(max(row)) == y)
            for row, y in zip(probabilities.tolist(), target.tolist(), strict=True)
            if m / bins < max(row) <= (m + 1) / bins
        ]
        if inside:
            confident, right = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            total += len(inside) / 500 * abs(right - confident)
    found = expected_calibration_error(probabilities, target, bins=bins).item()
    assert found == pytest.approx(total, abs=1e-12)


def test_by_hand() -> None:
    """Two say 0.9 and one is right, two say 0.6 and both are: (0.4 + 0.4) / 2."""
    probabilities = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6]])
    target = torch.tensor([0, 0, 0, 1])
    error = expected_calibration_error(probabilities, target, bins=10)
    assert error.item() == pytest.approx(0.4, abs=1e-7)


def test_an_edge_belongs_to_the_bin_below_and_certainty_to_the_last() -> None:
    probabilities = torch.tensor([[0.5, 0.5], [0.0, 1.0]], dtype=torch.float64)
    counts = reliability(probabilities, torch.tensor([0, 1]), bins=4).counts
    assert counts.tolist() == [0, 1, 0, 1]


def test_of_equal_classes_the_first_is_meant_and_bins_are_fifteen() -> None:
    halves, target = torch.full((3, 2), 0.5), torch.tensor([0, 0, 1])
    found = reliability(halves, target)
    assert len(found.counts) == 15
    assert found.accuracy[found.counts > 0].tolist() == pytest.approx([2 / 3])
    probabilities, target = predictions()
    fifteen = expected_calibration_error(probabilities, target, bins=15)
    assert expected_calibration_error(probabilities, target) == fifteen


def test_a_calibrated_model_has_little_error_and_more_with_more_bins() -> None:
    generator = torch.Generator().manual_seed(0)
    p = 0.5 + torch.rand(20_000, dtype=torch.float64, generator=generator) / 2
    target = (torch.rand(20_000, generator=generator) > p).long()
    probabilities = torch.stack([p, 1 - p], dim=1)
    errors = [expected_calibration_error(probabilities, target, bins=b) for b in (10, 1000)]
    assert errors[0] < 0.01 < errors[1]
    sharper = (3 * probabilities.log()).softmax(1)
    assert expected_calibration_error(sharper, target) > 0.1


@pytest.mark.parametrize(
    ("probabilities", "target", "message"),
    [
        (torch.ones(3), torch.zeros(3).long(), r"probabilities must be \(batch, classes\)"),
        (torch.ones(3, 1), torch.zeros(2).long(), r"\(3, 1\) and \(2,\)"),
        (torch.ones(0, 2), torch.zeros(0).long(), "at least one example"),
        (torch.tensor([[2.0, -1.0]]), torch.zeros(1).long(), r"the least is -1 .*softmax\(1\)"),
        (torch.tensor([[0.2, 0.1]]), torch.zeros(1).long(), r"sums reach from 0\.3"),
        (
            torch.tensor([[0.5, 0.5], [0.9, 0.4]]),
            torch.zeros(2).long(),
            r"sums reach from 1 to 1\.3",
        ),
        (torch.tensor([[0.5, 0.498]]), torch.zeros(1).long(), r"sums reach from 0\.998"),
        (torch.tensor([[math.nan, 1]]), torch.zeros(1).long(), "sum to 1 in each row"),
    ],
)
def test_refuses(
    probabilities: Tensor, target: Tensor, message: str, without_shape_checks: None
) -> None:
    with pytest.raises(ValueError, match=message):
        expected_calibration_error(probabilities, target)


def test_refuses_no_bins() -> None:
    with pytest.raises(ValueError, match="bins must be at least 1, not 0"):
        reliability(*predictions(), bins=0)
