"""AdaBoost: each member learns with more weight on what those before it got wrong."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.ensembles.decision_tree import Trees, grow


class AdaBoost:
    """A vote of small trees, each with a weight of its own.

    Source: Freund and Schapire 1997, *A decision-theoretic generalization of on-line learning and
    an application to boosting*, figure 2, with answers -1 and +1 as in Schapire et al. 1998.
    Member h with weighted error ε gets the voice a = ½ ln((1 - ε) / ε), and the weights of the
    examples are multiplied by exp(-a y h(x)). Deviation: the members are trees split by the Gini
    index, as in scikit-learn, and not those of least weighted error.

    Args:
        rounds: how many members at most.
        max_depth: of each tree; 1 is a stump, a single question.

    Attributes (after `fit`):
        members: the trees.
        voices: a of each member.
        errors: ε of each member, on the weights that it learned with.
        weights: of the examples before each round and after the last: (rounds + 1, examples).

    Raises:
        ValueError: ``rounds`` or ``max_depth`` is below 1.
    """

    members: list[Trees]
    voices: Float[Tensor, " rounds"]
    errors: Float[Tensor, " rounds"]
    weights: Float[Tensor, "rounds_plus_1 examples"]

    def __init__(self, rounds: int = 100, *, max_depth: int = 1) -> None:
        if rounds < 1 or max_depth < 1:
            raise ValueError(f"rounds and max_depth must be at least 1: {rounds}, {max_depth}")
        self.rounds, self.max_depth = rounds, max_depth

    def fit(self, x: Float[Tensor, "examples features"], y: Int[Tensor, " examples"]) -> AdaBoost:
        """Learn; ends early at a member that is never wrong, or no better than a coin.

        Args:
            x: inputs.
            y: right answers, -1 or +1, of both kinds.

        Returns:
            Itself. A member that is never wrong gets the voice that ε = 1e-10 would have, one no
            better than a coin (within rounding) is not taken.

        Raises:
            ValueError: ``y`` has other answers or only one, no member beats a coin, or as for
                `grow`.
        """
        _check_answers(y)
        signs = y.to(x).double()
        w = torch.full_like(signs, 1 / len(x))
        self.members = []
        voices: list[Tensor] = []
        errors: list[Tensor] = []
        weights = [w]
        for _ in range(self.rounds):
            member = grow(x, signs[:, None], w[None], max_depth=self.max_depth)
            h = answers(member, x)  # -1 or +1
            error = w[h != signs].sum()
            if error > 0.5 - 1e-12:
                break
            voice = 0.5 * torch.log((1 - error) / error.clamp(min=1e-10))
            w = w * torch.exp(-voice * signs * h)
            w = w / w.sum()
            self.members.append(member)
            voices.append(voice)
            errors.append(error)
            weights.append(w)
            if error == 0:
                break
        if not self.members:
            raise ValueError("no tree on x beats a coin: ask deeper questions, or other features")
        self.voices, self.errors = torch.stack(voices), torch.stack(errors)
        self.weights = torch.stack(weights)
        return self

    def scores(self, x: Float[Tensor, "examples features"]) -> Float[Tensor, "rounds examples"]:
        """The weighted sum of the voices after each round: Σ a h(x)."""
        h = torch.stack([answers(member, x) for member in self.members])
        return (self.voices[:, None] * h).cumsum(0)

    def __call__(self, x: Float[Tensor, "examples features"]) -> Int[Tensor, " examples"]:
        """+1 where the last score is at least 0, else -1."""
        return torch.where(self.scores(x)[-1] >= 0, 1, -1)

    def margins(
        self, x: Float[Tensor, "examples features"], y: Int[Tensor, " examples"]
    ) -> Float[Tensor, "rounds examples"]:
        """After each round, how far the voices for the right answer outweigh those against it.

        Source: Schapire, Freund, Bartlett and Lee 1998, section 1: y Σ a h(x) / Σ a, from -1 to 1.
        """
        return y * self.scores(x) / self.voices.cumsum(0)[:, None]

    def bound(self) -> Float[Tensor, " rounds"]:
        """What the training error cannot exceed after each round.

        Source: Freund and Schapire 1997, theorem 6: the product of all 2 √(ε (1 - ε)).
        """
        return (2 * (self.errors * (1 - self.errors)).sqrt()).cumprod(0)


def answers(member: Trees, x: Float[Tensor, "examples features"]) -> Float[Tensor, " examples"]:
    """The side, -1 or +1, on which the leaf's mean target lies; 0 counts as +1."""
    return torch.where(member(x)[0, :, 0] >= 0, 1.0, -1.0).double()


def _check_answers(y: Tensor) -> None:
    kinds = y.unique().tolist()
    if kinds != [-1, 1]:
        raise ValueError(
            f"y must have the answers -1 and +1, both of them, not {kinds[:5]}; from 0 and 1 make "
            "them by 2 * y - 1"
        )
