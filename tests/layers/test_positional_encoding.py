"""Positional encodings equal their formulas and transformers', wherever a piece begins."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from transformers.models.gptj.modeling_gptj import (
    apply_rotary_pos_emb,
    create_sinusoidal_positions,
)

from linebyline.layers.positional_encoding import (
    LearnedEncoding,
    Rotary,
    SinusoidalEncoding,
    frequencies,
    sinusoidal,
)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def learned() -> LearnedEncoding:
    return LearnedEncoding(7, 6, generator=torch.Generator().manual_seed(0)).double()


@pytest.mark.parametrize("base", [10_000.0, 100.0])
def test_sinusoidal_is_its_formula(base: float) -> None:
    found = sinusoidal(5, 6, start=3, base=base)
    assert found.dtype == torch.float64
    for t in range(5):
        for i in range(3):
            angle = (3 + t) / base ** (2 * i / 6)
            assert found[t, 2 * i].item() == pytest.approx(math.sin(angle), rel=1e-12)
            assert found[t, 2 * i + 1].item() == pytest.approx(math.cos(angle), rel=1e-12)


def test_a_step_turns_each_pair() -> None:
    """PE[t + k] is PE[t] turned by ω k: for all t the same linear map."""
    k, omega = 5, frequencies(8)
    sin, cos = sinusoidal(20, 8)[:, 0::2], sinusoidal(20, 8)[:, 1::2]
    turned = sin * torch.cos(omega * k) + cos * torch.sin(omega * k)
    torch.testing.assert_close(turned[:-k], sin[k:], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("start", [0, 4])
def test_sinusoidal_encoding_adds_it(start: int) -> None:
    x = random(2, 3, 6)
    layer = SinusoidalEncoding(6)
    torch.testing.assert_close(layer(x, start), x + sinusoidal(start + 3, 6)[start:])
    single = layer(x.float(), start)
    assert single.dtype == torch.float32
    assert list(layer.parameters()) == []
    other = SinusoidalEncoding(6, base=100)(x, start)
    torch.testing.assert_close(other, x + sinusoidal(start + 3, 6, base=100)[start:])


def test_far_positions_are_as_exact_as_near_ones() -> None:
    """In single precision an angle of 100,003 radians would be wrong by 0.004."""
    far = SinusoidalEncoding(2)(torch.zeros(1, 1, 2), start=100_003)
    assert far[0, 0, 0].item() == pytest.approx(math.sin(100_003), abs=1e-6)


@pytest.mark.parametrize("start", [0, 4])
def test_learned_equals_torchs_embedding(start: int) -> None:
    layer, x = learned(), random(2, 3, 6)
    twin = nn.Embedding(7, 6).double()
    twin.load_state_dict(layer.state_dict())
    expected = x + twin(torch.arange(start, start + 3))
    assert torch.equal(layer(x, start), expected)
    layer(x, start).sum().backward()
    expected.sum().backward()
    assert torch.equal(layer.weight.grad, twin.weight.grad)


def test_learned_starts_small() -> None:
    weight = LearnedEncoding(200, 50, generator=torch.Generator().manual_seed(0)).weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_learned_learns_where() -> None:
    layer = learned()
    x = torch.zeros(1, 7, 6, dtype=torch.float64)
    y = random(1, 7, 6)
    optimizer = torch.optim.SGD(layer.parameters(), lr=10)
    for _ in range(30):
        optimizer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-6


@pytest.mark.parametrize("start", [0, 5])
def test_rotary_is_that_of_gpt_j(path: str, start: int) -> None:
    x = random(2, 3, 4, 6)  # batch, heads, time, features
    found = getattr(Rotary(6), path)(x, start)
    table = create_sinusoidal_positions(start + 4, 6).double()[start:]  # in single precision
    sin, cos = table[None].chunk(2, dim=-1)
    expected = apply_rotary_pos_emb(x.transpose(1, 2), sin, cos).transpose(1, 2)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("base", [10_000.0, 10.0])
def test_both_paths_of_rotary_are_the_same(base: float) -> None:
    x = [random(2, 5, 8).requires_grad_() for _ in range(2)]
    layer = Rotary(8, base=base)
    y = layer(x[0], 3), layer.explicit(x[1], 3)
    torch.testing.assert_close(*y, rtol=1e-12, atol=1e-13)
    for each in y:
        (random(2, 5, 8, seed=1) * each).sum().backward()
    torch.testing.assert_close(x[0].grad, x[1].grad, rtol=1e-12, atol=1e-13)


def test_products_depend_on_the_distance_alone(path: str) -> None:
    turn = getattr(Rotary(8), path)
    q, k = random(1, 8), random(1, 8, seed=1)
    for distance in (0, 1, 7):
        near = turn(q, 10) @ turn(k, 10 - distance).T
        far = turn(q, 500) @ turn(k, 500 - distance).T
        torch.testing.assert_close(near, far, rtol=1e-10, atol=1e-12)
    assert abs(turn(q, 10) @ turn(k, 9).T - turn(q, 10) @ turn(k, 8).T) > 1e-3
    torch.testing.assert_close(turn(q, 10).norm(), q.norm())


def test_rotary_by_hand(path: str) -> None:
    """One radian turns (1, 0) to (cos 1, sin 1); position 0 stays."""
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    expected = [[1.0, 0.0], [math.cos(1), math.sin(1)]]
    found = getattr(Rotary(2), path)(x)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_gradient(path: str) -> None:
    layer = Rotary(4)
    assert torch.autograd.gradcheck(getattr(layer, path), random(2, 3, 4).requires_grad_())
    assert torch.autograd.gradcheck(SinusoidalEncoding(4), random(2, 3, 4).requires_grad_())
    position, x = learned(), random(2, 3, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, _: position(x), (x, position.weight))


@pytest.mark.parametrize("make", [SinusoidalEncoding, Rotary, frequencies])
@pytest.mark.parametrize("size", [0, 1, 7])
def test_refuses_a_size_that_has_no_pairs(make: type, size: int) -> None:
    with pytest.raises(ValueError, match=f"size must be even, two .* not {size}"):
        make(size)


@pytest.mark.parametrize("base", [1.0, math.inf, math.nan])
def test_refuses_a_base_that_is_none(base: float) -> None:
    with pytest.raises(ValueError, match="base must be above 1 and finite, not"):
        Rotary(4, base=base)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("layer", [SinusoidalEncoding(6), learned(), Rotary(6)])
def test_refuses_other_features(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"x must have 6 features .* its shape is \(2, 3, 4\)"):
        layer(random(2, 3, 4))


@pytest.mark.parametrize("layer", [SinusoidalEncoding(6), learned(), Rotary(6)])
def test_refuses_a_start_before_the_first(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match="start must be at least 0, not -1"):
        layer(random(2, 3, 6), -1)


def test_refuses_what_is_too_long() -> None:
    message = "x must end by position 7, .* has 3 time steps after 5 others, which makes 8"
    learned()(random(2, 3, 6), 4)
    with pytest.raises(ValueError, match=message):
        learned()(random(2, 3, 6), 5)
    with pytest.raises(ValueError, match="max_length must be at least 1, not 0"):
        LearnedEncoding(0, 6)
    with pytest.raises(ValueError, match="size must be at least 1, not 0"):
        LearnedEncoding(6, 0)


def test_prints_its_arguments() -> None:
    assert repr(SinusoidalEncoding(6)) == "SinusoidalEncoding(6, base=10000)"
    assert repr(LearnedEncoding(7, 6)) == "LearnedEncoding(7, 6)"
    assert repr(Rotary(6, base=100)) == "Rotary(6, base=100)"
