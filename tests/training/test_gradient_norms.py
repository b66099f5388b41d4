"""Gradient norms are those of each layer's gradient, and NaN where there is none."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.utils import get_total_norm

from linebyline.data.examples import Examples
from linebyline.layers.mlp import MLP
from linebyline.training.gradient_norms import gradient_norms
from linebyline.training.loop import fit


def test_are_the_norms_of_the_layers_gradients() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    model(torch.randn(3, 4).double()).square().sum().backward()
    norms = gradient_norms(model)
    assert list(norms) == ["0", "2"]
    for name, norm in norms.items():
        whole = torch.cat([p.grad.flatten() for p in model[int(name)].parameters()])
        assert norm == pytest.approx(whole.norm().item(), rel=1e-12)
    total = get_total_norm([p.grad for p in model.parameters()])
    assert math.hypot(*norms.values()) == pytest.approx(total.item(), rel=1e-12)


def test_a_models_own_parameters_are_under_its_name() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(3.0))
            self.inner = nn.Sequential(nn.Linear(1, 1, bias=False))

    model = Scaled()
    (model.scale**2 + 4 * model.inner(torch.ones(1))).sum().backward()
    assert gradient_norms(model) == {"Scaled": 6, "inner.0": 4}


def test_nan_says_that_there_is_no_gradient() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    assert all(math.isnan(norm) for norm in gradient_norms(model).values())
    model[0].requires_grad_(False)
    model[2](torch.zeros(1, 2)).mul(0).sum().backward()  # layer 1 is not called at all
    first, second, third = gradient_norms(model).values()
    assert math.isnan(first)
    assert math.isnan(second)
    assert third == 0


def test_of_a_layer_that_is_partly_frozen_the_rest_counts() -> None:
    model = nn.Sequential(nn.Linear(1, 1))
    model[0].weight.requires_grad_(False)
    (5 * model(torch.ones(1, 1))).sum().backward()
    assert gradient_norms(model) == {"0": 5}


def test_a_shared_parameter_counts_for_the_first() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    model(torch.ones(1, 2)).sum().backward()
    assert list(gradient_norms(model)) == ["0"]


def test_can_be_read_while_fit_trains(
    network: Callable[[], MLP], classes: Callable[..., Examples]
) -> None:
    model, seen = network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(lambda *_: seen.append(gradient_norms(model)))
    fit(model, nn.functional.cross_entropy, optimizer, classes(), epochs=2, batch_size=16)
    assert len(seen) == 8
    assert list(seen[0]) == ["layers.0", "layers.1"]
    assert all(norm > 0 for norms in seen for norm in norms.values())


def test_a_model_without_parameters_has_no_norms() -> None:
    assert gradient_norms(nn.Tanh()) == {}
