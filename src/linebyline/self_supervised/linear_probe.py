"""The linear probe: how much of a task can be read off frozen features by one linear layer?"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torch.nn import functional

from linebyline.layers.linear import Linear


@torch.no_grad()
def frozen_features(
    encoder: Callable[[Tensor], Tensor],
    inputs: Shaped[Tensor, "examples ..."],
    *,
    batch_size: int = 256,
) -> Float[Tensor, "examples features"]:
    """What an encoder gives for many inputs, a batch at a time and without a gradient.

    The encoder is used as it is: put a module into evaluation mode first, or its dropout and its
    batch statistics will be in the features.

    Args:
        encoder: from a batch of inputs to rows of features; a module, or a method such as
            `SimCLR.features`.
        inputs: all of them.
        batch_size: how many at a time.

    Raises:
        ValueError: `batch_size` is below 1, there is no input, or an answer is no row of features
            for each input.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    if len(inputs) == 0:
        raise ValueError("inputs must hold at least one example")
    parts = []
    for batch in inputs.split(batch_size):
        h = encoder(batch)
        if h.ndim != 2 or len(h) != len(batch):
            raise ValueError(
                f"encoder must give (examples, features), {len(batch)} rows here, but its answer "
                f"is of shape {tuple(h.shape)}"
            )
        parts.append(h)
    return torch.cat(parts)


def linear_probe(
    features: Float[Tensor, "examples features"],
    labels: Int[Tensor, " examples"],
    *,
    penalty: float = 1e-3,
) -> Linear:
    """The softmax regression that makes mean cross-entropy + λ/2 ‖W‖² least, as a `Linear`.

    Source: Alain & Bengio 2017, *Understanding intermediate layers using linear classifier probes*;
    the fit is that of Kornblith, Shlens & Le 2019, *Do better ImageNet models transfer better?*,
    which Chen et al. 2020 took over for SimCLR (appendix B.8): all examples at once, by L-BFGS.
    There is one minimum and no learning rate, so that a figure of merit is a property of the
    features, and not of how long somebody tuned the probe. The bias is not penalized.

    It equals scikit-learn's `LogisticRegression` with C = 1/(λ examples). Computed in double
    precision on the CPU; the layer is of the features' type and on their device.

    Args:
        features: h, frozen.
        labels: classes from 0 on.
        penalty: λ. To be chosen on examples that are neither in the fit nor in the test.

    Raises:
        ValueError: features and labels differ in number, or are none; a label is below 0, or all
            are the same; a feature is not finite; `penalty` is not above 0 and finite.
    """
    classes = _check(features, labels, penalty)
    h, y = features.detach().cpu().double(), labels.cpu().long()
    probe = Linear(h.shape[1], classes, generator=torch.Generator()).double()
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.zero_()  # every class as likely as any other
    search = torch.optim.LBFGS(
        probe.parameters(),
        max_iter=2000,
        history_size=20,
        tolerance_grad=1e-8,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def objective() -> Tensor:
        search.zero_grad()
        size = probe.weight.square().sum()  # ‖W‖²
        value = functional.cross_entropy(probe(h), y) + penalty / 2 * size
        value.backward()
        return value

    search.step(objective)
    return probe.to(features).requires_grad_(False)


def _check(features: Tensor, labels: Tensor, penalty: float) -> int:
    """How many classes there are."""
    if not 0 < penalty < math.inf:
        raise ValueError(
            f"penalty must be above 0, and finite, not {penalty}: without one, weights that "
            "separate the classes would grow without end"
        )
    shapes = f"features is {tuple(features.shape)} and labels is {tuple(labels.shape)}"
    if features.ndim != 2 or labels.shape != features.shape[:1] or 0 in features.shape:
        raise ValueError(f"features must have a row for each of the labels, but {shapes}")
    if not features.isfinite().all():
        raise ValueError("features must be finite, but one is not")
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0:
        raise ValueError(f"labels must be classes from 0 on, but one is {lowest}")
    if lowest == highest:
        raise ValueError(f"labels must name two classes or more, but all are {lowest}")
    return highest + 1
