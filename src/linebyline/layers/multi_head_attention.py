"""Multi-head attention: several small attentions side by side, each with eyes of its own."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.attention import scaled_dot_product_attention
from linebyline.layers.attention_mask import Mask, causal_mask, check_mask
from linebyline.layers.init import xavier_uniform_, zeros_
from linebyline.layers.linear import Linear
from linebyline.layers.positional_encoding import Rotary

Queries = Float[Tensor, "batch queries size"]
Keys = Float[Tensor, "batch keys size"]
Heads = Float[Tensor, "batch heads time head_size"]
Weights = Float[Tensor, "batch heads queries keys"]


class KeyValue(NamedTuple):
    """The keys and values of all that was read, which is what a key-value cache keeps.

    A later query needs nothing else of them, and what comes later does not change them.
    """

    key: Heads
    value: Heads

    def extended(self, more: "KeyValue") -> "KeyValue":
        """These, and `more` behind them."""
        key = torch.cat([self.key, more.key], dim=2)
        return KeyValue(key, torch.cat([self.value, more.value], dim=2))


class MultiHeadAttention(nn.Module):
    """Concat(head_1, ..., head_h) W^O, with head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V).

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.2.2. The h matrices W_i^Q
    lie below each other in `query.weight`, so that one product serves all heads; so for keys and
    values. Deviations: the projections have biases, as in BERT, GPT and torch; and the weights may
    be dropped, as in the authors' own program. Equals `torch.nn.MultiheadAttention` with
    `batch_first`, whose `in_proj_weight` is our `query.weight`, `key.weight` and `value.weight`
    below each other, and whose masks are True where ours are False.

    All W start as Glorot & Bengio have it, `xavier_uniform_`, and all biases at 0. (Torch takes the
    three for one matrix, and draws them smaller.)

    Args:
        model_size: d_model, the length of queries, keys, values and answers.
        num_heads: h. Each head works with d = d_model / h features.
        bias: False leaves the biases out.
        dropout: the probability that a weight is dropped in training.
        rotary: turns queries and keys by their positions; for self-attention, of size d.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, the heads do not divide d_model, `rotary` has another size,
            `dropout` is not from 0 to below 1; an input has another shape; or a mask does not
            broadcast, or, on a CPU, hides all keys from a query. (On a GPU to look would be to
            wait; `check_mask` looks there, too, once for a whole model.)
    """

    def __init__(
        self,
        model_size: int,
        num_heads: int,
        *,
        bias: bool = True,
        dropout: float = 0.0,
        rotary: Rotary | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, number in (("model_size", model_size), ("num_heads", num_heads)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        if model_size % num_heads:
            raise ValueError(f"num_heads must divide model_size={model_size}, not {num_heads}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {dropout}")
        size = model_size // num_heads  # d
        if rotary is not None and rotary.size != size:
            raise ValueError(f"rotary must be of a head's size, {size}, not {rotary.size}")
        self.num_heads = num_heads
        self.dropout = dropout
        self.query = Linear(model_size, model_size, bias=bias, generator=generator)
        self.key = Linear(model_size, model_size, bias=bias, generator=generator)
        self.value = Linear(model_size, model_size, bias=bias, generator=generator)
        self.output = Linear(model_size, model_size, bias=bias, generator=generator)
        self.rotary = rotary
        self.record: list[Tensor] | None = None  # see `linebyline.layers.recorded_weights`
        for projection in (self.query, self.key, self.value, self.output):
            xavier_uniform_(projection.weight, generator=generator)
            if projection.bias is not None:
                zeros_(projection.bias)

    def forward(
        self,
        query: Queries,
        key: Keys | None = None,
        value: Keys | None = None,
        mask: Mask | None = None,
        *,
        causal: bool = False,
    ) -> Queries:
        """The answers, by the fused kernel.

        Args:
            query: what asks.
            key: what is asked; without it the queries themselves, which makes self-attention.
            value: what is answered; without it the keys.
            mask: True where a query may see a key, the same in all heads. What is True for keys
                that are no padding, (batch, keys), is a mask by `[:, None]`.
            causal: True hides from each query the keys behind it. The queries are the last of the
                keys' positions: of 2 queries and 5 keys, the first query sees 4.
        """
        memory = self.keys_values(query if key is None else key, value)
        return self.read(query, memory, mask, causal)

    def explicit(
        self,
        query: Queries,
        key: Keys | None = None,
        value: Keys | None = None,
        mask: Mask | None = None,
        *,
        causal: bool = False,
    ) -> tuple[Queries, Weights]:
        """The same written out, and the weights α of each head."""
        memory = self.keys_values(query if key is None else key, value)
        return self._read_explicit(query, memory, mask, causal)

    def keys_values(
        self,
        key: Keys,
        value: Keys | None = None,
        *,
        start: int = 0,
    ) -> KeyValue:
        """The first half of `forward`: K W^K and V W^V, by heads, which may be kept for later.

        Args:
            key: K.
            value: V; without it K.
            start: how many keys stand before, for `rotary`.
        """
        self._check("key", key)
        value = key if value is None else value
        self._check("value", value)
        if value.shape != key.shape:
            raise ValueError(
                f"value must be as many as key, of shape {tuple(key.shape)}, "
                f"but its shape is {tuple(value.shape)}"
            )
        k = self._heads(self.key(key))
        if self.rotary is not None:
            k = self.rotary(k, start)
        return KeyValue(k, self._heads(self.value(value)))

    def read(
        self,
        query: Queries,
        memory: KeyValue,
        mask: Mask | None = None,
        causal: bool = False,
    ) -> Queries:
        """The second half of `forward`: the queries' answers from keys and values by heads."""
        if self.record is not None:
            answer, weights = self._read_explicit(query, memory, mask, causal)
            self.record.append(weights.detach())
            return answer
        q, k, v = self._queries(query, memory), *memory
        if mask is None and causal and q.shape[2] == k.shape[2]:
            seen, is_causal = None, True  # the kernel makes the triangle itself
        else:
            seen, is_causal = self._seen(q, k, mask, causal), False
        dropout = self.dropout if self.training else 0.0
        context = functional.scaled_dot_product_attention(
            q, k, v, seen, dropout_p=dropout, is_causal=is_causal
        )  # (B, H, Q, D)
        return self.output(context.transpose(1, 2).flatten(2))  # Concat(...) W^O

    def _read_explicit(
        self, query: Queries, memory: KeyValue, mask: Mask | None, causal: bool
    ) -> tuple[Queries, Weights]:
        q, k, v = self._queries(query, memory), *memory
        seen = self._seen(q, k, mask, causal)
        # One attention for each head: (B, H, Q, D) and (B, H, Q, K)
        context, weights = scaled_dot_product_attention(q, k, v, seen)
        if self.training and self.dropout > 0:
            context = functional.dropout(weights, self.dropout) @ v
        heads = [context[:, h] for h in range(self.num_heads)]  # each (B, Q, D)
        return self.output(torch.cat(heads, dim=-1)), weights

    def _queries(self, query: Queries, memory: KeyValue) -> Heads:
        self._check("query", query)
        if len(query) != len(memory.key):
            raise ValueError(
                f"query must have as many sequences as key, {len(memory.key)}, "
                f"but its shape is {tuple(query.shape)}"
            )
        q = self._heads(self.query(query))
        start = memory.key.shape[2] - q.shape[2]  # the queries are the last positions
        return q if self.rotary is None else self.rotary(q, start)

    def _heads(self, x: Float[Tensor, "batch time size"]) -> Heads:
        # Head h has the features hD, ..., hD + D - 1.
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # (B, H, T, D)

    def _seen(
        self,
        q: Tensor,
        k: Tensor,
        mask: Mask | None,
        causal: bool,
    ) -> Tensor | None:
        """One mask for all heads, that broadcasts to (B, H, Q, K); None if all is seen."""
        batch, queries, keys = len(q), q.shape[2], k.shape[2]
        on_cpu = q.device.type == "cpu"
        if mask is not None:
            check_mask(mask, batch, queries, keys, look=on_cpu)
        if causal and queries > 1:
            triangle = causal_mask(queries, keys, device=q.device)
            if mask is not None:
                triangle = mask & triangle
                check_mask(triangle, batch, queries, keys, look=on_cpu)
            mask = triangle
        return mask if mask is None or mask.ndim < 3 else mask.unsqueeze(1)

    def _check(self, name: str, x: Tensor) -> None:
        if x.ndim != 3 or 0 in x.shape or x.shape[-1] != self.query.in_features:
            raise ValueError(
                f"{name} must be (batch, time, {self.query.in_features}), each at least 1, "
                f"but its shape is {tuple(x.shape)}"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets, beside the projections."""
        return f"num_heads={self.num_heads}, dropout={self.dropout}"
