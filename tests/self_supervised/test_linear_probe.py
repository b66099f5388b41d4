"""The linear probe is scikit-learn's logistic regression."""

from __future__ import annotations

import math
import re

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from linebyline.data.digits import digits
from linebyline.self_supervised.linear_probe import linear_probe


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("penalty", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("classes", [3, 5])
def test_equals_scikit_learn(penalty: float, classes: int) -> None:
    h = random(120, 6) * torch.tensor([1.0, 2, 0.5, 3, 1, 1]) + 1
    y = (h @ random(6, classes, seed=1) + random(120, classes, seed=2)).argmax(1)
    probe = linear_probe(h, y, penalty=penalty)
    theirs = LogisticRegression(C=1 / (penalty * len(h)), tol=1e-10, max_iter=10_000)
    theirs.fit(h.numpy(), y.numpy())
    # scikit-learn stops a little before; the objective is flat along equal biases.
    torch.testing.assert_close(probe.weight, torch.tensor(theirs.coef_), rtol=1e-3, atol=1e-4)
    expected = torch.tensor(theirs.predict_proba(h.numpy()))
    torch.testing.assert_close(probe(h).softmax(1), expected, rtol=1e-3, atol=1e-4)


def test_it_is_the_minimum() -> None:
    """The gradient of the objective is 0 there, for the weights and for the bias."""
    h, y = random(50, 4), torch.arange(50) % 3
    probe = linear_probe(h, y, penalty=0.01).requires_grad_()
    objective = nn.functional.cross_entropy(probe(h), y) + 0.005 * probe.weight.square().sum()
    objective.backward()
    for parameter in probe.parameters():
        assert parameter.grad.abs().max() < 1e-7


def test_learns_digits_from_their_pixels(without_shape_checks: None) -> None:
    data = digits()
    h, test = data.train.inputs.flatten(1), data.test.inputs.flatten(1)
    probe = linear_probe(h, data.train.targets)
    assert (probe(test).argmax(1) == data.test.targets).float().mean() > 0.93
    assert probe.weight.dtype == torch.float32
    assert not any(parameter.requires_grad for parameter in probe.parameters())


def test_leaves_the_features_and_the_generator_alone() -> None:
    h, before = random(20, 3).requires_grad_(), torch.get_rng_state()
    with torch.no_grad():  # an evaluation may stand around it
        linear_probe(h, torch.arange(20) % 2)
    assert h.grad is None
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (random(3, 2), torch.tensor([0, 1]), "features is (3, 2) and labels is (2,)"),
        (random(3), torch.tensor([0, 1, 1]), "features is (3,) and labels is (3,)"),
        (random(0, 2), torch.tensor([]).long(), "features is (0, 2)"),
        (random(2, 2), torch.tensor([0, -1]), "labels must be classes from 0 on, but one is -1"),
        (random(2, 2), torch.tensor([1, 1]), "labels must name two classes or more, but all are 1"),
        (random(2, 2) / 0, torch.tensor([0, 1]), "features must be finite, but one is not"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_examples(features: Tensor, labels: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        linear_probe(features, labels)


@pytest.mark.parametrize("penalty", [0, -1.0, math.inf, math.nan])
def test_refuses_a_penalty(penalty: float) -> None:
    with pytest.raises(ValueError, match=f"penalty must be above 0, and finite, not {penalty}"):
        linear_probe(random(2, 2), torch.tensor([0, 1]), penalty=penalty)


def test_a_looser_search_ends_sooner_and_not_far_off() -> None:
    h, y = random(60, 8), torch.arange(60) % 3
    exact, loose = (linear_probe(h, y, penalty=0.01, tolerance=t) for t in (1e-8, 1e-3))
    assert not torch.equal(loose.weight, exact.weight)
    torch.testing.assert_close(loose.weight, exact.weight, rtol=0, atol=0.1)


@pytest.mark.parametrize("tolerance", [0, -1.0, math.inf, math.nan])
def test_refuses_a_tolerance(tolerance: float) -> None:
    message = f"tolerance must be above 0, and finite, not {tolerance}"
    with pytest.raises(ValueError, match=message):
        linear_probe(random(2, 2), torch.tensor([0, 1]), tolerance=tolerance)
