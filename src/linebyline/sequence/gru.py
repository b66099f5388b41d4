"""The gated recurrent unit: one gate decides what is kept, another what is looked at."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.sequence.recurrent import Recurrent, Weights


def gru_step(
    x: Float[Tensor, "batch inputs"], h: Float[Tensor, "batch hidden"], weights: Weights
) -> Float[Tensor, "batch hidden"]:
    """h_t = z_t h_{t-1} + (1 - z_t) h̃_t, where h̃_t has seen h_{t-1} through the gate r_t.

    Source: Cho et al. 2014, *Learning phrase representations using RNN encoder-decoder for
    statistical machine translation*, section 2.3, equations 5 to 8. Deviation, torch's and
    cuDNN's: the paper resets the state and then multiplies, U (r h_{t-1}), and here r stands
    before the product, r (U h_{t-1} + b'), so that one product serves all three. And there are
    biases. (Chung et al. 2014, *Empirical evaluation of gated recurrent neural networks on sequence
    modeling*, write 1 - z for z.)

    Args:
        x: x_t.
        h: h_{t-1}.
        weights: W of shape (3H, inputs), U of shape (3H, H), b and b' of shape (3H,) or None, each
            with H rows for r, then z and h̃.

    Returns:
        h_t.
    """
    W, U, b, b_h = weights
    x_r, x_z, x_n = functional.linear(x, W, b).chunk(3, dim=-1)  # each (B, H)
    h_r, h_z, h_n = functional.linear(h, U, b_h).chunk(3, dim=-1)
    r = torch.sigmoid(x_r + h_r)  # reset gate: what is looked at
    z = torch.sigmoid(x_z + h_z)  # update gate: what is kept
    new = torch.tanh(x_n + r * h_n)  # h̃: what could take its place
    return z * h + (1 - z) * new


class GRU(Recurrent):
    """`gru_step`, repeated. Arguments, shapes and errors are those of `Recurrent`."""

    gates = 3
    twin = nn.GRU

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """`gru_step`, with the state as a tuple of one."""
        (h,) = state
        return (gru_step(x, h, weights),)

    def kernel(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Torch's kernel."""
        return torch.gru(*arguments)
