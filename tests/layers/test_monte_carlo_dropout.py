"""Sampling at test time: only dropout wakes, every mode comes back, and the moments are right."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.dropout import Dropout, GaussianDropout, SpatialDropout
from linebyline.layers.monte_carlo_dropout import (
    disagreement,
    dropout_on,
    entropy,
    monte_carlo_dropout,
)

OURS = [Dropout, GaussianDropout]
THEIRS = [nn.Dropout, nn.AlphaDropout]
CHANNELS = [SpatialDropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.FeatureAlphaDropout]


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def network(dropout: nn.Module) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), dropout, nn.Linear(8, 2)
        return nn.Sequential(*layers).double()


@pytest.mark.parametrize("kind", [*OURS, *THEIRS])
def test_every_kind_is_sampled(kind: type[nn.Module]) -> None:
    model, x = network(kind(0.4)).eval(), random(5, 3)
    drawn = monte_carlo_dropout(model, x, samples=4)
    assert drawn.samples.shape == (4, 5, 2)
    assert drawn.spread.min() > 0


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_kind_for_channels_is_sampled(kind: type[nn.Module]) -> None:
    axes = {nn.Dropout1d: 1, nn.Dropout3d: 3}.get(kind, 2)
    drawn = monte_carlo_dropout(kind(0.4).eval(), random(20, 6, *[2] * axes), samples=40)
    assert drawn.spread.amax(tuple(range(2, axes + 2))).min() > 0


def test_only_dropout_wakes_and_every_mode_comes_back() -> None:
    model = network(Dropout(0.5))
    model[1].eval()  # frozen by its owner
    before = [layer.training for layer in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    with dropout_on(model):
        awake = [layer for layer in model.modules() if layer.training]
        assert awake == [model[3]]
        model(random(5, 3))
    assert [layer.training for layer in model.modules()] == before
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), f"{name} has learned from the test batch"


def test_modes_come_back_after_an_error() -> None:
    model = network(Dropout(0.5)).train()
    with pytest.raises(RuntimeError, match="shapes"), dropout_on(model):
        model(random(5, 99))
    assert all(layer.training for layer in model.modules())


def test_mean_and_spread_are_those_of_the_samples() -> None:
    drawn = monte_carlo_dropout(
        network(Dropout(0.5)), random(5, 3), samples=7, answer=lambda z: z.softmax(-1)
    )
    torch.testing.assert_close(drawn.samples.sum(-1), torch.ones(7, 5, dtype=torch.float64))
    samples = drawn.samples.numpy()
    torch.testing.assert_close(drawn.mean, torch.from_numpy(samples.mean(0)))
    torch.testing.assert_close(drawn.spread, torch.from_numpy(samples.std(0, ddof=1)))


@pytest.mark.parametrize("kind", OURS)
def test_the_moments_of_a_linear_layer_are_those_on_paper(kind: type[nn.Module]) -> None:
    """E[Σ w r x] = Σ w x, and its variance is α Σ w² x²: the formula that the chapter derives."""
    linear = nn.Linear(6, 1, bias=False).double()
    x = random(1, 6, seed=2)
    drawn = monte_carlo_dropout(nn.Sequential(kind(0.2), linear), x, samples=20_000)
    variance = 0.25 * (linear.weight.square() * x.square()).sum().item()
    assert drawn.spread.item() ** 2 == pytest.approx(variance, rel=0.05)
    assert drawn.mean.item() == pytest.approx(linear(x).item(), abs=4 * (variance / 20_000) ** 0.5)


def test_a_seed_gives_what_it_gave_and_leaves_the_global_generator() -> None:
    model, x, before = network(Dropout(0.5)), random(5, 3), torch.get_rng_state()
    first, again, other = (monte_carlo_dropout(model, x, samples=3, seed=s) for s in (1, 1, 2))
    assert torch.equal(first.samples, again.samples)
    assert not torch.equal(first.samples, other.samples)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_gradients_are_kept() -> None:
    assert not monte_carlo_dropout(network(Dropout(0.5)), random(5, 3)).mean.requires_grad


@pytest.mark.parametrize(
    ("model", "has"),
    [(nn.Linear(2, 2), "Linear has none"), (Dropout(0.0), "Dropout has 1, all with p = 0")],
)
def test_refuses_a_model_without_noise(model: nn.Module, has: str) -> None:
    with pytest.raises(ValueError, match=f"must have a dropout layer with p above 0; {has}"):
        monte_carlo_dropout(model, torch.zeros(1, 2))


@pytest.mark.parametrize("samples", [0, 1])
def test_refuses_too_few_samples(samples: int) -> None:
    with pytest.raises(ValueError, match=f"samples must be at least 2.*, not {samples}"):
        monte_carlo_dropout(Dropout(0.5), torch.ones(2), samples=samples)


def test_entropy_equals_torch_and_is_zero_where_one_class_is_certain() -> None:
    p = random(4, 5).softmax(-1)
    expected = torch.distributions.Categorical(probs=p).entropy()
    torch.testing.assert_close(entropy(p), expected, rtol=1e-12, atol=0)
    assert entropy(torch.tensor([0.0, 1.0])).item() == 0


def test_disagreement_is_the_mutual_information() -> None:
    certain_but_apart = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    undecided_together = torch.full((2, 1, 2), 0.5)
    assert disagreement(certain_but_apart).item() == pytest.approx(0.693147, abs=1e-6)
    assert disagreement(undecided_together).item() == pytest.approx(0, abs=1e-7)
    samples = random(6, 4, 3).softmax(-1)
    ratio = samples / samples.mean(0)
    divergence = (samples * ratio.log()).sum(-1).mean(0)  # the mean KL(sample, mean)
    torch.testing.assert_close(disagreement(samples), divergence, rtol=1e-10, atol=1e-12)
