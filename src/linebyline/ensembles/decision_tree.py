"""Decision trees: questions about one feature at a time, each chosen to leave the least spread."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

ROUNDING = 1e-9
"""Two gains that differ by a smaller part count as equal, so that rounding decides nothing."""


@dataclass(frozen=True)
class Trees:
    """One or more trees, as one table of nodes; node i is the root of tree i.

    Source: Breiman, Friedman, Olshen and Stone 1984, *Classification and Regression Trees*.

    Attributes:
        count: how many trees there are.
        feature: which feature a node asks about; -1 in a leaf.
        threshold: an example goes to the first child if its feature is at most this number.
        child: the node's first child; the second one stands behind it. -1 in a leaf.
        value: the weighted mean of the targets in the node, for every node.
    """

    count: int
    feature: Int[Tensor, " nodes"]
    threshold: Float[Tensor, " nodes"]
    child: Int[Tensor, " nodes"]
    value: Float[Tensor, "nodes outputs"]

    def leaves(self, x: Float[Tensor, "examples features"]) -> Int[Tensor, "trees examples"]:
        """The leaf in which each tree files each example."""
        node = torch.arange(self.count, device=x.device)[:, None].repeat(1, len(x))
        while (asks := self.feature[node] >= 0).any():
            answer = x.gather(1, self.feature[node].clamp(min=0).T).T  # (trees, examples)
            second = answer > self.threshold[node]
            node = torch.where(asks, self.child[node] + second, node)
        return node

    def __call__(
        self, x: Float[Tensor, "examples features"]
    ) -> Float[Tensor, "trees examples outputs"]:
        """What each tree answers: the mean of the targets in the example's leaf."""
        return self.value[self.leaves(x)]


def grow(
    x: Float[Tensor, "examples features"],
    targets: Float[Tensor, "examples outputs"],
    weights: Float[Tensor, "trees examples"] | None = None,
    *,
    max_depth: int | None = None,
    min_leaf: int = 1,
    features_tried: int | None = None,
    seed: int = 0,
) -> Trees:
    """Grow trees from the root down, all nodes of one level of all trees together.

    Source: Breiman, Friedman, Olshen and Stone 1984, chapters 4 and 8.
    A node is split where the weighted sum of squared deviations from the means of its two
    parts is least. For one-hot targets that sum is the node's weight times its Gini index
    1 - Σ p_k², so one criterion serves regression and classification. Deviation: no pruning. Of
    equal splits the first feature's lowest is taken.

    Args:
        x: inputs; compared, never added, so their units do not matter.
        targets: one column for a number to be predicted; one-hot rows for classes, whose leaves
            then hold shares. A class without an example has share 0 everywhere.
        weights: one row for each tree: how much each example counts, 0 if that tree does not see
            it. None grows one tree, to which all count alike.
        max_depth: the longest chain of questions; None asks until no node can be split.
        min_leaf: the fewest examples of a leaf, however much they weigh.
        features_tried: how many features, drawn anew for each node from those that differ within
            it, compete for the split; None lets all compete. At most the number of features.
        seed: of these draws.

    Returns:
        The trees. A node without two different rows, or whose targets are all equal, is a leaf.

    Raises:
        ValueError: shapes do not fit, values are not finite, weights are negative or a tree has
            none above 0, or a number is out of range.
    """
    w = x.new_ones(1, len(x)) if weights is None else weights
    _check(x, targets, w, max_depth, min_leaf, features_tried)
    generator = torch.Generator().manual_seed(seed)
    node, example = w.nonzero(as_tuple=True)  # a row for each example of each tree, at its root
    w, t, inputs = w[node, example].double(), targets[example].double(), x[example].T
    rows = inputs.argsort(dim=1, stable=True)  # (features, rows): each feature sorts them once
    first, count = 0, int(node.max()) + 1
    table: list[tuple[Tensor, ...]] = []
    while count:  # nodes on this level, numbered from `first`
        rows = rows.gather(1, node[rows].argsort(dim=1, stable=True))  # node by node
        here = rows[0]
        at = node[here] - first  # the node at each place, the same for all features
        value = _sums(w[here, None] * t[here], at) / _sums(w[here, None], at)
        feature, threshold = at.new_full((count,), -1), value.new_zeros(count).to(x)
        if len(table) != max_depth:
            asked = inputs.gather(1, rows)
            gain = split_gains(w[rows], t[rows], at)
            gain = gain.where(_may_split(asked, at, min_leaf), -torch.inf)
            gain = gain.where(_mixed(t[here], at)[at], -torch.inf)  # pure nodes are leaves
            feature, place = _best(gain, at, features_tried, generator)
            low, high = asked[feature, place], asked[feature, (place + 1) % len(at)]
            threshold = torch.where((low + high) / 2 < high, (low + high) / 2, low)
        splits = feature >= 0
        child = first + count + 2 * (splits.cumsum(0) - 1)  # in pairs, behind this level
        table.append((feature, threshold, child.where(splits, feature), value))
        second = inputs[feature[at], here] > threshold[at]
        node[here] = child[at] + second
        going_on = splits.new_zeros(len(w))
        going_on[here] = splits[at]
        rows = rows[going_on[rows]].reshape(len(rows), -1)
        first, count = first + count, 2 * int(splits.sum())
    feature, threshold, child, value = (torch.cat(column) for column in zip(*table, strict=True))
    return Trees(len(table[0][0]), feature, threshold, child, value.to(targets))


def split_gains(
    w: Float[Tensor, "features places"],
    t: Float[Tensor, "features places outputs"],
    at: Int[Tensor, " places"],
) -> Float[Tensor, "features places"]:
    """How much of the squared deviation goes if a node is cut behind each place.

    Source: as for `grow`. With the sum S and the weight W of a part's targets, the
    squared deviations from its mean add up to Σ w t² - S² / W. The first term does not depend on
    the cut, so the gain is S_left² / W_left + S_right² / W_right - S² / W.

    Args:
        w: weights, node by node, in each feature's rising order.
        t: targets in the same order.
        at: the node at each place: 0, 1, 2, ... without a gap, never falling.

    Returns:
        The gains; the one at a node's last place, behind which nothing is left, means nothing.
    """
    size = at.bincount()
    start = (size.cumsum(0) - size)[at]  # where the node at each place begins
    end = start + size[at] - 1
    summed = torch.cat([w[..., None], w[..., None] * t], dim=2)  # (features, places, 1 + outputs)
    left = summed.cumsum(1)
    left = left - left[:, start] + summed[:, start]  # from the beginning of the node
    whole = left[:, end]
    return _energy(left) + _energy(whole - left) - _energy(whole)


def _energy(sums: Float[Tensor, "features places sums"]) -> Float[Tensor, "features places"]:
    """S² / W of a part; nothing for the empty one."""
    mass = sums[..., 0].clamp(min=torch.finfo(sums.dtype).tiny)
    return sums[..., 1:].square().sum(-1) / mass


def _sums(values: Float[Tensor, "places columns"], at: Int[Tensor, " places"]) -> Tensor:
    """Of each node's values."""
    return values.new_zeros(int(at[-1]) + 1, values.shape[1]).index_add(0, at, values)


def _may_split(
    asked: Float[Tensor, "features places"], at: Int[Tensor, " places"], min_leaf: int
) -> Bool[Tensor, "features places"]:
    """Whether a node can be cut behind a place: two different values, enough examples aside."""
    size = at.bincount()
    number = torch.arange(len(at), device=at.device) - (size.cumsum(0) - size)[at]  # within node
    enough = (number + 1 >= min_leaf) & (size[at] - number - 1 >= max(min_leaf, 1))
    return enough & (asked < torch.cat([asked[:, 1:], asked[:, -1:]], dim=1))


def _best(
    gain: Float[Tensor, "features places"],
    at: Int[Tensor, " places"],
    features_tried: int | None,
    generator: torch.Generator,
) -> tuple[Int[Tensor, " nodes"], Int[Tensor, " nodes"]]:
    """For each node the feature of its best split, -1 if there is none, and the place."""
    nodes, places = int(at[-1]) + 1, torch.arange(len(at), device=at.device)
    best = gain.new_full((len(gain), nodes), -torch.inf)
    best.scatter_reduce_(1, at.expand_as(gain), gain, "amax")
    if features_tried is not None:
        lot = torch.rand(best.shape, generator=generator).to(gain.device)
        lot = lot.where(best > -torch.inf, -1)  # those that cannot split do not compete
        kept = lot.topk(features_tried, dim=0).indices
        best = torch.full_like(best, -torch.inf).scatter(0, kept, best.gather(0, kept))
    most = best.amax(0)
    enough = most - ROUNDING * most.abs()
    feature = (best >= enough).int().argmax(0)  # the first of those that are as good
    here = gain[feature[at], places] >= enough[at]
    place = at.new_full((nodes,), len(at))
    place.scatter_reduce_(0, at[here], places[here], "amin")
    return feature.where(most > -torch.inf, -1), place % len(at)


def _mixed(
    t: Float[Tensor, "places outputs"], at: Int[Tensor, " places"]
) -> Bool[Tensor, " nodes"]:
    """Whether the targets of a node differ at all."""
    index = at[:, None].expand_as(t)
    nodes = t.new_zeros(int(at[-1]) + 1, t.shape[1])
    low, high = (
        nodes.scatter_reduce(0, index, t, how, include_self=False) for how in ("amin", "amax")
    )
    return (low < high).any(1)


def _check(
    x: Tensor,
    targets: Tensor,
    weights: Tensor,
    max_depth: int | None,
    min_leaf: int,
    features_tried: int | None,
) -> None:
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must be (examples, features), at least one; it is {tuple(x.shape)}")
    if targets.ndim != 2 or len(targets) != len(x) or not targets.is_floating_point():
        raise ValueError(
            f"targets must be floating-point, ({len(x)}, outputs), not {targets.dtype} "
            f"{tuple(targets.shape)}; take y[:, None], or one_hot(y).double() for classes"
        )
    if weights.ndim != 2 or weights.shape[1] != len(x):
        raise ValueError(f"weights must be (trees, {len(x)}), not {tuple(weights.shape)}")
    for name, values in (("x", x), ("targets", targets), ("weights", weights)):
        if not values.isfinite().all():
            raise ValueError(f"{name} has values that are not finite; repair or remove them")
    if (weights < 0).any() or not (weights > 0).any(1).all():
        raise ValueError("weights must be at least 0, and above 0 for some example of each tree")
    if max_depth is not None and max_depth < 0:
        raise ValueError(f"max_depth is {max_depth}; it must be at least 0, or None for no limit")
    if min_leaf < 1:
        raise ValueError(f"min_leaf is {min_leaf}; it must be at least 1")
    if features_tried is not None and not 1 <= features_tried <= x.shape[1]:
        raise ValueError(
            f"features_tried is {features_tried}; it must be from 1 to "
            f"{x.shape[1]}, the number of features, or None for all"
        )
