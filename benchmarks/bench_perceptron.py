"""Ten epochs of the perceptron's rule on real digits: ours, our rule as the book writes it out, and
scikit-learn's. All three go through the same examples.
"""

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from sklearn.linear_model import Perceptron as Peer

from linebyline.data.digits import digits
from linebyline.linear_models.perceptron import Perceptron, mistakes_explicit

EPOCHS = 10


@pytest.fixture(scope="module")
def eights_and_ones() -> tuple[torch.Tensor, torch.Tensor]:
    """Images as vectors with a 1 for the bias, answers -1 and +1: ten epochs are too few."""
    inputs, targets = digits().train
    chosen = (targets == 8) | (targets == 1)
    images = inputs[chosen].flatten(1)
    return torch.cat([images, torch.ones(len(images), 1)], dim=1), (targets[chosen] == 8) * 2 - 1


@pytest.mark.benchmark(group="perceptron, 10 epochs")
def bench_linebyline(benchmark: BenchmarkFixture, eights_and_ones: tuple) -> None:
    x, y = eights_and_ones
    benchmark(lambda: Perceptron(x.shape[1], bias=False).fit(x, y, epochs=EPOCHS))


@pytest.mark.benchmark(group="perceptron, 10 epochs")
def bench_linebyline_explicit(benchmark: BenchmarkFixture, eights_and_ones: tuple) -> None:
    x, y = eights_and_ones
    order = torch.arange(len(x))
    start = torch.zeros(x.shape[1])
    benchmark(lambda: list(mistakes_explicit(x, y, start, [order] * EPOCHS)))


@pytest.mark.benchmark(group="perceptron, 10 epochs")
def bench_scikit_learn(benchmark: BenchmarkFixture, eights_and_ones: tuple) -> None:
    x, y = (part.numpy() for part in eights_and_ones)
    peer = Peer(max_iter=EPOCHS, tol=None, shuffle=False, fit_intercept=False)
    benchmark(lambda: peer.fit(x, y))
