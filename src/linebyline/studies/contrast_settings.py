"""SimCLR's settings, one at a time: temperature, batch, views, head, and who may push.

This writes `contrast_settings.json` beside the file::

    python -m linebyline.studies.contrast_settings

The encoder, the digits and the labels are those of `pretext_tasks`. Each arm differs from the first
in what its name says: 300 steps of Adam with 64 pairs, the temperature 0.2, views that are shifted,
turned and zoomed, and a head of two layers. An arm's rate is the one that makes *its own* loss
least on a start to tune on, for it has no labels; a penalty is chosen for each probe on that start,
too, among training images without a label. Three other starts are judged: a probe with 100 labels
on the encoder's second part, on its features h, and on the projection z.

Two arms ask an oracle, which knows all digits: one keeps wrong answers silent that show the same
digit, the other as many others, those of which the pairs' digits in another order say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.augmentations import Augmentation, RandomAffine
from linebyline.data.examples import Examples, TrainTest
from linebyline.layers.linear import Linear
from linebyline.losses.contrast_forces import chances, forces, heard, wrong_answers
from linebyline.losses.nt_xent import answer_logits, nt_xent, partners, similarities
from linebyline.self_supervised.simclr import ProjectionHead, SimCLR, Views
from linebyline.studies import record
from linebyline.studies.pretext_tasks import (
    CHANGES,
    FEATURES,
    described,
    encoder,
    handwriting,
    probed,
)

STEPS, PAIRS, TEMPERATURE = 300, 64, 0.2
RATES = (0.003, 0.01, 0.03)
PENALTIES = (0.001, 0.01, 0.1, 1.0)
DRAWS = 3
TUNED_ON = 100
STARTS = (102, 103, 104)
JUDGED = 128


@dataclass(frozen=True)
class Arm:
    """One way to train; as it stands, the one that the others are compared with."""

    temperature: float = TEMPERATURE
    pairs: int = PAIRS
    steps: int = STEPS
    head: str = "two layers"
    """Or "linear", or "none"."""

    views: tuple[Augmentation, ...] = field(default=(CHANGES,))
    silent: str = "none"
    """Which wrong answers do not push: "same digit", "as many others", or "all"."""


ARMS = {
    "as it is": Arm(),
    **{f"temperature {value}": Arm(temperature=value) for value in (0.05, 0.1, 0.5, 1.0, 3.0)},
    "shift only": Arm(views=(RandomAffine(shift=2),)),
    "turn only": Arm(views=(RandomAffine(turn=15),)),
    "zoom only": Arm(views=(RandomAffine(zoom=0.2),)),
    "half as strong": Arm(views=(RandomAffine(shift=1, turn=7.5, zoom=0.1),)),
    "twice as strong": Arm(views=(RandomAffine(shift=4, turn=30, zoom=0.4),)),
    "16 pairs, 1200 steps": Arm(pairs=16, steps=1200),
    "256 pairs, 75 steps": Arm(pairs=256, steps=75),
    "16 pairs, 300 steps": Arm(pairs=16),
    "256 pairs, 300 steps": Arm(pairs=256),
    "no head": Arm(head="none"),
    "linear head": Arm(head="linear"),
    "same digit silent": Arm(silent="same digit"),
    "as many others silent": Arm(silent="as many others"),
    "all silent": Arm(silent="all"),
}


def learner(arm: Arm, seed: int, see: nn.Module | None = None) -> SimCLR:
    """An untrained encoder, or the one that is given, with the arm's head and views."""
    draw = torch.Generator().manual_seed(seed + 1)
    heads: dict[str, Callable[[], nn.Module]] = {
        "two layers": lambda: ProjectionHead(FEATURES, FEATURES, generator=draw),
        "linear": lambda: Linear(FEATURES, FEATURES, bias=False, generator=draw),
        "none": nn.Identity,
    }
    return SimCLR(see or encoder(seed), heads[arm.head](), arm.views, seed=seed)


def loss_of(arm: Arm, views: Views, digits: Tensor, generator: torch.Generator) -> Tensor:
    """NT-Xent, or what is left of it when some wrong answers are silent."""
    if arm.silent == "none":
        return nt_xent(*views, temperature=arm.temperature)
    if arm.silent == "all":
        return -functional.cosine_similarity(*views).mean() / arm.temperature
    if arm.silent == "as many others":
        digits = digits[torch.randperm(len(digits), generator=generator)]
    both = digits.repeat(2)
    quiet = (both[:, None] == both) & wrong_answers(len(digits))
    logits = answer_logits(*views, temperature=arm.temperature).masked_fill(quiet, -math.inf)
    return functional.cross_entropy(logits, partners(len(digits)))


def pretrain(
    arm: Arm,
    examples: Examples,
    *,
    rate: float,
    seed: int,
    see: nn.Module | None = None,
    steps: int | None = None,
) -> tuple[SimCLR, list[float]]:
    """Train; the model, in evaluation mode, and the loss of each step.

    Args:
        arm: what is special.
        examples: images; labels are looked at only where the arm has an oracle.
        rate: of the first step; it falls to 0.
        seed: of weights, batches and views.
        see: an encoder to train instead of the study's.
        steps: instead of the arm's.
    """
    model, steps = learner(arm, seed, see), steps or arm.steps
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    losses = []
    for _ in range(steps):
        which = torch.randint(len(examples.inputs), (arm.pairs,), generator=draw)
        optimizer.zero_grad()
        views = model(examples.inputs[which])
        value = loss_of(arm, views, examples.targets[which], draw)
        value.backward()
        optimizer.step()
        falling.step()
        losses.append(value.item())
    return model.eval(), losses


def looks(model: SimCLR) -> dict[str, nn.Module]:
    """Where a probe can stand: on the second part, on the features, on the projection."""
    f = model.encoder
    found: dict[str, nn.Module] = {"h": f, "z": nn.Sequential(f, model.head)}
    if isinstance(f, nn.Sequential):
        found = {"part 2": f[:2], **found}
    return found


@torch.no_grad()
def portrait(model: SimCLR, test: Examples, temperature: float) -> dict[str, float]:
    """What the projections of test images are like, of 128 pairs at a time.

    `found`: how often the partner is the most similar of all others; `apart`: the mean cosine of
    the wrong answers; `spread`: their standard deviation; `dimensions`: (Σλ)² / Σλ² of z's
    directions, λ being the eigenvalues of their covariance; `heard`: how many wrong answers push;
    `same`: the share of the push that falls on views of the same digit.
    """
    rows: dict[str, list[float]] = {}
    for x, y in zip(test.inputs.split(JUDGED), test.targets.split(JUDGED), strict=True):
        views = model(x)
        z, both = torch.cat(views), y.repeat(2)
        s, wrong = similarities(z), wrong_answers(len(x))
        _, push = forces(*views, temperature=temperature)
        q = push / push.sum(1, keepdim=True).clamp_min(1e-30)
        eigen = torch.linalg.eigvalsh(torch.cov(functional.normalize(z, dim=1).double().T))
        p = chances(*views, temperature=temperature)
        values = {
            "found": (p.argmax(1) == partners(len(x))).double().mean(),
            "apart": s[wrong].mean(),
            "spread": s[wrong].std(),
            "dimensions": eigen.sum().square() / eigen.square().sum(),
            "heard": heard(q.double() + 1e-30).mean(),
            "same": (q * (both[:, None] == both)).sum(1).mean(),
        }
        for name, value in values.items():
            rows.setdefault(name, []).append(value.item())
    return {name: sum(row) / len(row) for name, row in rows.items()}


def read(
    see: nn.Module,
    data: TrainTest,
    *,
    penalty: float,
    seed: int,
    draws: int = DRAWS,
    held: bool = False,
) -> float:
    """The share of digits that a probe on frozen features names rightly with 100 labels."""
    features = described(see, data)
    return probed(features, penalty=penalty, seed=seed, draws=draws, held=held)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose rates and penalties on one start, then judge on others."""
    data = {seed: handwriting(seed) for seed in (TUNED_ON, *STARTS)}
    return {
        "settings": {"rates": RATES, "penalties": PENALTIES, "tuned_on": TUNED_ON}
        | {"starts": STARTS, "draws": DRAWS},
        "arms": {name: _judged(arm, data) for name, arm in ARMS.items()},
    }


def _judged(arm: Arm, data: dict[int, TrainTest]) -> dict[str, Any]:
    """An arm's best rate and penalties, and what comes out of them on the starts."""
    tuning, tried = data[TUNED_ON], {}
    for rate in RATES:
        model, losses = pretrain(arm, tuning.train, rate=rate, seed=TUNED_ON)
        last = losses[-len(losses) // 6 :]
        tried[rate] = (sum(last) / len(last), model)
    rate = min(tried, key=lambda one: tried[one][0])
    penalties = {}
    for name, see in looks(tried[rate][1]).items():
        shares = [
            read(see, tuning, penalty=penalty, seed=TUNED_ON, held=True) for penalty in PENALTIES
        ]
        penalties[name] = PENALTIES[shares.index(max(shares))]
    right: dict[str, list[float]] = {name: [] for name in penalties}
    portraits: dict[str, list[float]] = {}
    for seed in STARTS:
        model, _ = pretrain(arm, data[seed].train, rate=rate, seed=seed)
        for name, see in looks(model).items():
            share = read(see, data[seed], penalty=penalties[name], seed=seed)
            right[name].append(round(share, 4))
        for name, value in portrait(model, data[seed].test, arm.temperature).items():
            portraits.setdefault(name, []).append(round(value, 4))
    return {
        "rate": rate,
        "tried": [round(tried[one][0], 4) for one in RATES],
        "penalties": penalties,
        "right": right,
        **portraits,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
