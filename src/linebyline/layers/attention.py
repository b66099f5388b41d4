"""Attention: a mean of values, weighted by how well their keys go with a query."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear

Query = Float[Tensor, "*batch queries query_size"]
Key = Float[Tensor, "*batch keys key_size"]
Value = Float[Tensor, "*batch keys value_size"]
Scores = Float[Tensor, "*batch queries keys"]
Context = Float[Tensor, "*batch queries value_size"]
Mask = Bool[Tensor, "..."]
"""True where a query may see a key; of the shape of the scores, or broadcast to it."""


def attend(scores: Scores, value: Value, mask: Mask | None = None) -> tuple[Context, Scores]:
    """α = softmax(e) over the keys, and the context Σ_j α_ij v_j of each query i.

    Source: Bahdanau, Cho & Bengio 2015, *Neural machine translation by jointly learning to align
    and translate*, equations 5 and 6. A hidden key has e = -∞, so that α = 0 and no gradient comes
    to it; Vaswani et al. 2017, *Attention is all you need*, section 3.2.3.

    Args:
        scores: e_ij, of query i and key j.
        value: v_j.
        mask: True where i may see j, as in `torch.nn.functional.scaled_dot_product_attention`; in
            `torch.nn.MultiheadAttention` True hides. A mask (batch, keys) becomes one for all
            queries by `mask[:, None]`.

    Returns:
        The contexts, and the weights α.

    Raises:
        ValueError: the mask does not broadcast to the scores, or hides all keys from a query,
            whose weights would be 0/0; leave such queries out, or let them see a key that counts
            for nothing afterwards.
    """
    if mask is not None:
        try:
            seen = mask.expand(scores.shape)
        except RuntimeError:
            raise ValueError(
                f"mask must broadcast to the scores, {tuple(scores.shape)}, (..., queries, keys), "
                f"but its shape is {tuple(mask.shape)}"
            ) from None
        if not seen.any(-1).all():
            raise ValueError("mask must leave each query at least one key, but hides all from some")
        scores = scores.masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights


def dot_scores(query: Query, key: Key, *, scaled: bool = False) -> Scores:
    """e_ij = q_i · k_j, or with `scaled` that divided by √d, d being the length of both.

    Sources: Luong, Pham & Manning 2015, *Effective approaches to attention-based neural machine
    translation*, section 3.1, "dot"; with the divisor Vaswani et al. 2017, equation 1. If the
    entries of q and k are independent with mean 0 and variance 1, their product has the variance d.

    Raises:
        ValueError: query and key differ in length.
    """
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"key must be as long as query on its last axis, {query.shape[-1]}, "
            f"but its shape is {tuple(key.shape)}"
        )
    scores = query @ key.transpose(-2, -1)
    return scores / math.sqrt(query.shape[-1]) if scaled else scores


def general_scores(query: Query, key: Key, weight: Float[Tensor, "query_size key_size"]) -> Scores:
    """e_ij = q_i · W k_j: Luong, Pham & Manning 2015, section 3.1, "general"."""
    return query @ weight @ key.transpose(-2, -1)


def additive_scores(
    query: Query,
    key: Key,
    query_weight: Float[Tensor, "hidden query_size"],
    key_weight: Float[Tensor, "hidden key_size"],
    v: Float[Tensor, " hidden"],
) -> Scores:
    """e_ij = v · tanh(W q_i + U k_j): Bahdanau, Cho & Bengio 2015, section A.1.2.

    All sums of a query and a key lie in memory at once, (..., queries, keys, hidden).
    """
    return _scores_of_sums(query @ query_weight.T, key @ key_weight.T, v)  # W q_i, U k_j


def _scores_of_sums(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    # (..., queries, 1, hidden) + (..., 1, keys, hidden)
    return torch.tanh(q.unsqueeze(-2) + k.unsqueeze(-3)) @ v


def scaled_dot_product_attention(
    query: Query, key: Key, value: Value, mask: Mask | None = None
) -> tuple[Context, Scores]:
    """softmax(Q Kᵀ / √d) V: Vaswani et al. 2017, equation 1, written out.

    The function of this name in `torch.nn.functional` gives the same contexts with less memory,
    and no weights. Arguments, results and errors are those of `dot_scores` and `attend`.
    """
    return attend(dot_scores(query, key, scaled=True), value, mask)


class DotAttention(nn.Module):
    """`attend` with the scores of `dot_scores`; nothing is learned.

    Args:
        scaled: True divides the scores by √d.

    Raises:
        ValueError: as `dot_scores` and `attend`.
    """

    def __init__(self, *, scaled: bool = False) -> None:
        super().__init__()
        self.scaled = scaled

    def forward(
        self, query: Query, key: Key, value: Value, mask: Mask | None = None
    ) -> tuple[Context, Scores]:
        """Contexts and weights."""
        return attend(dot_scores(query, key, scaled=self.scaled), value, mask)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"scaled={self.scaled}"


class GeneralAttention(nn.Module):
    """`attend` with the scores of `general_scores`.

    Args:
        query_size: the length of a query.
        key_size: the length of a key.
        generator: draws W, of shape (query_size, key_size), as in `Linear`.

    Raises:
        ValueError: a size is below 1, or query or key has another; and as `attend`.
    """

    def __init__(
        self, query_size: int, key_size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        _at_least_one(query_size=query_size, key_size=key_size)
        self.key = Linear(key_size, query_size, bias=False, generator=generator)

    def forward(
        self, query: Query, key: Key, value: Value, mask: Mask | None = None
    ) -> tuple[Context, Scores]:
        """Contexts and weights."""
        query_size, key_size = self.key.weight.shape
        _check_size("query", query, query_size)
        _check_size("key", key, key_size)
        return attend(general_scores(query, key, self.key.weight), value, mask)


class AdditiveAttention(nn.Module):
    """`attend` with the scores of `additive_scores`.

    Args:
        query_size: the length of a query.
        key_size: the length of a key.
        hidden_size: the length of v.
        generator: draws W, U and v, as in `Linear`. (The paper draws W and U much smaller, and
            starts v at 0.)

    Raises:
        ValueError: a size is below 1, or query or key has another; and as `attend`.
    """

    def __init__(
        self,
        query_size: int,
        key_size: int,
        hidden_size: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _at_least_one(query_size=query_size, key_size=key_size, hidden_size=hidden_size)
        self.query = Linear(query_size, hidden_size, bias=False, generator=generator)
        self.key = Linear(key_size, hidden_size, bias=False, generator=generator)
        self.score = Linear(hidden_size, 1, bias=False, generator=generator)

    def project(self, key: Key) -> Float[Tensor, "*batch keys hidden"]:
        """U k_j, which is the same for all queries: where these come one after the other, compute
        it once, and hand it to `forward`.
        """
        _check_size("key", key, self.key.in_features)
        return self.key(key)

    def forward(
        self,
        query: Query,
        key: Key,
        value: Value,
        mask: Mask | None = None,
        *,
        projected: Float[Tensor, "*batch keys hidden"] | None = None,
    ) -> tuple[Context, Scores]:
        """Contexts and weights; `projected` is `project(key)`, if that is known already."""
        _check_size("query", query, self.query.in_features)
        projected = self.project(key) if projected is None else projected
        scores = _scores_of_sums(self.query(query), projected, self.score.weight[0])
        return attend(scores, value, mask)


def _at_least_one(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")


def _check_size(name: str, x: Tensor, size: int) -> None:
    if x.shape[-1] != size:
        raise ValueError(
            f"{name} must have {size} features on its last axis, but its shape is {tuple(x.shape)}"
        )
