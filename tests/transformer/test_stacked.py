"""Three tensors as one: the training loop trains what is called with it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.training.loop import fit
from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.bert_pretraining import (
    BERTPretraining,
    pretraining_loss,
    pretraining_targets,
)
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.stacked import Stacked, stacked

IDS = torch.tensor([[1, 4, 2, 8, 2, 0], [1, 7, 6, 2, 5, 2]])
SEGMENTS = torch.tensor([[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1]])


def model(small: Callable[..., BlockConfig]) -> BERTPretraining:
    generator = torch.Generator().manual_seed(0)
    bert = BERT(BERTConfig(9, 6, 2, 1, small()), generator=generator)
    return BERTPretraining(bert, generator=generator)


def test_it_is_the_model_of_three(small: Callable[..., BlockConfig]) -> None:
    inside = IDS != 0
    inputs = stacked(IDS, SEGMENTS, inside)
    assert inputs.shape == (2, 3, 6)
    inner = model(small).eval()
    assert all(map(torch.equal, Stacked(inner)(inputs), inner(IDS, SEGMENTS, inside)))


def test_fit_trains_it(small: Callable[..., BlockConfig]) -> None:
    inputs = stacked(IDS, SEGMENTS, IDS != 0)
    words = torch.full_like(IDS, -100)
    words[:, 1] = IDS[:, 1]
    targets = pretraining_targets(words, torch.tensor([True, False]))
    outer = Stacked(model(small))
    optimizer = torch.optim.Adam(outer.parameters(), lr=0.01)
    data = Examples(inputs, targets)
    history = fit(outer, pretraining_loss, optimizer, data, epochs=60, device="cpu")
    assert history.train_loss[-1] < 0.2 * history.train_loss[0]


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("shape", [(2, 6), (2, 2, 6), (2, 4, 6), (2, 3, 6, 1)])
def test_refuses_another_shape(small: Callable[..., BlockConfig], shape: tuple[int, ...]) -> None:
    message = (
        f"inputs must be (batch, 3, time), of ids, segments and mask, but its shape is {shape}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        Stacked(model(small))(torch.ones(shape, dtype=torch.int64))
