"""Attention weights of a whole model, written down as it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from linebyline.layers.multi_head_attention import MultiHeadAttention


@contextmanager
def recorded_weights(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """Inside, each attention of a model writes down its weights α, call by call.

    The answers are then those of `explicit`, which has the weights; the fused kernel has none.

    Yields:
        By each attention's name in the model its weights, (batch, heads, queries, keys), one entry
        for each call.

    Raises:
        ValueError: `model` has no multi-head attention.
    """
    attentions = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, MultiHeadAttention)
    }
    if not attentions:
        kind = type(model).__name__
        raise ValueError(f"model must have a MultiHeadAttention, but the {kind} has none")
    weights: dict[str, list[Tensor]] = {name: [] for name in attentions}
    for name, layer in attentions.items():
        layer.record = weights[name]
    try:
        yield weights
    finally:
        for layer in attentions.values():
            layer.record = None
