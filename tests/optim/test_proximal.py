"""Soft thresholding minimizes what it says; ISTA ends where scikit-learn's solvers end."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.linear_model import ElasticNet, Lasso
from torch import Tensor, nn

from linebyline.optim import proximal
from linebyline.optim.proximal import ProximalGradient, soft_threshold
from linebyline.optim.sgd import SGD

both_paths = pytest.mark.parametrize("foreach", [True, False])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def problem() -> tuple[Tensor, Tensor]:
    """Forty examples with twelve inputs, of which three matter."""
    x = random(40, 12)
    y = x[:, :3] @ torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    return x, y + 0.3 * random(40, seed=1)


def test_soft_threshold_by_hand() -> None:
    v = torch.tensor([3.0, -3.0, 0.5, -1.0, 0.0])
    assert soft_threshold(v, 1.0).tolist() == [2.0, -2.0, 0.0, 0.0, 0.0]
    assert soft_threshold(v, torch.tensor([3.0, 1.0, 0.0, 0.5, 9.0])).tolist() == [
        0,
        -2,
        0.5,
        -0.5,
        0,
    ]


@pytest.mark.parametrize("v", [-2.0, -0.3, 0.1, 0.8, 5.0])
def test_soft_threshold_is_the_minimum(v: float) -> None:
    found = minimize_scalar(lambda w: (w - v) ** 2 / 2 + 0.7 * abs(w), bounds=(-6, 6))
    assert soft_threshold(torch.tensor(v), 0.7).item() == pytest.approx(found.x, abs=1e-4)


def test_soft_threshold_passes_gradcheck() -> None:
    v = random(20).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: soft_threshold(v, 0.4), v)


def test_the_derivative_is_zero_where_the_outcome_is() -> None:
    v = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0], requires_grad=True)  # ±1 are the kinks
    (gradient,) = torch.autograd.grad(soft_threshold(v, 1.0).sum(), v)
    assert gradient.tolist() == [1, 0, 0, 0, 1]


@both_paths
@pytest.mark.parametrize("l2", [0.0, 0.8])
def test_ends_where_scikit_learn_ends(foreach: bool, l2: float) -> None:
    x, y = problem()
    w = nn.Parameter(torch.zeros(12, dtype=torch.float64))
    largest = torch.linalg.eigvalsh(x.T @ x / 40)[-1].item()
    optimizer = ProximalGradient([w], lr=1 / largest, l1=0.2, l2=l2, foreach=foreach)
    for _ in range(2000):
        optimizer.zero_grad()
        ((x @ w - y).square().mean() / 2).backward()
        optimizer.step()
    options: dict[str, Any] = {"fit_intercept": False, "tol": 1e-12, "max_iter": 100_000}
    if l2:  # their two strengths are a sum and a share
        theirs = ElasticNet(alpha=0.2 + l2, l1_ratio=0.2 / (0.2 + l2), **options)
    else:
        theirs = Lasso(alpha=0.2, **options)
    expected = theirs.fit(x.numpy(), y.numpy()).coef_
    np.testing.assert_allclose(w.detach().numpy(), expected, rtol=0, atol=1e-9)
    assert ((w == 0).numpy() == (expected == 0)).all()
    assert 3 <= (w != 0).sum() < 12


def test_both_paths_go_the_same_way(descend: Callable[..., list[Any]]) -> None:
    options = {"lr": 0.05, "l1": 0.3, "l2": 0.2}
    paths = [descend(ProximalGradient, foreach=foreach, **options) for foreach in (True, False)]
    torch.testing.assert_close(*paths, rtol=1e-12, atol=1e-12)


@both_paths
def test_without_penalty_it_is_sgd(descend: Callable[..., list[Any]], foreach: bool) -> None:
    path = descend(ProximalGradient, lr=0.05, l1=0.0, foreach=foreach)
    torch.testing.assert_close(path, descend(SGD, lr=0.05), rtol=1e-13, atol=1e-13)


@both_paths
def test_by_hand(foreach: bool) -> None:
    theta = nn.Parameter(torch.tensor([10.0, 0.5, -4.0]))
    theta.grad = torch.tensor([4.0, 0.0, 2.0])
    ProximalGradient([theta], lr=0.5, l1=2.0, l2=2.0, foreach=foreach).step()
    # v = 8, 0.5, -5; less the threshold 1: 7, 0, -4; over 2
    assert theta.tolist() == [3.5, 0.0, -2.0]


@both_paths
def test_the_flag_chooses_the_path(foreach: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    keep = proximal.soft_threshold
    monkeypatch.setattr(proximal, "soft_threshold", lambda *a: (taken.append(a), keep(*a))[1])
    theta = nn.Parameter(torch.ones(3))
    theta.grad = torch.ones(3)
    ProximalGradient([theta], lr=0.1, l1=0.5, foreach=foreach).step()
    assert bool(taken) != foreach


@both_paths
def test_a_group_without_penalty_is_spared(foreach: bool) -> None:
    weight, bias = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    groups = [{"params": [weight]}, {"params": [bias], "l1": 0.0}]
    optimizer = ProximalGradient(groups, lr=1.0, l1=0.25, foreach=foreach)
    for theta in (weight, bias):
        theta.grad = torch.zeros(2)
    optimizer.step()
    assert weight.tolist() == [0.75, 0.75]
    assert bias.tolist() == [1.0, 1.0]


def test_refuses() -> None:
    with pytest.raises(ValueError, match="threshold must be zero or more, not -1"):
        soft_threshold(torch.ones(2), -1.0)
    for name in ("lr", "l1", "l2"):
        for value in (-1.0, math.inf, math.nan):
            options = {"lr": 0.1, "l1": 0.1, "l2": 0.1, name: value}
            with pytest.raises(ValueError, match=f"{name} must be a finite number, zero or more"):
                ProximalGradient([nn.Parameter(torch.ones(2))], **options)
