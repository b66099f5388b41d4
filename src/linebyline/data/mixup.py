"""Mixup: training on what lies between two examples, with a label that lies as far between."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from scipy.special import betaincinv
from torch import Tensor

from linebyline.data.resumable import Resumable


class Mixup(Resumable):
    """x̃ = λ x_i + (1 - λ) x_j and ỹ = λ y_i + (1 - λ) y_j, with λ from Beta(α, α).

    Source: Zhang, Cisse, Dauphin & Lopez-Paz 2018, *mixup: beyond empirical risk minimization*,
    equation 1; as in the paper's figure 1, one λ serves a batch, and the partners are the same
    batch in another order.

    The inputs are mixed at the front of the model, and the labels in the loss: put the module
    before the network, and give `fit` the loss that `loss` returns. Cross-entropy is linear in the
    target, so mixing two losses is the same as mixing two one-hot labels. In evaluation nothing is
    mixed.

    Args:
        alpha: α. Near 0 it mixes hardly at all; 1 takes all λ alike; larger ones the middle.
        seed: of λ and of the partners.

    Raises:
        ValueError: `alpha` is not above 0; the loss is asked for before the inputs, or of another
            batch than they were.
    """

    def __init__(self, alpha: int | float = 1.0, *, seed: int = 0) -> None:
        super().__init__()
        if not alpha > 0:
            raise ValueError(f"alpha must be above 0, not {alpha}")
        self.alpha = alpha
        self.generator = torch.Generator().manual_seed(seed)
        self.share = 1.0  # λ
        self.partner: Tensor | None = None  # j of each i

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        """Each example mixed with its partner; both are kept for the loss."""
        if not self.training:
            self.partner = None
            return x
        u = torch.rand((), generator=self.generator, dtype=torch.float64).item()
        self.share = float(betaincinv(self.alpha, self.alpha, u))  # as likely to be below as u
        self.partner = torch.randperm(len(x), generator=self.generator).to(x.device)
        return self.share * x + (1 - self.share) * x[self.partner]

    def loss(self, plain: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss of a mixed batch: λ times that of its labels, 1 - λ that of its partners'.

        Args:
            plain: (prediction, target) to a loss that is linear in the target.
        """

        def mixed(prediction: Tensor, target: Tensor) -> Tensor:
            if not self.training:
                return plain(prediction, target)
            if self.partner is None:
                raise ValueError(
                    "no inputs were mixed: put the module at the front of the model that is trained"
                )
            if len(self.partner) != len(target):
                raise ValueError(
                    f"target has {len(target)} examples, but {len(self.partner)} were mixed last: "
                    "put the module at the front of the model that is trained"
                )
            theirs = plain(prediction, target[self.partner])
            return self.share * plain(prediction, target) + (1 - self.share) * theirs

        return mixed

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"alpha={self.alpha}"
