"""Bagging: one way of fitting, on many samples of the examples, and the mean of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Members = Callable[[Float[Tensor, "examples features"]], Float[Tensor, "members examples outputs"]]
Fit = Callable[[Tensor, Tensor, Tensor], Members]


def bootstrap_counts(
    samples: int, examples: int, *, seed: int = 0
) -> Float[Tensor, "samples examples"]:
    """How often each example is drawn into each sample of as many draws, with replacement.

    Source: Efron 1979, *Bootstrap methods: another look at the jackknife*. An example is in none
    of the n draws with probability (1 - 1/n)^n, which tends to 1/e = 0.368.

    Args:
        samples: how many samples.
        examples: n, of which each sample draws n.
        seed: of the draws.

    Returns:
        Whole numbers as float64; each row adds up to n.

    Raises:
        ValueError: ``samples`` or ``examples`` is below 1.
    """
    if samples < 1 or examples < 1:
        raise ValueError(f"samples and examples must be at least 1, not {samples} and {examples}")
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(examples, (samples, examples), generator=generator)
    ones = torch.ones(drawn.shape, dtype=torch.float64)
    return torch.zeros_like(ones).scatter_add(1, drawn, ones)


@dataclass(frozen=True)
class Bag:
    """The members, and the samples that they were fitted to.

    Source: Breiman 1996, *Bagging predictors*, section 1.

    Attributes:
        members: maps inputs to the answers of all members.
        counts: how often each example was drawn for each member.
    """

    members: Members
    counts: Float[Tensor, "members examples"]

    def __call__(self, x: Float[Tensor, "examples features"]) -> Float[Tensor, "examples outputs"]:
        """The mean of the members' answers; for one-hot targets, of their shares."""
        return self.members(x).mean(0)

    def out_of_bag(
        self, x: Float[Tensor, "examples features"]
    ) -> Float[Tensor, "examples outputs"]:
        """For each training example the mean answer of those members that never saw it.

        Source: Breiman 1996, *Out-of-bag estimation*.

        Args:
            x: the inputs that the bag was fitted to, in the same order.

        Raises:
            ValueError: ``x`` has another number of examples, or some example was seen by all
                members.
        """
        if len(x) != self.counts.shape[1]:
            raise ValueError(
                f"x has {len(x)} examples, but the bag was fitted to {self.counts.shape[1]}: "
                "out of the bag are only those"
            )
        unseen = (self.counts == 0).to(x)  # (members, examples)
        voices = unseen.sum(0)
        if (voices == 0).any():
            raise ValueError(
                f"{int((voices == 0).sum())} examples were drawn for every one of the "
                f"{len(unseen)} members: take more members"
            )
        return torch.einsum("mn,mnk->nk", unseen, self.members(x)) / voices[:, None]


def bag(
    fit: Fit,
    x: Float[Tensor, "examples features"],
    targets: Float[Tensor, "examples outputs"],
    *,
    members: int = 100,
    seed: int = 0,
) -> Bag:
    """Fit each member to its own bootstrap sample.

    Source: Breiman 1996, *Bagging predictors*. Deviation: a sample is given as weights, how often
    each example was drawn, and all samples are fitted in one call. For classes Breiman lets the
    members vote; here, as in scikit-learn's forests, the shares that they give are averaged.

    Args:
        fit: maps inputs, targets and weights (members, examples) to the members.
        x: inputs.
        targets: one row for each of them.
        members: how many.
        seed: of the samples.

    Raises:
        ValueError: ``members`` is below 1.
    """
    counts = bootstrap_counts(members, len(x), seed=seed).to(x)
    return Bag(fit(x, targets, counts), counts)
