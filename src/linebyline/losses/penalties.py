"""Penalties on the size of the weights: L2, L1, and both, the elastic net."""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn


def weights_of(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that are penalized unless you say otherwise: those with two axes or more.

    These are the weights of linear and convolutional layers, and embeddings. Biases, and the scales
    and shifts of normalization layers, have one axis and are left out. Source: Goodfellow, Bengio &
    Courville 2016, *Deep Learning*, section 7.1: biases need less data to fit than weights do.
    Frozen parameters are left out, too, and one that is used twice counts once.

    Raises:
        ValueError: the model has none.
    """
    trained = [theta for theta in model.parameters() if theta.requires_grad]
    found = [theta for theta in trained if theta.ndim >= 2]  # no biases, scales or shifts
    if not found:
        raise ValueError("model must have a trainable parameter of two axes or more, and has none")
    return found


def l2_penalty(weights: Iterable[Float[Tensor, "..."]]) -> Float[Tensor, ""]:
    """½ Σ w²: its pull on a weight is the weight itself.

    Source: Hoerl & Kennard 1970, *Ridge regression: biased estimation for nonorthogonal problems*,
    for linear regression. Deviation: the ½, so that the gradient is w and not 2w.

    Args:
        weights: tensors; all their numbers count alike.

    Raises:
        ValueError: there are none.
    """
    return 0.5 * _total([(w**2).sum() for w in weights])


def l1_penalty(weights: Iterable[Float[Tensor, "..."]]) -> Float[Tensor, ""]:
    """Σ|w|: its pull on a weight is 1, however small the weight.

    Source: Tibshirani 1996, *Regression shrinkage and selection via the lasso*. At w = 0, where
    it has a kink, the derivative is taken as 0. Gradient steps jump over the kink and never land
    on it; `optim.proximal` does.

    Args:
        weights: as for `l2_penalty`.

    Raises:
        ValueError: there are none.
    """
    return _total([w.abs().sum() for w in weights])


class Penalized(nn.Module):
    """A loss plus penalties, L + α₁ Σ|w| + α₂ ½ Σw², to be handed to `fit` in the loss's place.

    Source: Zou & Hastie 2005, *Regularization and variable selection via the elastic net*, the one
    that they call naive (they scale its solution up afterwards, which is left out). One of the two
    alone is the lasso's penalty or ridge regression's.

    A mean over N examples with α has the minimum of a sum with Nα. `sklearn.linear_model.Lasso`
    minimizes half of the mean squared error plus `alpha` Σ|w|.

    Judge a model by the bare loss. A test loss that is measured with this one holds the penalty as
    well, so that runs with different α cannot be compared by it; give the bare loss to `fit` as a
    metric.

    Args:
        loss: (prediction, target) to a scalar.
        weights: a model, of which `weights_of` takes its choice, or tensors of your own choice.
        l1: α₁, zero or more.
        l2: α₂, zero or more.

    Raises:
        ValueError: α is negative, infinite or NaN, or there is nothing to penalize.
    """

    def __init__(
        self,
        loss: Callable[[Tensor, Tensor], Tensor],
        weights: nn.Module | Iterable[Tensor],
        *,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        super().__init__()
        for name, alpha in (("l1", l1), ("l2", l2)):
            if not 0 <= alpha < float("inf"):
                raise ValueError(f"{name} must be a finite number, zero or more, not {alpha}")
        self.loss = loss
        # A tuple is not searched for parameters: these stay the model's.
        self.weights = tuple(weights_of(weights) if isinstance(weights, nn.Module) else weights)
        if not self.weights:
            raise ValueError("weights must hold a tensor, and are empty")
        self.l1, self.l2 = l1, l2

    def forward(self, prediction: Tensor, target: Tensor) -> Float[Tensor, ""]:
        """The loss of the batch, and what the weights cost."""
        return self.loss(prediction, target) + self.penalty()

    def penalty(self) -> Float[Tensor, ""]:
        """α₁ Σ|w| + α₂ ½ Σw² by itself; a penalty that is off costs no time."""
        total = self.weights[0].new_zeros(())
        if self.l1:
            total = total + self.l1 * l1_penalty(self.weights)
        if self.l2:
            total = total + self.l2 * l2_penalty(self.weights)
        return total

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"l1={self.l1}, l2={self.l2}, tensors={len(self.weights)}"


def _total(parts: list[Tensor]) -> Tensor:
    if not parts:
        raise ValueError("weights must hold a tensor, and are empty")
    return torch.stack([part.to(parts[0].device) for part in parts]).sum()
