"""Clipping equals torch's on both paths, says the norm, and blames what is not finite by name."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import utils

from linebyline.optim import clipping
from linebyline.optim.clipping import (
    clip_by_norm,
    clip_by_value,
    norm_explicit,
    norm_foreach,
)
from linebyline.optim.sgd import SGD

CLIPS = [clip_by_norm, clip_by_value]
both_paths = pytest.mark.parametrize("foreach", [True, False])


@pytest.fixture
def graded(parameters: Callable[..., list[nn.Parameter]]) -> Callable[[], list[nn.Parameter]]:
    """Parameters with gradients in both precisions, but for one that has none."""

    def make() -> list[nn.Parameter]:
        thetas = [*parameters(0), *(nn.Parameter(theta.float()) for theta in parameters(1))]
        for theta, gradient in zip(thetas, parameters(2) + parameters(3), strict=True):
            theta.grad = gradient.detach().to(theta.dtype)
        thetas[1].grad = None
        return thetas

    return make


def gradients(thetas: list[nn.Parameter]) -> list[Tensor]:
    return [theta.grad for theta in thetas if theta.grad is not None]


@both_paths
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 1e6, math.inf])
def test_by_norm_equals_torch(
    graded: Callable[[], list[nn.Parameter]], foreach: bool, norm_type: float, max_norm: float
) -> None:
    ours, theirs = graded(), graded()
    options: dict[str, Any] = {"norm_type": norm_type, "foreach": foreach}
    norm = clip_by_norm(ours, max_norm, **options)
    expected = utils.clip_grad_norm_(theirs, max_norm, norm_type=norm_type)
    torch.testing.assert_close(norm, expected, rtol=1e-7, atol=0)  # half of it is in float32
    torch.testing.assert_close(gradients(ours), gradients(theirs), rtol=1e-7, atol=0)
    assert ours[1].grad is None


@both_paths
@pytest.mark.parametrize("max_value", [0.3, 1e6])
def test_by_value_equals_torch(
    graded: Callable[[], list[nn.Parameter]], foreach: bool, max_value: float
) -> None:
    ours, theirs = graded(), graded()
    largest = max(g.abs().max().item() for g in gradients(ours))
    assert clip_by_value(ours, max_value, foreach=foreach).item() == pytest.approx(largest)
    utils.clip_grad_value_(theirs, max_value)
    torch.testing.assert_close(gradients(ours), gradients(theirs), rtol=0, atol=0)


@both_paths
def test_equals_torch_in_float64(
    parameters: Callable[..., list[nn.Parameter]], foreach: bool
) -> None:
    ours, theirs = parameters(0), parameters(0)
    for thetas in (ours, theirs):
        sum(((theta**3).sum() for theta in thetas), start=torch.zeros(())).backward()
    norm = clip_by_norm(ours, 0.7, foreach=foreach)
    expected = utils.clip_grad_norm_(theirs, 0.7)
    torch.testing.assert_close(norm, expected, rtol=1e-14, atol=0)
    torch.testing.assert_close(gradients(ours), gradients(theirs), rtol=1e-14, atol=0)


@pytest.mark.parametrize("norm", [norm_explicit, norm_foreach])
@pytest.mark.parametrize(("p", "expected"), [(1.0, 7.0), (2.0, 5.0), (math.inf, 4.0)])
def test_the_norm_of_all_gradients_by_hand(
    norm: Callable[..., Tensor], p: float, expected: float
) -> None:
    gradients = [torch.tensor([[3.0], [0.0]]), torch.tensor(-4.0)]
    assert norm(gradients, norm_type=p).item() == pytest.approx(expected)


@pytest.mark.parametrize("norm", [norm_explicit, norm_foreach])
def test_the_norm_passes_gradcheck(
    norm: Callable[..., Tensor], parameters: Callable[..., list[nn.Parameter]]
) -> None:
    assert torch.autograd.gradcheck(lambda *g: norm(list(g), norm_type=2.0), parameters()[:2])


@both_paths
def test_by_norm_by_hand(foreach: bool) -> None:
    """From 10 down to 5 all together, direction kept; below the threshold nothing changes."""
    thetas = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))]
    thetas[0].grad, thetas[1].grad = torch.tensor([6.0, 0.0]), torch.tensor([-8.0])
    assert clip_by_norm(thetas, 5.0, foreach=foreach).item() == 10.0
    torch.testing.assert_close(gradients(thetas), [torch.tensor([3.0, 0.0]), torch.tensor([-4.0])])
    before = [gradient.clone() for gradient in gradients(thetas)]
    assert clip_by_norm(thetas, 6.0, foreach=foreach).item() == pytest.approx(5.0)
    torch.testing.assert_close(gradients(thetas), before, rtol=0, atol=0)


@both_paths
def test_by_value_by_hand(foreach: bool) -> None:
    theta = nn.Parameter(torch.zeros(3))
    theta.grad = torch.tensor([6.0, -0.5, -8.0])
    assert clip_by_value([theta], 1.0, foreach=foreach).item() == 8.0
    assert theta.grad.tolist() == [1.0, -0.5, -1.0]


@pytest.mark.parametrize("clip", CLIPS)
@both_paths
def test_each_path_is_taken_where_it_is_asked_for(
    clip: Callable[..., Tensor], foreach: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "norm_explicit" if foreach else "norm_foreach"
    monkeypatch.setattr(clipping, other, lambda *_, **__: pytest.fail(f"took {other}"))
    theta = nn.Parameter(torch.zeros(1))
    theta.grad = torch.ones(1)
    assert clip(theta, 2.0, foreach=foreach).item() == 1.0


@pytest.mark.parametrize("clip", CLIPS)
@both_paths
def test_one_parameter_is_not_taken_row_by_row(clip: Callable[..., Tensor], foreach: bool) -> None:
    theta = nn.Parameter(torch.zeros(2, 2))
    theta.grad = torch.tensor([[3.0, 0.0], [0.0, 0.0]])
    assert clip(theta, 1.0, foreach=foreach).item() == 3.0
    assert theta.grad[0, 0].item() == pytest.approx(1.0)


@pytest.mark.parametrize("clip", CLIPS)
@both_paths
def test_passes_over_what_has_no_gradient(clip: Callable[..., Tensor], foreach: bool) -> None:
    empty, none = nn.Parameter(torch.zeros(0, 3)), nn.Parameter(torch.zeros(3))
    empty.grad = torch.zeros(0, 3)
    assert clip([empty, none], 1.0, foreach=foreach).item() == 0.0
    assert clip(iter([]), 1.0, foreach=foreach).item() == 0.0
    used = nn.Parameter(torch.zeros(2))
    used.grad = torch.tensor([0.0, 0.0])
    assert clip([empty, none, used], 1.0, foreach=foreach).item() == 0.0
    assert used.grad.tolist() == [0.0, 0.0]  # and not 0/0


@pytest.mark.parametrize("clip", CLIPS)
@both_paths
def test_two_models_in_one_list_are_both_clipped(
    clip: Callable[..., Tensor], foreach: bool
) -> None:
    """Their parameters have the same names."""
    models = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    models[0].weight.grad, models[1].weight.grad = torch.tensor([[3.0]]), torch.tensor([[4.0]])
    named = [entry for model in models for entry in model.named_parameters()]
    assert clip(named, 1.0, foreach=foreach).item() == (5.0 if clip is clip_by_norm else 4.0)
    shortened = [model.weight.grad.item() for model in models]
    expected = [0.6, 0.8] if clip is clip_by_norm else [1.0, 1.0]
    assert shortened == pytest.approx(expected)
    models[1].weight.grad.fill_(math.nan)
    with pytest.raises(FloatingPointError, match=re.escape("in weight (parameter 1) (1 of 1)")):
        clip(named, 1.0, foreach=foreach)


@pytest.mark.parametrize("clip", CLIPS)
@both_paths
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_blames_what_is_not_finite_and_leaves_all_as_it_was(
    clip: Callable[..., Tensor], foreach: bool, bad: float
) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    for theta in model.parameters():
        theta.grad = torch.full_like(theta, 5.0)
    model[1].weight.grad[0, 1] = bad
    message = "gradients are NaN or infinite in 1.weight (1 of 2): nothing was clipped"
    with pytest.raises(FloatingPointError, match=re.escape(message)):
        clip(model.named_parameters(), 1.0, foreach=foreach)
    with pytest.raises(FloatingPointError, match=re.escape("in parameter 2 (1 of 2): nothing")):
        clip(model.parameters(), 1.0, foreach=foreach)
    assert model[0].weight.grad.tolist() == [[5.0] * 3] * 2
    model[0].weight.grad[0, 0] = model[0].bias.grad[0] = bad
    message = "in 0.weight (1 of 6), 0.bias (1 of 2), 1.weight (1 of 2): nothing"
    with pytest.raises(FloatingPointError, match=re.escape(message)):
        clip(model.named_parameters(), 1.0, foreach=foreach)
    for theta in model.parameters():
        theta.grad.fill_(bad)
    message = "in 0.weight (6 of 6), 0.bias (2 of 2), 1.weight (2 of 2) and 1 more: nothing"
    with pytest.raises(FloatingPointError, match=re.escape(message)):
        clip(model.named_parameters(), 1.0, foreach=foreach)


@both_paths
def test_tells_a_norm_that_is_too_large_from_a_gradient_that_is(foreach: bool) -> None:
    theta = nn.Parameter(torch.zeros(2))
    theta.grad = torch.full((2,), 3e38)
    with pytest.raises(FloatingPointError, match=r"finite, but their norm is too large for torch"):
        clip_by_norm(theta, 1.0, foreach=foreach)
    assert clip_by_value(theta, 1.0, foreach=foreach).item() == pytest.approx(3e38)
    assert theta.grad.tolist() == [1.0, 1.0]


@both_paths
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_lets_pass_what_torch_lets_pass(
    graded: Callable[[], list[nn.Parameter]], foreach: bool, bad: float
) -> None:
    options: dict[str, Any] = {"error_if_nonfinite": False, "foreach": foreach}
    for clip, reference in (
        (clip_by_norm, utils.clip_grad_norm_),
        (clip_by_value, utils.clip_grad_value_),
    ):
        ours, theirs = graded(), graded()
        for thetas in (ours, theirs):
            thetas[0].grad[0, 0] = bad
        norm = clip(ours, 0.5, **options)
        reference(theirs, 0.5)
        assert not norm.isfinite()
        torch.testing.assert_close(gradients(ours), gradients(theirs), equal_nan=True)


@both_paths
def test_a_cliff_is_survived(foreach: bool) -> None:
    """Where one gradient is a million times the others, clipped descent still gets there."""
    theta = nn.Parameter(torch.tensor(2.0))
    optimizer = SGD([theta], lr=0.1)

    def clip(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        clip_by_norm(theta, 1.0, foreach=foreach)

    optimizer.register_step_pre_hook(clip)
    for _ in range(60):
        optimizer.zero_grad()
        steep = 1e6 if theta.item() > 1.9 else 1.0
        (steep * theta**2).backward()
        optimizer.step()
        assert abs(theta.item()) < 2
    assert abs(theta.item()) < 1e-2


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_refuses_thresholds_by_name(value: float) -> None:
    theta = nn.Parameter(torch.zeros(1))
    for clip, name in ((clip_by_norm, "max_norm"), (clip_by_value, "max_value")):
        with pytest.raises(ValueError, match=f"{name} must be positive, not {value}"):
            clip(theta, value)
    with pytest.raises(ValueError, match=f"norm_type must be positive, not {value}"):
        clip_by_norm(theta, 1.0, norm_type=value)


@pytest.mark.parametrize("clip", CLIPS)
@both_paths
def test_refuses_sparse_gradients_by_name(clip: Callable[..., Tensor], foreach: bool) -> None:
    layer = nn.Embedding(5, 2, sparse=True)
    layer(torch.tensor([1, 3])).sum().backward()
    message = r"the gradient of weight, of shape \(5, 2\), is sparse, .* sparse=False"
    with pytest.raises(ValueError, match=message):
        clip(layer.named_parameters(), 1.0, foreach=foreach)
