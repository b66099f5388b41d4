"""Initialization equals torch's draw by draw, has the variances of theory, keeps signals' size."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers import init
from linebyline.layers.gain import gain

SHAPES = [(40, 30), (30, 40), (16, 8, 3), (8, 6, 3, 5), (4, 3, 2, 3, 2)]
FANS = [(30, 40), (40, 30), (24, 48), (90, 120), (36, 48)]
RULES: dict[str, tuple[Callable[..., Tensor], dict[str, Any], Callable[..., Tensor], dict]] = {
    "lecun_normal_": (init.lecun_normal_, {}, nn.init.kaiming_normal_, {"nonlinearity": "linear"}),
    "lecun_uniform_": (
        init.lecun_uniform_,
        {},
        nn.init.kaiming_uniform_,
        {"nonlinearity": "linear"},
    ),
    "xavier_normal_": (init.xavier_normal_, {"gain": 1.5}, nn.init.xavier_normal_, {"gain": 1.5}),
    "xavier_uniform_": (
        init.xavier_uniform_,
        {"gain": 1.5},
        nn.init.xavier_uniform_,
        {"gain": 1.5},
    ),
    "he_normal_": (init.he_normal_, {}, nn.init.kaiming_normal_, {"nonlinearity": "relu"}),
    "he_normal_ leaky, fan_out": (
        init.he_normal_,
        {"negative_slope": 0.3, "mode": "fan_out"},
        nn.init.kaiming_normal_,
        {"a": 0.3, "mode": "fan_out"},
    ),
    "he_uniform_": (init.he_uniform_, {}, nn.init.kaiming_uniform_, {"nonlinearity": "relu"}),
    "he_uniform_ leaky, fan_out": (
        init.he_uniform_,
        {"negative_slope": 0.3, "mode": "fan_out"},
        nn.init.kaiming_uniform_,
        {"a": 0.3, "mode": "fan_out"},
    ),
    "orthogonal_": (init.orthogonal_, {"gain": 1.5}, nn.init.orthogonal_, {"gain": 1.5}),
}
DRAWN = [
    init.lecun_normal_,
    init.lecun_uniform_,
    init.xavier_normal_,
    init.xavier_uniform_,
    init.he_normal_,
    init.he_uniform_,
    init.orthogonal_,
]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("shape", "expected"), list(zip(SHAPES, FANS, strict=True)))
def test_fans_count_the_receptive_field(shape: tuple[int, ...], expected: tuple[int, int]) -> None:
    assert init.fans(torch.empty(shape)) == expected


def test_fans_are_those_of_the_layers() -> None:
    assert init.fans(nn.Linear(7, 3).weight) == (7, 3)
    assert init.fans(nn.Conv2d(4, 6, (3, 5)).weight) == (4 * 15, 6 * 15)
    assert init.fans(nn.Conv2d(4, 6, 3, groups=2).weight) == (2 * 9, 6 * 9)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_torch_with_the_same_generator(
    rule: str, dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    ours, options, theirs, their_options = RULES[rule]
    weight, expected = torch.empty(2, *shape, dtype=dtype)
    ours(weight, **options, generator=generator(3))
    theirs(expected, **their_options, generator=generator(3))
    torch.testing.assert_close(weight, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("rule", RULES)
def test_equals_torch_with_the_global_generator(rule: str) -> None:
    ours, options, theirs, their_options = RULES[rule]
    weight, expected = torch.empty(2, 5, 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        ours(weight, **options)
        torch.manual_seed(3)
        theirs(expected, **their_options)
    torch.testing.assert_close(weight, expected)


@pytest.mark.parametrize(
    ("rule", "variance"),
    [
        (init.lecun_normal_, 1 / 900),
        (init.lecun_uniform_, 1 / 900),
        (init.xavier_normal_, 2 / (900 + 1800)),
        (init.xavier_uniform_, 2 / (900 + 1800)),
        (init.he_normal_, 2 / 900),
        (init.he_uniform_, 2 / 900),
        (lambda w, **_: init.he_normal_(w, mode="fan_out", negative_slope=2.0, **_), 0.4 / 1800),
    ],
)
def test_has_the_variance_of_theory(rule: Callable[..., Tensor], variance: float) -> None:
    weight = rule(torch.empty(200, 100, 3, 3), generator=generator())
    # 180,000 draws: the deviation of the variance is below 0.4 % of it, that of the mean 0.24 %.
    assert weight.var().item() == pytest.approx(variance, rel=0.015)
    assert abs(weight.mean().item()) < 0.01 * math.sqrt(variance)


@pytest.mark.parametrize("rule", [init.lecun_uniform_, init.xavier_uniform_, init.he_uniform_])
def test_uniform_ends_at_the_bound_and_normal_does_not(rule: Callable[..., Tensor]) -> None:
    weight = rule(torch.empty(300, 300), generator=generator())
    bound = math.sqrt(3) * weight.std().item()
    assert weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    normal = getattr(init, rule.__name__.replace("uniform", "normal"))
    assert normal(weight, generator=generator()).abs().max() > 1.5 * bound


@pytest.mark.parametrize("shape", [(5, 5), (5, 3), (3, 5), (6, 2, 2), (3, 2, 2, 2)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    weight = torch.empty(shape, dtype=torch.float64)
    init.orthogonal_(weight, gain=2.0, generator=generator())
    values = torch.linalg.svdvals(weight.flatten(1))
    torch.testing.assert_close(values, torch.full_like(values, 2.0), rtol=1e-12, atol=0)


def test_orthogonal_favours_no_direction() -> None:
    """Without the signs of R's diagonal, the first number would have the same sign always."""
    first = torch.stack(
        [init.orthogonal_(torch.empty(3, 3), generator=generator(s))[0, 0] for s in range(200)]
    )
    assert abs((first > 0).float().mean().item() - 0.5) < 0.15


@pytest.mark.parametrize(
    ("activation", "draw"),
    [
        (torch.relu, init.he_normal_),
        (torch.relu, init.he_uniform_),
        (lambda z: z, init.lecun_normal_),
        (lambda z: z, init.orthogonal_),
        (torch.tanh, lambda w, **_: init.xavier_normal_(w, gain=gain(torch.tanh), **_)),
    ],
    ids=["he_normal_", "he_uniform_", "lecun_normal_", "orthogonal_", "xavier_normal_"],
)
def test_a_signal_keeps_its_size_through_twenty_layers(
    activation: Callable[[Tensor], Tensor], draw: Callable[..., Tensor]
) -> None:
    def size_after(draw: Callable[..., Tensor]) -> float:
        random = generator(1)
        z = torch.randn(64, 256, generator=random)
        for _ in range(20):
            z = activation(z) @ draw(torch.empty(256, 256), generator=random).T
        return z.pow(2).mean().item()

    assert 0.4 < size_after(draw) < 2.5

    def halved(weight: Tensor, **options: Any) -> Tensor:
        return draw(weight, **options).div_(2)

    assert size_after(halved) < 1e-3


@pytest.mark.parametrize("rule", DRAWN)
def test_works_in_place_on_a_parameter_and_leaves_the_global_generator_alone(
    rule: Callable[..., Tensor],
) -> None:
    weight = nn.Parameter(torch.zeros(4, 3))
    before = torch.get_rng_state()
    assert rule(weight, generator=generator()) is weight
    assert torch.equal(before, torch.get_rng_state())
    assert weight.requires_grad
    assert weight.is_leaf
    assert weight.abs().min() > 0
    assert torch.equal(weight, rule(torch.empty(4, 3), generator=generator()))


def test_zeros_and_constant() -> None:
    bias = nn.Parameter(torch.ones(3))
    assert init.constant_(bias, 0.5) is bias
    assert bias.tolist() == [0.5, 0.5, 0.5]
    assert init.zeros_(bias) is bias
    assert bias.tolist() == [0, 0, 0]
    assert bias.is_leaf
    assert init.constant_(torch.empty(()), -2.0).item() == -2


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("rule", [init.fans, *DRAWN])
@pytest.mark.parametrize("shape", [(), (5,)])
def test_refuses_a_weight_without_fans(rule: Callable[..., Tensor], shape: tuple[int, ...]) -> None:
    message = (
        "weight must have at least two axes, outputs and inputs, to have a fan-in and a fan-out, "
        f"but its shape is {shape}; a bias starts with zeros_ or constant_"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        rule(torch.empty(shape))


@pytest.mark.parametrize("rule", [init.fans, *DRAWN])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 2, 0)])
def test_refuses_an_empty_weight(rule: Callable[..., Tensor], shape: tuple[int, ...]) -> None:
    message = re.escape(f"weight must have no axis of length 0, but its shape is {shape}")
    with pytest.raises(ValueError, match=message):
        rule(torch.empty(shape))


@pytest.mark.parametrize("rule", [init.xavier_normal_, init.xavier_uniform_, init.orthogonal_])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_refuses_a_gain_that_is_not_positive(rule: Callable[..., Tensor], value: float) -> None:
    with pytest.raises(ValueError, match=f"gain must be positive and finite, not {value}"):
        rule(torch.empty(3, 3), gain=value)


@pytest.mark.parametrize("rule", [init.he_normal_, init.he_uniform_])
def test_refuses_a_slope_or_a_mode_that_is_none(rule: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match="negative_slope must be finite, not nan"):
        rule(torch.empty(3, 3), negative_slope=math.nan)
    with pytest.raises(ValueError, match="mode must be 'fan_in' or 'fan_out', not 'fan_avg'"):
        rule(torch.empty(3, 3), mode="fan_avg")


def test_refuses_a_constant_that_is_not_finite() -> None:
    with pytest.raises(ValueError, match="value must be finite, not nan"):
        init.constant_(torch.empty(3), math.nan)
