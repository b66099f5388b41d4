"""NT-Xent: which of all the other images of a batch is another view of this one?"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.cross_entropy import log_softmax_explicit
from linebyline.losses.reduction import check_floating

Views = Float[Tensor, "pairs features"]
Square = Float[Tensor, "views views"]


def similarities(z: Float[Tensor, "rows features"]) -> Float[Tensor, "rows rows"]:
    """sim(z_i, z_k) = z_i · z_k / (‖z_i‖ ‖z_k‖), the cosine of every row with every row.

    A row of zeros, which has no direction, has the cosine 0 with all.
    """
    unit = functional.normalize(z, dim=1)  # z_i / ‖z_i‖
    return unit @ unit.T


def nt_xent(
    first: Views,
    second: Views,
    *,
    temperature: float = 0.5,
) -> Float[Tensor, ""]:
    """The mean over all 2N views i, whose partners are j(i), of

        ℓ_i = -log( exp(sim(z_i, z_j) / τ) / Σ_{k≠i} exp(sim(z_i, z_k) / τ) ).

    Source: Chen, Kornblith, Norouzi & Hinton 2020, *A simple framework for contrastive learning of
    visual representations*, equation 1 and algorithm 1. It is the softmax cross-entropy of a
    question with 2N - 1 answers: which of the others is the partner? So a network that can tell
    nothing has log(2N - 1), and the loss is a mean over a batch whose other images are the wrong
    answers: half the batch is an easier question, not the same one twice.

    Args:
        first: N projections, of one view of each image.
        second: of the other views, in the same order. No length counts, only the directions do.
        temperature: τ. The lower it is, the more the most similar of the wrong answers count.

    Raises:
        ValueError: the two differ in shape, are no rows of floating-point numbers, or are fewer
            than two pairs, which leaves no wrong answer; `temperature` is not above 0 and finite.
    """
    logits = answer_logits(first, second, temperature=temperature)
    return functional.cross_entropy(logits, partners(len(first)).to(logits.device))


def answer_logits(first: Views, second: Views, *, temperature: float = 0.5) -> Square:
    """s_ik / τ of every view i (row) with every answer k; -∞ where k is the asking view itself.

    Args:
        first: N projections, of one view of each image.
        second: of the other views, in the same order.
        temperature: τ.

    Raises:
        ValueError: as for `nt_xent`.
    """
    _check(first, second, temperature)
    logits = similarities(torch.cat([first, second])) / temperature  # (2N, 2N)
    itself = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    return logits.masked_fill(itself, -math.inf)  # k ≠ i


def partners(pairs: int) -> Int[Tensor, " views"]:
    """j(i), the number of the other view of the same image: i + N, or i - N.

    Raises:
        ValueError: `pairs` is below 1.
    """
    if pairs < 1:
        raise ValueError(f"pairs must be at least 1, not {pairs}")
    return (torch.arange(2 * pairs) + pairs) % (2 * pairs)


def check_temperature(temperature: float) -> None:
    """Refuse a temperature by which no logit can be divided.

    Raises:
        ValueError: it is not above 0 and finite.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be above 0, and finite, not {temperature}")


class NTXent(nn.Module):
    """`nt_xent` as a module, and the same written out in `explicit`.

    Args:
        temperature: as for `nt_xent`.

    Raises:
        ValueError: as for `nt_xent`.
    """

    def __init__(self, *, temperature: float = 0.5) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def forward(self, first: Views, second: Views) -> Float[Tensor, ""]:
        """Softmax and logarithm in one kernel."""
        return nt_xent(first, second, temperature=self.temperature)

    def explicit(self, first: Views, second: Views) -> Float[Tensor, ""]:
        """The sum of the definition, view by view."""
        _check(first, second, self.temperature)
        z = torch.cat([first, second])  # (2N, d)
        lengths = z.square().sum(1).sqrt()
        sim = (z @ z.T) / (lengths[:, None] * lengths)  # (2N, 2N)
        pairs, losses = len(first), []
        for i in range(2 * pairs):
            j = (i + pairs) % (2 * pairs)
            others = [k for k in range(2 * pairs) if k != i]
            log_p = log_softmax_explicit(sim[i, others][None] / self.temperature)
            losses.append(-log_p[0, others.index(j)])  # ℓ_i
        return torch.stack(losses).mean()

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"temperature={self.temperature}"


def _check(first: Tensor, second: Tensor, temperature: float) -> None:
    check_temperature(temperature)
    shapes = f"first is {tuple(first.shape)} and second is {tuple(second.shape)}"
    if first.shape != second.shape or first.ndim != 2:
        raise ValueError(f"first and second must both be (pairs, features), but {shapes}")
    if len(first) < 2:
        raise ValueError(
            "first and second must hold at least two pairs, for the wrong answers are the other "
            f"images, but {shapes}"
        )
    check_floating("first", first)
    check_floating("second", second)
