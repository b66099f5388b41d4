import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from linebyline.linear_models.perceptron import Perceptron, with_one
from linebyline.linear_models.separability import mistake_bound, separability

XOR = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([-1, 1, 1, -1])


def cloud(seed: int, examples: int, features: int):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(examples, features, dtype=torch.float64, generator=generator)
    y = torch.where(torch.arange(examples) % 2 == 0, 1, -1)
    return x, y


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), examples=st.integers(4, 14), features=st.integers(2, 6))
def test_agrees_with_linear_programming(seed, examples, features):
    """Around twice as many examples as weights, half of all random labellings are separable."""
    x, y = cloud(seed, examples, features)
    signed = (y[:, None] * with_one(x)).numpy()
    bounds = [(None, None)] * signed.shape[1]
    program = linprog(np.zeros(signed.shape[1]), -signed, -np.ones(examples), bounds=bounds)
    assert separability(x, y).separable == (program.status == 0)


@pytest.mark.parametrize("bias", [True, False])
def test_the_margin_is_the_widest(bias):
    """Against a general solver of min ||w||^2 subject to y_i (w · x_i) >= 1."""
    x, y = cloud(seed=3, examples=8, features=12)
    found = separability(x, y, bias=bias)
    signed = (y[:, None] * (with_one(x) if bias else x)).numpy()
    start = np.linalg.pinv(signed).sum(1)  # satisfies all constraints with equality
    constraint = {"type": "ineq", "fun": lambda w: signed @ w - 1, "jac": lambda w: signed}
    solution = minimize(lambda w: w @ w, start, jac=lambda w: 2 * w, constraints=constraint)
    assert solution.success
    assert found.margin == pytest.approx(1 / np.linalg.norm(solution.x), rel=1e-5)
    assert torch.linalg.vector_norm(found.weights) == pytest.approx(1)
    torch.testing.assert_close(
        torch.tensor(signed @ found.weights.numpy()).min().item(), found.margin
    )


def test_the_mixture_of_separable_classes_is_the_support_vectors_shares():
    """They alone carry the boundary: the other examples could go, and it would stay."""
    x, y = cloud(seed=3, examples=8, features=5)
    found = separability(x, y)
    reached = (found.mixture * y) @ with_one(x)
    torch.testing.assert_close(reached / torch.linalg.vector_norm(reached), found.weights)
    assert found.mixture.sum() == pytest.approx(2)
    scores = y * (with_one(x) @ found.weights)
    carries = found.mixture > 0
    assert 0 < carries.sum() < len(x)
    torch.testing.assert_close(scores[carries], torch.full_like(scores[carries], found.margin))
    assert (scores[~carries] > found.margin).all()


def test_a_narrow_margin_is_not_taken_for_rounding():
    x = torch.tensor([[1.0, 5e-6], [1.0, -5e-6]], dtype=torch.float64)
    found = separability(x, torch.tensor([1, -1]), bias=False)
    assert found.separable
    assert found.margin == pytest.approx(5e-6, rel=1e-3)


def test_single_precision_is_rounded_only_at_the_end():
    """Three points of one line, all numbers exact: to round them would open a gap."""
    x, y = torch.tensor([[0.0, 1, 5], [1, 2, 7], [3, 4, 11]]), torch.tensor([-1, 1, -1])
    for scale in (1, 3, 7, 11):
        proof = separability(x * scale, y)
        assert not proof.separable
        torch.testing.assert_close(proof.mixture, torch.tensor([2 / 3, 1, 1 / 3]))
    assert separability(x, torch.tensor([-1, 1, 1])).weights.dtype == torch.float32


def test_a_proof_that_no_line_does_can_be_checked():
    x, y = cloud(seed=1, examples=200, features=4)
    proof = separability(x, y)
    assert not proof.separable
    assert proof.margin == 0
    assert (proof.mixture >= 0).all()
    for side in (1, -1):
        assert proof.mixture[y == side].sum() == pytest.approx(1)
    plus, minus = (proof.mixture[y == side] @ x[y == side] for side in (1, -1))
    torch.testing.assert_close(plus, minus)


def test_xor():
    proof = separability(*XOR)
    assert not proof.separable
    torch.testing.assert_close(proof.mixture, torch.full((4,), 0.5))
    assert mistake_bound(*XOR) == math.inf


def test_without_bias_a_shifted_pair_is_lost():
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([-1, 1])
    assert separability(x, y).separable
    assert not separability(x, y, bias=False).separable


def test_the_bound_by_hand():
    """With the bias the y_i x_i are (3, 1) and (1, -1): the second is nearest to the origin."""
    x, y = torch.tensor([[3.0], [-1.0]]), torch.tensor([1, -1])
    assert mistake_bound(x, y, bias=False) == pytest.approx((3 / 1) ** 2)
    assert mistake_bound(x, y) == pytest.approx(10 / 2, rel=1e-6)


def test_the_bound_is_reached_by_orthogonal_examples():
    """R = 1 and gamma = 1/sqrt(N): N mistakes are allowed, and N are made."""
    x, y = torch.eye(9), torch.tensor([1, -1] * 4 + [1])
    assert mistake_bound(x, y, bias=False) == pytest.approx(9)
    assert len(Perceptron(9, bias=False).fit(x, y)) == 9


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_no_run_exceeds_the_bound(seed):
    x, y = cloud(seed, examples=6, features=5)
    bound = mistake_bound(x, y)
    if bound < 1e4:
        log = Perceptron(5).fit(x, y, epochs=20_000, seed=seed)
        assert log.converged
        assert len(log) <= bound * (1 + 1e-9)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_the_inputs_does_not_matter(scale):
    """Without a bias, whose constant input has a unit of its own."""
    x, y = cloud(seed=3, examples=8, features=12)
    one, scaled = separability(x, y, bias=False), separability(x * scale, y, bias=False)
    assert scaled.margin == pytest.approx(one.margin * scale)
    torch.testing.assert_close(scaled.weights, one.weights)
    assert not separability(torch.cat([x, x]) * scale, torch.cat([y, -y]), bias=False).separable


def test_refuses_one_class():
    with pytest.raises(ValueError, match="y has only the answer 1"):
        separability(torch.zeros(3, 2), torch.ones(3, dtype=torch.long))


def test_refuses_bad_examples():
    with pytest.raises(ValueError, match="not finite"):
        separability(torch.full((2, 2), torch.nan), torch.tensor([1, -1]))


def test_a_margin_of_the_size_of_rounding_is_none():
    """Found as separable, its margin would come out negative."""
    x = torch.tensor([[0.3], [0.3 + 1e-8]], dtype=torch.float64)
    assert separability(x, torch.tensor([1, -1])).margin == 0
    assert separability(x.requires_grad_(), torch.tensor([1, -1])).margin == 0
