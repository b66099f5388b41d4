"""k-nearest neighbours: shares are scikit-learn's with the same weights."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor

from linebyline.data.digits import digits
from linebyline.self_supervised.knn import KNN

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@PATHS
@pytest.mark.parametrize("k", [1, 5, 40])
@pytest.mark.parametrize("temperature", [0.07, 1.0, math.inf])
def test_equals_scikit_learn(path: str, k: int, temperature: float) -> None:
    h, y, new = random(40, 5), torch.arange(40) % 4, random(9, 5, seed=1)

    def weights(distances: np.ndarray) -> np.ndarray:
        return np.exp((1 - distances) / temperature)

    theirs = KNeighborsClassifier(k, weights=weights, metric="cosine").fit(h.numpy(), y.numpy())
    shares = getattr(KNN(h, y, k=k, temperature=temperature), path)(new)
    torch.testing.assert_close(shares, torch.tensor(theirs.predict_proba(new.numpy())))


@PATHS
def test_by_hand(path: str) -> None:
    """Neighbours at 0 and 60 degrees, whose cosines are 1 and 1/2; the third is not asked."""
    h = torch.tensor([[3.0, 0.0], [0.5, 0.75**0.5], [0.0, 9.0]], dtype=torch.float64)
    shares = getattr(KNN(h, torch.tensor([1, 0, 0]), k=2, temperature=0.5), path)(h[:1] / 7)
    e = math.exp(2) + math.exp(1)
    assert shares[0].tolist() == pytest.approx([math.exp(1) / e, math.exp(2) / e])


def test_learns_digits_from_their_pixels(without_shape_checks: None) -> None:
    data = digits()
    votes = KNN(data.train.inputs.flatten(1), data.train.targets)(data.test.inputs.flatten(1))
    assert (votes.argmax(1) == data.test.targets).float().mean() > 0.95


def test_a_low_temperature_overflows_nothing() -> None:
    votes = KNN(random(5, 3).float(), torch.arange(5), k=5, temperature=1e-3)(random(2, 3).float())
    assert votes.isfinite().all()
    torch.testing.assert_close(votes.sum(1), torch.ones(2))


def test_examples_are_buffers_and_have_no_gradient() -> None:
    knn = KNN(random(4, 3).requires_grad_(), torch.arange(4), k=2)
    assert {name for name, _ in knn.named_buffers()} == {"features", "labels"}
    assert not knn.features.requires_grad
    assert repr(knn) == "KNN(4 examples of 3 features, 4 classes, k=2, temperature=0.07)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": torch.tensor([0, 1])}, "features is (3, 2) and labels is (2,)"),
        ({"features": random(3)}, "features is (3,) and labels is (3,)"),
        ({"labels": torch.tensor([0, -1, 0])}, "labels must be classes from 0 on, but one is -1"),
        ({"k": 0}, "k must be from 1 to 3, the examples, not 0"),
        ({"k": 4}, "k must be from 1 to 3, the examples, not 4"),
        ({"temperature": 0}, "temperature must be above 0, not 0"),
        ({"temperature": math.nan}, "temperature must be above 0, not nan"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses(change: dict, message: str) -> None:
    arguments = {"features": random(3, 2), "labels": torch.tensor([0, 1, 0]), "k": 2} | change
    with pytest.raises(ValueError, match=re.escape(message)):
        KNN(**arguments)


@PATHS
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_features_of_another_size(path: str) -> None:
    knn = KNN(random(3, 2), torch.tensor([0, 1, 0]), k=2)
    with pytest.raises(ValueError, match=re.escape("rows of 2, but the shape is (4, 3)")):
        getattr(knn, path)(random(4, 3))
