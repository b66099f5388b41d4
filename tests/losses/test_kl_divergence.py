"""The KL divergence equals both of torch's, on both paths; every way to misuse it is refused."""

import math
import re

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional

from linebyline.losses.kl_divergence import KLDivergence, kl_divergence

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def log_probs(*shape: int, seed: int = 0, scale: float = 2.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    z = scale * torch.randn(shape, dtype=torch.float64, generator=generator)
    return z.log_softmax(dim=-1)


@PATHS
@pytest.mark.parametrize(("reduction", "name"), [("mean", "batchmean"), ("sum", "sum")])
def test_equals_torch(path: str, reduction: str, name: str) -> None:
    p, q = log_probs(6, 4).requires_grad_(), log_probs(6, 4, seed=1).requires_grad_()
    p_theirs, q_theirs = (t.detach().clone().requires_grad_() for t in (p, q))
    loss = getattr(KLDivergence(reduction=reduction), path)(
        target_log_probs=p, prediction_log_probs=q
    )
    expected = functional.kl_div(q_theirs, p_theirs, reduction=name, log_target=True)
    torch.testing.assert_close(loss, expected, rtol=1e-13, atol=1e-14)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(p.grad, p_theirs.grad, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(q.grad, q_theirs.grad, rtol=1e-12, atol=1e-14)


@PATHS
@pytest.mark.parametrize("shape", [(4,), (6, 4), (3, 2, 4)])
def test_equals_the_divergence_of_distributions(path: str, shape: tuple[int, ...]) -> None:
    """A second reference, whose arguments stand in the order of KL(p ‖ q)."""
    p, q = log_probs(*shape), log_probs(*shape, seed=1)
    expected = torch.distributions.kl_divergence(Categorical(logits=p), Categorical(logits=q))
    for reduction, value in (
        ("none", expected),
        ("sum", expected.sum()),
        ("mean", expected.mean()),
    ):
        loss = getattr(KLDivergence(reduction=reduction), path)
        ours = loss(target_log_probs=p, prediction_log_probs=q)
        torch.testing.assert_close(ours, value, rtol=1e-12, atol=1e-14)


@PATHS
def test_by_hand(path: str) -> None:
    p, q = torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]).log().requires_grad_()
    loss = getattr(KLDivergence(), path)(target_log_probs=p, prediction_log_probs=q)
    assert loss.item() == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    loss.backward()
    assert q.grad is not None
    assert q.grad.tolist() == [-0.5, -0.5]  # -p


@PATHS
def test_the_gradient_through_a_softmax_is_that_of_the_cross_entropy(path: str) -> None:
    p = log_probs(3, 4)
    z = log_probs(3, 4, seed=1).mul(3).requires_grad_()
    loss = getattr(KLDivergence(reduction="sum"), path)
    q = z.log_softmax(dim=-1)
    (gradient,) = torch.autograd.grad(loss(target_log_probs=p, prediction_log_probs=q), z)
    torch.testing.assert_close(gradient, z.detach().softmax(-1) - p.exp(), rtol=1e-12, atol=1e-14)


@PATHS
def test_a_class_that_never_occurs_costs_nothing(path: str) -> None:
    p = torch.tensor([[0.0, 0.4, 0.6]], dtype=torch.float64).log().requires_grad_()
    for probabilities in ([0.2, 0.2, 0.6], [0.0, 0.4, 0.6]):  # where p = 0, so may q
        q = torch.tensor([probabilities], dtype=torch.float64).log().requires_grad_()
        loss = getattr(KLDivergence(), path)(target_log_probs=p, prediction_log_probs=q)
        assert loss.item() == pytest.approx(0.4 * math.log(0.4 / probabilities[1]))
        for gradient in torch.autograd.grad(loss, (p, q)):
            assert gradient.isfinite().all()
            assert gradient[0, 0] == 0


@PATHS
def test_a_prediction_that_rules_out_the_truth_costs_infinitely(path: str) -> None:
    p, q = torch.tensor([0.5, 0.5]).log(), torch.tensor([0.0, 1.0]).log()
    loss = getattr(KLDivergence(), path)(target_log_probs=p, prediction_log_probs=q)
    assert loss.item() == math.inf


@PATHS
def test_seldom_is_not_never(path: str) -> None:
    """Of what p allows, however rarely, q may not say never; where p underflows to 0, it may."""
    rarely = torch.tensor([0.0, -40.0], dtype=torch.float64)  # e^-40 leaves the sum at 1
    never = torch.tensor([0.0, -1e4], dtype=torch.float64)
    rules_out = torch.tensor([0.0, -math.inf], dtype=torch.float64)
    loss = getattr(KLDivergence(), path)
    assert loss(target_log_probs=rarely, prediction_log_probs=rules_out) == math.inf
    assert loss(target_log_probs=never, prediction_log_probs=rules_out) == 0


@PATHS
@pytest.mark.parametrize("name", ["target_log_probs", "prediction_log_probs"])
def test_refuses_a_sum_that_is_off_by_a_hundredth(path: str, name: str) -> None:
    right = {"target_log_probs": log_probs(2, 3), "prediction_log_probs": log_probs(2, 3)}
    with pytest.raises(ValueError, match=rf"{name} must be .* add up to 1\.01"):
        getattr(KLDivergence(), path)(**right | {name: log_probs(2, 3) + math.log(1.01)})


@PATHS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logits_that_overflow_an_exponential(path: str, dtype: torch.dtype) -> None:
    z = torch.tensor([[1e4, -1e4], [0.0, 1e4]], dtype=dtype)
    p, q = z.log_softmax(dim=-1), z.flip(-1).log_softmax(dim=-1).requires_grad_()
    loss = getattr(KLDivergence(reduction="none"), path)(target_log_probs=p, prediction_log_probs=q)
    assert loss.tolist() == [2e4, 1e4]
    (gradient,) = torch.autograd.grad(loss.sum(), q)
    assert gradient.tolist() == [[-1, 0], [0, -1]]


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradient(path: str, reduction: str) -> None:
    loss = getattr(KLDivergence(reduction=reduction), path)

    def run(p: Tensor, q: Tensor) -> Tensor:
        return loss(target_log_probs=p, prediction_log_probs=q)

    p, q = log_probs(3, 4).requires_grad_(), log_probs(3, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(run, (p, q))


@PATHS
def test_learns_the_target(path: str) -> None:
    p = log_probs(2, 5, scale=1.0)
    z = torch.zeros(2, 5, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([z], lr=2.0)
    for _ in range(300):
        optimizer.zero_grad()
        loss = getattr(KLDivergence(), path)(
            target_log_probs=p, prediction_log_probs=z.log_softmax(dim=-1)
        )
        loss.backward()
        optimizer.step()
    assert 0 <= loss.item() < 1e-6
    torch.testing.assert_close(z.detach().softmax(dim=-1), p.exp(), rtol=0, atol=1e-3)


def test_takes_its_arguments_by_name_only() -> None:
    for loss in (kl_divergence, KLDivergence(), KLDivergence().explicit):
        with pytest.raises(TypeError, match="positional argument"):
            loss(log_probs(3), log_probs(3))


@PATHS
@pytest.mark.parametrize("name", ["target_log_probs", "prediction_log_probs"])
@pytest.mark.parametrize("wrong", [log_probs(2, 3).exp(), 1e4 * log_probs(2, 3) + 2e4])
def test_refuses_probabilities_and_logits(path: str, name: str, wrong: Tensor) -> None:
    right = {"target_log_probs": log_probs(2, 3), "prediction_log_probs": log_probs(2, 3)}
    message = f"{name} must be logarithms of probabilities that add up to 1 along the last axis"
    with pytest.raises(ValueError, match=message):
        getattr(KLDivergence(), path)(**right | {name: wrong})


@PATHS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_rounding_is_no_misuse(path: str, dtype: torch.dtype) -> None:
    p, q = (log_probs(20, 5000, seed=s, scale=4.0).to(dtype) for s in (0, 1))
    loss = getattr(KLDivergence(), path)(target_log_probs=p, prediction_log_probs=q)
    assert loss.isfinite()


@PATHS
def test_a_run_that_diverged_gives_no_number_and_no_error(path: str) -> None:
    nan = torch.full((2, 3), math.nan)
    loss = getattr(KLDivergence(), path)(
        target_log_probs=log_probs(2, 3).float(), prediction_log_probs=nan
    )
    assert loss.isnan()


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((2, 3), (3, 2)), ((), ())])
def test_refuses_shapes_that_differ(path: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    message = f"target_log_probs is {shapes[0]} and prediction_log_probs is {shapes[1]}"
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(KLDivergence(), path)(
            target_log_probs=torch.zeros(shapes[0]), prediction_log_probs=torch.zeros(shapes[1])
        )


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
def test_refuses_whole_numbers_and_the_mean_of_nothing(path: str) -> None:
    loss = getattr(KLDivergence(), path)
    whole, right = torch.zeros(2, 1, dtype=torch.int64), torch.zeros(2, 1)
    with pytest.raises(ValueError, match="target_log_probs must be of a floating-point type"):
        loss(target_log_probs=whole, prediction_log_probs=right)
    with pytest.raises(ValueError, match="prediction_log_probs must be of a floating-point type"):
        loss(target_log_probs=right, prediction_log_probs=whole)
    with pytest.raises(ValueError, match=re.escape("target_log_probs is empty, of shape (0, 1)")):
        loss(target_log_probs=right[:0], prediction_log_probs=right[:0])


@PATHS
def test_waits_for_no_other_device(path: str) -> None:
    """Numbers on the meta device cannot be looked at: to try would raise."""
    nowhere = torch.zeros(2, 3, device="meta")
    loss = getattr(KLDivergence(), path)
    assert loss(target_log_probs=nowhere, prediction_log_probs=nowhere).is_meta


def test_refuses_an_unknown_reduction() -> None:
    message = "reduction must be one of 'mean', 'sum', 'none', not 'batchmean'"
    with pytest.raises(ValueError, match=message):
        KLDivergence(reduction="batchmean")
    with pytest.raises(ValueError, match=message):
        kl_divergence(
            target_log_probs=log_probs(3), prediction_log_probs=log_probs(3), reduction="batchmean"
        )


def test_prints_its_reduction() -> None:
    assert repr(KLDivergence(reduction="sum")) == "KLDivergence(reduction='sum')"
