"""Rows for ids, drawn as asked."""

import pytest
import torch

from linebyline.transformer.token_embedding import embedding


def test_rows_are_drawn_as_asked() -> None:
    before = torch.random.get_rng_state()
    layer = embedding(300, 100, 0.02, torch.Generator().manual_seed(0))
    assert layer.weight.shape == (300, 100)
    assert layer.weight.requires_grad
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert torch.equal(layer(torch.tensor([2, 5])), layer.weight[[2, 5]])
    assert torch.equal(torch.random.get_rng_state(), before)  # the global generator is left alone
    again = embedding(300, 100, 0.02, torch.Generator().manual_seed(0))
    assert torch.equal(layer.weight, again.weight)
