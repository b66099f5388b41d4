"""One step of training a small network on 64 digits: ours fused, ours as the book writes it out,
and PyTorch's own layers, loss and optimizer. All three compute the same.
"""

from collections.abc import Callable

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import nn

from linebyline.data.digits import digits
from linebyline.layers.mlp import MLP
from linebyline.losses.mse import MeanSquaredError
from linebyline.optim.sgd import SGD

SIZES = [64, 128, 10]


@pytest.fixture(scope="module")
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Images as vectors, and their digits as rows of an identity matrix."""
    inputs, targets = digits().train
    return inputs[:64].flatten(1), torch.eye(10)[targets[:64]]


def step(forward: Callable, loss: Callable, optimizer: torch.optim.Optimizer, batch: tuple) -> None:
    """Forward, loss, backward, update."""
    x, y = batch
    optimizer.zero_grad()
    loss(forward(x), y).backward()
    optimizer.step()


@pytest.mark.benchmark(group="training step")
def bench_linebyline(benchmark: BenchmarkFixture, batch: tuple) -> None:
    model = MLP(SIZES)
    benchmark(step, model, MeanSquaredError(), SGD(model.parameters(), lr=0.1), batch)


@pytest.mark.benchmark(group="training step")
def bench_linebyline_explicit(benchmark: BenchmarkFixture, batch: tuple) -> None:
    model = MLP(SIZES)
    optimizer = SGD(model.parameters(), lr=0.1, foreach=False)
    benchmark(step, model.explicit, MeanSquaredError().explicit, optimizer, batch)


@pytest.mark.benchmark(group="training step")
def bench_torch(benchmark: BenchmarkFixture, batch: tuple) -> None:
    inputs, hidden, outputs = SIZES
    model = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    benchmark(step, model, nn.MSELoss(), optimizer, batch)
