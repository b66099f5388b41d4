"""The simple recurrent network: what it sees now, mixed with what it thought a step ago."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.sequence.recurrent import Recurrent, Weights

NONLINEARITIES = ("tanh", "relu")
"""What φ may be."""


def rnn_step(
    x: Float[Tensor, "batch inputs"],
    h: Float[Tensor, "batch hidden"],
    weights: Weights,
    *,
    nonlinearity: str = "tanh",
) -> Float[Tensor, "batch hidden"]:
    """h_t = φ(W x_t + b + U h_{t-1} + b').

    Source: Elman 1990, *Finding structure in time*, whose context units hold h_{t-1}. Deviations:
    φ is the hyperbolic tangent instead of the logistic function, or the ReLU; and Elman's error
    goes back one step, where here autograd follows it through all of them.

    b' is superfluous beside b; torch keeps both, as the kernels of cuDNN do.

    Args:
        x: x_t.
        h: h_{t-1}.
        weights: W of shape (H, inputs), U of shape (H, H), b and b' of shape (H,) or None.
        nonlinearity: φ, one of `NONLINEARITIES`.

    Returns:
        h_t.
    """
    W, U, b, b_h = weights
    a = functional.linear(x, W, b) + functional.linear(h, U, b_h)  # (B, H)
    return torch.tanh(a) if nonlinearity == "tanh" else torch.relu(a)


class RNN(Recurrent):
    """`rnn_step`, repeated. Arguments, shapes and errors are those of `Recurrent`, and

    Args:
        nonlinearity: φ, "tanh" or "relu".

    Raises:
        ValueError: `nonlinearity` is neither.
    """

    gates = 1
    twin = nn.RNN

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        nonlinearity: str = "tanh",
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(
                f"nonlinearity must be {' or '.join(map(repr, NONLINEARITIES))}, "
                f"not {nonlinearity!r}"
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
        self.nonlinearity = nonlinearity

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """`rnn_step`, with the state as a tuple of one."""
        (h,) = state
        return (rnn_step(x, h, weights, nonlinearity=self.nonlinearity),)

    def kernel(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Torch's kernel for φ."""
        fused = torch.rnn_tanh if self.nonlinearity == "tanh" else torch.rnn_relu
        return fused(*arguments)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity!r}"
        return super().extra_repr() + other
