"""When to stop: patience, and the three classes of criteria that Prechelt compared.

A criterion is a function of two curves, the losses after each epoch so far on the training set and
on the validation set, and says whether training would be over by now. It knows neither model nor
optimizer, so one recorded run tells when each criterion would have ended it (`first_stop`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Criterion = Callable[[Sequence[float], Sequence[float]], bool]
"""(training losses, validation losses) of the epochs so far, to whether to stop now."""


def generalization_loss(validation: Sequence[float]) -> float:
    """GL(t) = 100 (E_va(t) / E_opt(t) - 1): by how many percent the loss is above its lowest.

    Source: Prechelt 1998, *Automatic early stopping using cross validation: quantifying the
    criteria*. E_opt(t) is the lowest validation loss up to epoch t.
    """
    return 100 * (validation[-1] / min(validation) - 1)


def training_progress(train: Sequence[float], strip: int = 5) -> float:
    """P_k(t) = 1000 (mean of the last k training losses / the lowest of them - 1).

    Source: Prechelt 1998. Large while the training loss falls or jumps, and near 0 where it
    has come to rest. The k epochs are a *training strip*.
    """
    recent = train[-strip:]
    return 1000 * (sum(recent) / (len(recent) * min(recent)) - 1)


@dataclass(frozen=True)
class Patience:
    """Stop after so many epochs without a new lowest validation loss.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, algorithm 7.1, where p is the
    patience. Deviation: to count, an epoch must be lower than the last one that counted by more
    than `min_improvement`, which is 0 in the book.

    Attributes:
        epochs: p, at least 1.
        min_improvement: in units of the loss, 0 or more.
    """

    epochs: int
    min_improvement: float = 0.0

    def __post_init__(self) -> None:
        _at_least("epochs", self.epochs, 1)
        _at_least("min_improvement", self.min_improvement, 0)

    def __call__(self, train: Sequence[float], validation: Sequence[float]) -> bool:
        lowest, waited = float("inf"), 0
        for loss in validation:
            waited += 1
            if loss < lowest - self.min_improvement:
                lowest, waited = loss, 0
        return waited >= self.epochs


@dataclass(frozen=True)
class GL:
    """Stop when the validation loss is more than `alpha` percent above its lowest: GL(t) > α.

    Source: Prechelt 1998, the first class of criteria; there α is 1 to 5.
    """

    alpha: float

    def __post_init__(self) -> None:
        _at_least("alpha", self.alpha, 0)

    def __call__(self, train: Sequence[float], validation: Sequence[float]) -> bool:
        return generalization_loss(validation) > self.alpha


@dataclass(frozen=True)
class PQ:
    """Stop when the loss of generalization exceeds the training progress: GL(t) / P_k(t) > α.

    Source: Prechelt 1998, the second class. While training still makes progress, validation may
    recover. Deviation: written GL(t) > α P_k(t), so that no progress divides by no zero. As
    there, asked at the end of each strip of k epochs only.
    """

    alpha: float
    strip: int = 5

    def __post_init__(self) -> None:
        _at_least("alpha", self.alpha, 0)
        _at_least("strip", self.strip, 1)

    def __call__(self, train: Sequence[float], validation: Sequence[float]) -> bool:
        if len(validation) % self.strip:
            return False
        progress = training_progress(train, self.strip)
        return generalization_loss(validation) > self.alpha * progress


@dataclass(frozen=True)
class UP:
    """Stop when the validation loss has gone up in `strips` strips of k epochs one after another.

    Source: Prechelt 1998, the third class: E_va(t) > E_va(t - k) at the end of a strip, and the
    same one strip earlier, and so on. It matters that the loss rises, not how far.
    """

    strips: int
    strip: int = 5

    def __post_init__(self) -> None:
        _at_least("strips", self.strips, 1)
        _at_least("strip", self.strip, 1)

    def __call__(self, train: Sequence[float], validation: Sequence[float]) -> bool:
        if len(validation) % self.strip:
            return False
        ends = validation[self.strip - 1 :: self.strip][-self.strips - 1 :]
        rises = [later > earlier for earlier, later in pairwise(ends)]
        return len(rises) == self.strips and all(rises)


def first_stop(
    criterion: Criterion, train: Sequence[float], validation: Sequence[float]
) -> int | None:
    """The epoch, counted from 1, at which the criterion would have ended a run; None if never.

    Raises:
        ValueError: the curves differ in length.
    """
    if len(train) != len(validation):
        raise ValueError(f"train has {len(train)} epochs, but validation has {len(validation)}")
    for epoch in range(1, len(train) + 1):
        if criterion(train[:epoch], validation[:epoch]):
            return epoch
    return None


def _at_least(name: str, value: float, least: int) -> None:
    if not value >= least:  # so that nan is refused, too
        raise ValueError(f"{name} is {value}; it must be at least {least}")
