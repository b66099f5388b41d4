"""Long short-term memory: a cell that is added to, and gates that decide what goes in and out."""

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.sequence.recurrent import Recurrent, Weights


class Gates(NamedTuple):
    """What `lstm_gates` returns; all but g are between 0 and 1."""

    i: Float[Tensor, "batch hidden"]
    """Input gate: what is let in."""

    f: Float[Tensor, "batch hidden"]
    """Forget gate: what is kept."""

    g: Float[Tensor, "batch hidden"]
    """What could be let in, between -1 and 1."""

    o: Float[Tensor, "batch hidden"]
    """Output gate: what is shown."""


def lstm_gates(
    x: Float[Tensor, "batch inputs"], h: Float[Tensor, "batch hidden"], weights: Weights
) -> Gates:
    """Four layers side by side, which see x_t and h_{t-1}, and do not see the cell.

    There are no peepholes (Gers, Schraudolph & Schmidhuber 2002).

    Args:
        x: x_t.
        h: h_{t-1}.
        weights: W of shape (4H, inputs), U of shape (4H, H), b and b' of shape (4H,) or None, each
            with H rows for i, then f, g and o.
    """
    W, U, b, b_h = weights
    a = functional.linear(x, W, b) + functional.linear(h, U, b_h)  # (B, 4H)
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)  # each (B, H)
    i = torch.sigmoid(a_i)
    f = torch.sigmoid(a_f)
    g = torch.tanh(a_g)
    o = torch.sigmoid(a_o)
    return Gates(i, f, g, o)


def lstm_step(
    x: Float[Tensor, "batch inputs"],
    state: tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]],
    weights: Weights,
) -> tuple[Float[Tensor, "batch hidden"], Float[Tensor, "batch hidden"]]:
    """c_t = f_t c_{t-1} + i_t g_t and h_t = o_t tanh(c_t), with three gates between 0 and 1.

    Source: Hochreiter & Schmidhuber 1997, *Long short-term memory*, with the forget gate f of Gers,
    Schmidhuber & Cummins 2000, *Learning to forget: continual prediction with LSTM*. Without it, or
    with f = 1, c adds up all that ever came in.

    Deviations: both squashing functions are tanh, where the paper of 1997 has logistic functions
    stretched to [-2, 2] and to [-1, 1]; every cell has gates of its own, where there blocks of
    cells share theirs; and autograd follows the error through all paths, where there it is cut off
    at the gates.

    Args:
        x: x_t.
        state: h_{t-1} and c_{t-1}.
        weights: those of `lstm_gates`.

    Returns:
        h_t and c_t.
    """
    h, c = state
    i, f, g, o = lstm_gates(x, h, weights)
    c = f * c + i * g
    h = o * torch.tanh(c)
    return h, c


class LSTM(Recurrent):
    """`lstm_step`, repeated. Arguments, shapes and errors are those of `Recurrent`, and

    A state is a tuple of two tensors, h and c.

    Args:
        forget_bias: what the bias of the forget gates starts at, in sum of b and b', so that
            f ≈ σ(forget_bias); the rest starts as ever. Jozefowicz, Zaremba & Sutskever 2015, *An
            empirical exploration of recurrent network architectures*, recommend 1, as Gers et al.
            had a positive one. None draws it as the rest, around 0, so that f ≈ 1/2.

    Raises:
        ValueError: `forget_bias` is not finite, or there is no bias.
    """

    gates = 4
    parts = 2
    twin = nn.LSTM

    forget_bias: float | None = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        forget_bias: float | None = None,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        if forget_bias is not None and not (bias and math.isfinite(forget_bias)):
            raise ValueError(
                f"forget_bias must be finite, or None, as it must where bias=False; it is "
                f"{forget_bias} with bias={bias}"
            )
        super().__init__(
            input_size,
            hidden_size,
            num_layers=num_layers,
            bias=bias,
            dropout=dropout,
            bidirectional=bidirectional,
            generator=generator,
        )
        self.forget_bias = forget_bias
        self._set_forget_bias()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all anew, as in `Recurrent`; then set the forget gates' biases, if asked for."""
        super().reset_parameters(generator)
        self._set_forget_bias()

    def _set_forget_bias(self) -> None:
        if self.forget_bias is None:
            return
        forget = slice(self.hidden_size, 2 * self.hidden_size)  # the second block of rows
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith("bias_ih"):
                    parameter[forget] = self.forget_bias
                elif name.startswith("bias_hh"):
                    parameter[forget] = 0.0

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """`lstm_step`."""
        h, c = state
        return lstm_step(x, (h, c), weights)

    def kernel(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Torch's kernel."""
        return torch.lstm(*arguments)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        other = "" if self.forget_bias is None else f", forget_bias={self.forget_bias}"
        return super().extra_repr() + other
