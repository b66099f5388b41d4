"""Parameters of many shapes, a curved loss over them, and the path that an optimizer takes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

SHAPES = [(3, 4), (3,), (2, 3), (2,), ()]


def draw(seed: int = 0) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [
        nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=generator))
        for shape in SHAPES
    ]


def loss(thetas: list[nn.Parameter], step: int) -> Tensor:
    """A curved loss, another one at each step, as a batch's is."""
    generator = torch.Generator().manual_seed(1000 + step)
    total = torch.zeros((), dtype=torch.float64)
    for theta in thetas:
        pull = torch.randn(theta.shape, dtype=torch.float64, generator=generator)
        total = total + (theta - pull).pow(2).mean() + (theta * pull).sin().mean()
    return total


def groups_of(thetas: list[nn.Parameter]) -> list[dict[str, Any]]:
    return [
        {"params": thetas[:2], "lr": 0.1, "weight_decay": 0.2},
        {"params": thetas[2:], "weight_decay": 0.0},
    ]


def walk(
    make: Callable[..., torch.optim.Optimizer], *, grouped: bool = False, **options: Any
) -> list[Any]:
    """All parameters after each of 100 steps, and in the end what is remembered, by its name."""
    thetas = draw()
    optimizer = make(groups_of(thetas) if grouped else thetas, **options)
    path = []
    for step in range(100):
        optimizer.zero_grad()
        # From step to step other parameters have no gradient, and one never has.
        used = [theta for index, theta in enumerate(thetas[:-1]) if (step + index) % 4]
        loss(used, step).backward()
        optimizer.step()
        path.append([theta.detach().clone() for theta in thetas])
    memory = {
        f"{name} of {index}": kept
        for index, theta in enumerate(thetas[:-1])
        for name, kept in optimizer.state[theta].items()
        if name != "step"
    }
    return [*path, memory]


@pytest.fixture
def parameters() -> Callable[..., list[nn.Parameter]]:
    """Parameters in float64, the same for the same seed."""
    return draw


@pytest.fixture
def loss_at() -> Callable[[list[nn.Parameter], int], Tensor]:
    """Parameters and the number of a step to a loss."""
    return loss


@pytest.fixture
def two_groups() -> Callable[[list[nn.Parameter]], list[dict[str, Any]]]:
    """Groups with a rate of decay each, and the first with a rate of its own."""
    return groups_of


@pytest.fixture
def descend() -> Callable[..., list[Any]]:
    """An optimizer's class and options to the path that it takes in 100 steps."""
    return walk


@pytest.fixture
def agree() -> Callable[..., None]:
    """Both paths of a rule and torch's optimizer go the same way and remember the same."""

    def check(
        ours: Callable[..., torch.optim.Optimizer],
        theirs: Callable[..., torch.optim.Optimizer],
        *,
        grouped: bool,
        **options: Any,
    ) -> None:
        expected = walk(theirs, grouped=grouped, **options)
        for foreach in (True, False):
            path = walk(ours, grouped=grouped, foreach=foreach, **options)
            torch.testing.assert_close(path, expected, rtol=1e-12, atol=1e-12)

    return check
