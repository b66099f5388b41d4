"""The random forest: bagged trees whose nodes each choose from a few features, drawn anew."""

from __future__ import annotations

from functools import partial

from jaxtyping import Float
from torch import Tensor

from linebyline.ensembles.bagging import Bag, bag
from linebyline.ensembles.decision_tree import grow


def random_forest(
    x: Float[Tensor, "examples features"],
    targets: Float[Tensor, "examples outputs"],
    *,
    trees: int = 100,
    features_tried: int | None = None,
    max_depth: int | None = None,
    min_leaf: int = 1,
    seed: int = 0,
) -> Bag:
    """Grow each tree on its own bootstrap sample, and each node on its own draw of features.

    Source: Breiman 2001, *Random forests*, section 4 (Forest-RI). Deviation: trees answer with the
    shares of the classes in a leaf, which are averaged, where his vote.

    Args:
        x: inputs.
        targets: one column for a number, one-hot rows for classes.
        trees: how many.
        features_tried: how many features compete for the split of a node; None lets all compete,
            which is bagging. Usual are the square root of all for classes, a third for a number.
        max_depth: None grows each tree until its leaves are pure.
        min_leaf: the fewest different examples of a leaf.
        seed: of the samples and of the draws of features.

    Raises:
        ValueError: as for `bag` and `grow`.
    """
    fit = partial(
        grow, max_depth=max_depth, min_leaf=min_leaf, features_tried=features_tried, seed=seed
    )
    return bag(fit, x, targets, members=trees, seed=seed)
