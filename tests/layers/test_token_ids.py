"""Ids without a row are refused."""

import pytest
import torch

from linebyline.layers.token_ids import check_ids


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
