"""Divergence: a loss that is no number any more, where that began, and what to try."""

from collections.abc import Iterable
from itertools import takewhile
from math import isfinite

from torch import Tensor
from torch.optim import Optimizer

from linebyline.training.history import History


class NonFiniteLossError(FloatingPointError):
    """A loss became infinite or NaN; `history` holds what came before it.

    The message says when, how large the loss was just before (a loss that grew from step to step
    tells of too large a rate), whether the inputs were at fault, and what to try.

    Args:
        loss: what the loss became.
        when: "at step 12, in epoch 2".
        history: the record up to there.
        optimizer: its learning rates are named.
        inputs: those of the examples that the loss was computed on, or of all of them.
    """

    def __init__(
        self, loss: float, when: str, history: History, optimizer: Optimizer, inputs: Tensor
    ) -> None:
        rates = {group["lr"] for group in optimizer.param_groups if "lr" in group}
        named = f" than {min(rates):g}" if rates else ""
        bad = int(inputs.isfinite().logical_not().sum())
        before = f", from {history.step_loss[-1]:.4g} before" if history.step_loss else ""
        blame = (
            f"{bad} of the {inputs.numel()} numbers in the inputs are NaN or infinite: "
            "clean the data first"
            if bad
            else "The inputs are all finite, so the steps have grown too large"
        )
        super().__init__(
            f"the loss became {loss} {when}{before}. {blame}. Try a smaller learning rate{named}, "
            "or gradient clipping: optimizer.register_step_pre_hook takes a function that calls "
            "torch.nn.utils.clip_grad_norm_"
        )
        self.history = history


def record_finite(
    losses: Iterable[float], history: History, epoch: int, optimizer: Optimizer, inputs: Tensor
) -> None:
    """Append the losses of further steps to the history; stop at one that is no finite number.

    Raises:
        NonFiniteLossError: there is such a loss. Those before it have been appended.
    """
    losses = list(losses)
    finite = list(takewhile(isfinite, losses))
    history.step_loss += finite
    if len(finite) < len(losses):
        when = f"at step {len(history.step_loss) + 1}, in epoch {epoch}"
        raise NonFiniteLossError(losses[len(finite)], when, history, optimizer, inputs)
