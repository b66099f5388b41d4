"""The linear probe: how much of a task can be read off frozen features by one linear layer?"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from linebyline.layers.linear import Linear
from linebyline.self_supervised.features import check_labelled


def linear_probe(
    features: Float[Tensor, "examples features"],
    labels: Int[Tensor, " examples"],
    *,
    penalty: float = 1e-3,
    tolerance: float = 1e-8,
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
        tolerance: the search ends where no slope is steeper. With 1e-5 it takes a fraction of the
            time, and a test rarely tells the difference.

    Raises:
        ValueError: features and labels differ in number, or are none; a label is below 0, or all
            are the same; a feature is not finite; `penalty` or `tolerance` is not above 0 and
            finite.
    """
    classes = _check(features, labels, penalty, tolerance)
    h, y = features.detach().cpu().double(), labels.cpu().long()
    probe = Linear(h.shape[1], classes, generator=torch.Generator()).double()
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.zero_()  # every class as likely as any other
    search = torch.optim.LBFGS(
        probe.parameters(),
        max_iter=2000,
        history_size=20,
        tolerance_grad=tolerance,
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


def _check(features: Tensor, labels: Tensor, penalty: float, tolerance: float) -> int:
    """How many classes there are."""
    if not 0 < penalty < math.inf:
        raise ValueError(
            f"penalty must be above 0, and finite, not {penalty}: without one, weights that "
            "separate the classes would grow without end"
        )
    if not 0 < tolerance < math.inf:
        raise ValueError(f"tolerance must be above 0, and finite, not {tolerance}")
    classes = check_labelled(features, labels)
    if not features.isfinite().all():
        raise ValueError("features must be finite, but one is not")
    if labels.min() == labels.max():
        raise ValueError(f"labels must name two classes or more, but all are {classes - 1}")
    return classes
