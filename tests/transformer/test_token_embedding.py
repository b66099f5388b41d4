"""Rows for ids, and ids without a row refused."""

import pytest
import torch

from linebyline.transformer.token_embedding import check_ids, embedding


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


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([1, 2], r"ids must be \(batch, time\) .* its shape is \(2,\)"),
        ([[[1]]], r"its shape is \(1, 1, 1\)"),
        ([[], []], r"its shape is \(2, 0\)"),
        ([[0, 5]], "ids has 5; an id is from 0 to 4"),
        ([[0, -1]], "ids has -1; an id is from 0 to 4"),
        ([[0, 9], [-1, 2]], "ids has -1; an id is from 0 to 4"),
    ],
)
def test_refuses_what_has_no_row(ids: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_ids("ids", torch.tensor(ids, dtype=torch.int64), 5)


def test_admits_what_has_one() -> None:
    check_ids("ids", torch.tensor([[0, 4]]), 5)
    check_ids("ids", torch.zeros(2, 3, dtype=torch.int64, device="meta"), 5)  # nobody looks
