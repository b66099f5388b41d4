"""Maxout: a unit that answers the largest of several linear functions, and so learns its shape."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear


class Maxout(nn.Module):
    """h_i = max_j z_ij, with z_ij = w_ij · x + b_ij for j = 1, ..., k.

    Source: Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, *Maxout networks*, section 3.
    A maximum of linear functions is convex and piecewise linear: with two pieces it can be the
    ReLU (the other piece is 0) or abs(x), with enough pieces any convex function, as nearly as you
    like. It takes k times the weights of a linear layer, and no activation function after it.

    Derivative: the weights of the piece that wins, w_ij; the others get no gradient. Where pieces
    tie, the first wins.

    The parameters are those of `linear`, a `Linear` with out_features · k outputs: unit i has the
    rows from i·k on.

    Args:
        in_features: the length of the inputs' last axis.
        out_features: the number of units, the length of the outputs' last axis.
        pieces: k, linear functions for each unit.
        bias: False leaves b out.
        generator: draws the first weights, as in `Linear`.

    Raises:
        ValueError: a size is below 1, or an input's last axis is not `in_features` long.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        pieces: int = 2,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, size in (("out_features", out_features), ("pieces", pieces)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        self.out_features = out_features
        self.pieces = pieces
        self.linear = Linear(in_features, out_features * pieces, bias=bias, generator=generator)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """All pieces of all units in one product, and the largest of each group."""
        z = self.linear(x).unflatten(-1, (self.out_features, self.pieces))  # (..., O, k)
        return z.max(dim=-1).values

    def explicit(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The same, with the winner named: it is the one piece that gets a gradient."""
        z = self.linear.explicit(x).unflatten(-1, (self.out_features, self.pieces))
        winner = z.argmax(dim=-1, keepdim=True)  # the j of the largest z_ij: (..., O, 1)
        return z.gather(-1, winner).squeeze(-1)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"pieces={self.pieces}"
