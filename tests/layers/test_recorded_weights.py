"""The weights of a whole model are those of each attention's explicit path."""

import pytest
import torch
from torch import nn

from linebyline.layers.multi_head_attention import MultiHeadAttention
from linebyline.layers.recorded_weights import recorded_weights

HEADS = 3


def test_recorded_weights_are_those_of_each_call() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = MultiHeadAttention(12, HEADS, generator=generator)
    x = torch.randn(2, 4, 12, generator=generator)
    model = nn.ModuleDict({"one": layer, "other": nn.Linear(1, 1)})
    plain = layer(x, causal=True)
    with recorded_weights(model) as weights:
        torch.testing.assert_close(layer(x, causal=True), plain)
        layer(x[:, :1])
    layer(x)
    assert list(weights) == ["one"]
    assert [tuple(w.shape) for w in weights["one"]] == [(2, HEADS, 4, 4), (2, HEADS, 1, 1)]
    torch.testing.assert_close(weights["one"][0], layer.explicit(x, causal=True)[1])
    assert not weights["one"][0].requires_grad
    with (
        pytest.raises(ValueError, match="model must have a MultiHeadAttention, but the Linear"),
        recorded_weights(model["other"]),
    ):
        pass


@pytest.mark.usefixtures("without_shape_checks")
def test_an_error_inside_ends_the_record() -> None:
    layer = MultiHeadAttention(12, HEADS)
    with pytest.raises(ValueError, match="key must be"), recorded_weights(layer):
        layer(torch.zeros(2, 12))
    assert layer.record is None
