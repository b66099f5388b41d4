"""The noise layers equal torch's where torch has them, have the mean 1 and the right variance."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.dropout import (
    Dropout,
    GaussianDropout,
    MultiplicativeNoise,
    SpatialDropout,
)
from linebyline.layers.mlp import MLP

KINDS = pytest.mark.parametrize("kind", [Dropout, SpatialDropout, GaussianDropout])


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


@pytest.fixture(autouse=True)
def own_draws() -> object:
    """These tests seed torch's global generator, and leave it as it was."""
    with torch.random.fork_rng():
        yield


def run(layer: Callable[[Tensor], Tensor], x: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """What a layer answers from this state of the generator, and a gradient."""
    torch.manual_seed(seed)
    x = x.clone().requires_grad_()
    y = layer(x)
    (gradient,) = torch.autograd.grad(y.pow(3).sum(), x)
    return y.detach(), gradient


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(6,), (6, 4), (2, 3, 4)])
def test_dropout_equals_torch_draw_for_draw(path: str, p: float, shape: tuple[int, ...]) -> None:
    x = random(*shape, seed=1)
    ours, theirs = run(getattr(Dropout(p), path), x), run(nn.Dropout(p), x)
    for mine, torchs in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, torchs, rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ("theirs", "shape"),
    [
        (nn.Dropout1d, (5, 4, 7)),
        (nn.Dropout2d, (5, 4, 3, 2)),
        (nn.Dropout3d, (5, 4, 3, 2, 2)),
    ],
)
def test_spatial_dropout_equals_torch_draw_for_draw(
    path: str, theirs: type[nn.Module], shape: tuple[int, ...]
) -> None:
    x = random(*shape, seed=1)
    ours, expected = run(getattr(SpatialDropout(0.4), path), x), run(theirs(0.4), x)
    for mine, torchs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, torchs, rtol=1e-14, atol=0)


def test_a_channel_is_dropped_whole(path: str) -> None:
    torch.manual_seed(0)
    y = getattr(SpatialDropout(0.5), path)(torch.ones(50, 8, 3, 3))
    factors = y[:, :, 0, 0]
    assert torch.equal(y, factors[:, :, None, None].expand_as(y))
    assert set(factors.unique().tolist()) == {0.0, 2.0}
    assert factors.std(0).min() > 0, "each example draws for itself"
    assert factors.std(1).max() > 0, "each channel draws for itself"


@KINDS
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_the_factors_have_mean_one_and_variance_p_over_1_minus_p(
    kind: type[MultiplicativeNoise], path: str, p: float
) -> None:
    torch.manual_seed(0)
    draws = 100_000
    r = getattr(kind(p), path)(torch.ones(draws, 2, 1, dtype=torch.float64))
    variance = p / (1 - p)
    assert r.mean().item() == pytest.approx(1, abs=4 * (variance / (2 * draws)) ** 0.5)
    assert r.var().item() == pytest.approx(variance, rel=0.05)
    left, right = r[:, 0, 0], r[:, 1, 0]
    assert abs(torch.corrcoef(torch.stack([left, right]))[0, 1]) < 0.02


def test_dropout_has_two_values_and_gaussian_dropout_a_normal_distribution() -> None:
    ones = torch.ones(100_000, dtype=torch.float64)
    torch.manual_seed(0)
    assert Dropout(0.2)(ones).unique().tolist() == pytest.approx([0, 1.25])
    z = (GaussianDropout(0.2)(ones) - 1) / 0.5  # √(0.2 / 0.8)
    for value in (-1.5, 0.0, 1.0):  # the share below, against Φ
        expected = torch.special.ndtr(torch.tensor(value, dtype=torch.float64)).item()
        assert (z < value).double().mean().item() == pytest.approx(expected, abs=0.008)


@KINDS
def test_evaluation_and_rate_zero_leave_the_input(
    kind: type[MultiplicativeNoise], path: str
) -> None:
    x = random(4, 3, 2)
    assert torch.equal(getattr(kind(0.5).eval(), path)(x), x)
    assert torch.equal(getattr(kind(0.0), path)(x), x)


@KINDS
def test_the_factors_go_where_the_input_is(kind: type[MultiplicativeNoise]) -> None:
    x = torch.ones(4, 3, 2, dtype=torch.float16, device="meta")
    r = kind(0.4).noise(x)
    assert (r.dtype, r.device) == (x.dtype, x.device)


@KINDS
def test_gradient(kind: type[MultiplicativeNoise], path: str) -> None:
    layer = kind(0.4)

    def fixed(x: Tensor) -> Tensor:
        torch.manual_seed(3)  # the same factors at each call
        return getattr(layer, path)(x)

    assert torch.autograd.gradcheck(fixed, random(3, 2, 2, seed=1).requires_grad_())


@pytest.mark.parametrize("kind", [Dropout, GaussianDropout])
def test_a_network_learns_through_the_noise(kind: type[MultiplicativeNoise]) -> None:
    torch.manual_seed(0)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    bend = nn.Sequential(nn.ReLU(), kind(0.2))
    model = MLP([2, 64, 1], activation=bend, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(400):
        optimizer.zero_grad()
        (model(x) - y).pow(2).mean().backward()
        optimizer.step()
    assert (model.eval()(x) - y).abs().max() < 0.3


@KINDS
@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, float("nan")])
def test_refuses_a_rate_out_of_range(kind: type[MultiplicativeNoise], p: float) -> None:
    with pytest.raises(ValueError, match=f"p must be at least 0 and below 1, not {p}"):
        kind(p)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 2, 3, 4, 5, 6)])
@pytest.mark.parametrize("training", [True, False])
def test_spatial_dropout_refuses_what_has_no_channels(
    path: str, shape: tuple[int, ...], training: bool, without_shape_checks: None
) -> None:
    with pytest.raises(ValueError, match=r"x must be \(batch, channels\) and one to three axes"):
        getattr(SpatialDropout().train(training), path)(torch.zeros(shape))


def test_a_layer_must_say_what_its_noise_is() -> None:
    class Silent(MultiplicativeNoise):
        pass

    for kind in (MultiplicativeNoise, Silent):
        with pytest.raises(TypeError, match=r"abstract.* noise"):
            kind(0.5)


def test_prints_its_rate() -> None:
    assert repr(Dropout(0.2)) == "Dropout(p=0.2)"
    assert repr(GaussianDropout()) == "GaussianDropout(p=0.5)"
