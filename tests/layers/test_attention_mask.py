"""Masks let see what they should, and one that fits no scores is refused with the numbers."""

import pytest
import torch
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right

from linebyline.layers.attention_mask import causal_mask, check_mask, padding_mask


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (4, 4), (2, 5), (1, 3)])
def test_causal_is_torchs_with_the_queries_last(queries: int, keys: int) -> None:
    x = torch.randn(1, 1, queries, 2), torch.randn(1, 1, keys, 2), torch.randn(1, 1, keys, 2)
    attention = torch.nn.functional.scaled_dot_product_attention
    expected = attention(*x, attn_mask=causal_lower_right(queries, keys))
    torch.testing.assert_close(attention(*x, attn_mask=causal_mask(queries, keys)), expected)


def test_causal_by_hand() -> None:
    assert causal_mask(2, 3).int().tolist() == [[1, 1, 0], [1, 1, 1]]
    assert causal_mask(2, 2, device=torch.device("meta")).is_meta


def test_causal_refuses_queries_without_a_key() -> None:
    with pytest.raises(ValueError, match="of 3 queries and 2 keys, the first would see none"):
        causal_mask(3, 2)


def test_padding_by_hand() -> None:
    mask = padding_mask(torch.tensor([3, 1]), 3)
    assert mask.int().tolist() == [[[1, 1, 1]], [[1, 0, 0]]]


@pytest.mark.parametrize(("lengths", "shown"), [([0, 2], "from 0 to 2"), ([1, 4], "from 1 to 4")])
def test_padding_refuses_lengths(lengths: list[int], shown: str) -> None:
    with pytest.raises(ValueError, match=f"lengths must be from 1 to 3, but are {shown}"):
        padding_mask(torch.tensor(lengths), 3)


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 4), (3, 4), (2, 1, 4), (4,), (1, 1)])
def test_what_broadcasts_is_no_error(shape: tuple[int, ...]) -> None:
    check_mask(torch.ones(shape, dtype=torch.bool), 2, 3, 4)


@pytest.mark.parametrize("shape", [(3, 3, 4), (2, 4), (2, 3, 1, 4), (5,)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    message = (
        rf"broadcast to \(batch, queries, keys\), \(2, 3, 4\).* is \({', '.join(map(str, shape))}"
    )
    for look in (True, False):
        with pytest.raises(ValueError, match=message):
            check_mask(torch.ones(shape, dtype=torch.bool), 2, 3, 4, look=look)


def hiding(*queries: tuple[int, int]) -> Tensor:
    mask = torch.ones(2, 3, 4, dtype=torch.bool)
    for query in queries:
        mask[query] = False
    return mask


def test_a_query_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="but hides all 4 from 1 of 6"):
        check_mask(hiding((1, 2)), 2, 3, 4)
    with pytest.raises(ValueError, match="but hides all 4 from 6 of 6"):
        check_mask(torch.zeros(4, dtype=torch.bool), 2, 3, 4)
    check_mask(hiding((1, 2)), 2, 3, 4, look=False)
