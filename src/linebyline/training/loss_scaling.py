"""Dynamic loss scaling: gradients that float16 would lose are computed larger, then made small.

Source: Micikevicius et al. 2018, *Mixed Precision Training*, section 3.2. They kept the factor
constant, and named its search as work to come. It is done here as in `torch.amp.GradScaler`, which
has one scale for several optimizers: begin large, halve it and leave out the step when a gradient
overflows, double it after many steps without.
"""

import math

from torch import Tensor
from torch.optim import Optimizer


class LossScaler:
    """Multiplies the loss before `backward`, and divides the gradients before the step.

    The backward pass is linear in the loss, so each gradient comes out `factor` times as large, and
    fewer of them fall below the least number of the format. Factors are powers of two: they move
    the exponent, and no digit is rounded.

    Args:
        optimizer: its parameters hold the gradients, in float32.
        factor: what to begin with; 1 and `patience=None` scale nothing.
        patience: after so many steps without an overflow the factor is doubled; None keeps it, also
            after an overflow.

    Raises:
        ValueError: `factor` is no power of two, or `patience` is below 1.
    """

    def __init__(
        self, optimizer: Optimizer, *, factor: float = 2.0**16, patience: int | None = 2000
    ) -> None:
        if math.frexp(factor)[0] != 0.5:
            raise ValueError(f"factor must be a power of two, not {factor}")
        if patience is not None and patience < 1:
            raise ValueError(f"patience must be at least 1 or None, not {patience}")
        self.optimizer = optimizer
        self.factor = factor
        self.patience = patience
        self.calm = 0

    def scale(self, loss: Tensor) -> Tensor:
        """What to call `backward` on."""
        return loss * self.factor

    def step(self) -> bool:
        """Unscale the gradients and make the optimizer's step, unless one of them overflowed.

        Returns:
            Whether the step was made.
        """
        gradients = [
            theta.grad
            for group in self.optimizer.param_groups
            for theta in group["params"]
            if theta.grad is not None
        ]
        for gradient in gradients:
            gradient.div_(self.factor)
        finite = all(bool(gradient.isfinite().all()) for gradient in gradients)
        if finite:
            self.optimizer.step()
            self.calm += 1
        if self.patience is None:
            return finite
        if not finite:
            self.factor /= 2
            self.calm = 0
        elif self.calm == self.patience:
            self.factor *= 2
            self.calm = 0
        return finite
