"""A small classification problem, and a network for it."""

from collections.abc import Callable

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.layers.mlp import MLP


@pytest.fixture
def classes() -> Callable[..., Examples]:
    """Points of three classes, divided by planes; 50 of them, which is no multiple of 16."""

    def draw(count: int = 50, seed: int = 0) -> Examples:
        inputs = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
        planes = torch.randn(4, 3, generator=torch.Generator().manual_seed(99))
        return Examples(inputs, (inputs @ planes).argmax(1))

    return draw


@pytest.fixture
def network() -> Callable[[], MLP]:
    """The same weights at each call."""
    return lambda: MLP([4, 8, 3], generator=torch.Generator().manual_seed(1))
