"""Features are the encoder's own, in the order of the inputs, a row for each label."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn

from linebyline.self_supervised.features import check_labelled, encoded, frozen_features


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_an_encoder_s_answer_keeps_its_gradient() -> None:
    weight = random(3, 2).requires_grad_()
    h = encoded(lambda x: x @ weight, random(4, 3))
    assert torch.equal(h, random(4, 3) @ weight)
    assert h.requires_grad


def test_features_come_in_batches_in_their_order() -> None:
    sizes = []

    def encoder(x: Tensor) -> Tensor:
        sizes.append(len(x))
        assert not torch.is_grad_enabled()
        return 2 * x.flatten(1)

    x = random(7, 2, 3)
    assert torch.equal(frozen_features(encoder, x, batch_size=3), 2 * x.flatten(1))
    assert sizes == [3, 3, 1]
    assert torch.equal(frozen_features(encoder, x, batch_size=1), 2 * x.flatten(1))


def test_the_classes_are_counted_from_zero() -> None:
    assert check_labelled(random(3, 2), torch.tensor([4, 1, 1])) == 5
    assert check_labelled(random(1, 1), torch.tensor([0])) == 1


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        (random(3, 2), torch.tensor([0, 1]), "features is (3, 2) and labels is (2,)"),
        (random(3), torch.tensor([0, 1, 1]), "features is (3,) and labels is (3,)"),
        (random(0, 2), torch.tensor([]).long(), "features is (0, 2)"),
        (random(2, 2), torch.tensor([0, -1]), "labels must be classes from 0 on, but one is -1"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_what_is_not_labelled(features: Tensor, labels: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        check_labelled(features, labels)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_what_gives_no_features() -> None:
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        frozen_features(nn.Flatten(), random(2, 2), batch_size=0)
    with pytest.raises(ValueError, match="inputs must hold at least one example"):
        frozen_features(nn.Flatten(), random(0, 2))
    with pytest.raises(
        ValueError, match=re.escape("2 rows here, but its answer is of shape (2, 3")
    ):
        frozen_features(nn.Identity(), random(2, 3, 4))
