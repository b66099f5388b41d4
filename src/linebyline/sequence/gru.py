"""The gated recurrent unit: one gate decides what is kept, another what is looked at."""

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.sequence.recurrent import Recurrent, Weights

RESETS = ("after", "before")
"""Where the reset gate may stand: after the product U h, as in torch, or before it."""


class Inside(NamedTuple):
    """What a step computes on its way to h_t, each of shape (batch, hidden)."""

    reset: Float[Tensor, "batch hidden"]
    update: Float[Tensor, "batch hidden"]
    candidate: Float[Tensor, "batch hidden"]


def gru_inside(
    x: Float[Tensor, "batch inputs"],
    h: Float[Tensor, "batch hidden"],
    weights: Weights,
    *,
    reset: str = "after",
) -> Inside:
    """r_t, z_t and h̃_t; arguments as for `gru_step`."""
    W, U, b, b_h = weights
    x_r, x_z, x_n = functional.linear(x, W, b).chunk(3, dim=-1)  # each (B, H)
    h_r, h_z, h_n = functional.linear(h, U, b_h).chunk(3, dim=-1)
    r = torch.sigmoid(x_r + h_r)  # reset gate: what is looked at
    z = torch.sigmoid(x_z + h_z)  # update gate: what is kept
    if reset == "after":
        looked_at = r * h_n
    else:  # the paper's order: a second product, which has to wait for r
        U_n, b_n = U.chunk(3)[2], None if b_h is None else b_h.chunk(3)[2]
        looked_at = functional.linear(r * h, U_n, b_n)
    return Inside(r, z, torch.tanh(x_n + looked_at))


def gru_step(
    x: Float[Tensor, "batch inputs"],
    h: Float[Tensor, "batch hidden"],
    weights: Weights,
    *,
    reset: str = "after",
) -> Float[Tensor, "batch hidden"]:
    """h_t = z_t h_{t-1} + (1 - z_t) h̃_t, where h̃_t has seen h_{t-1} through the gate r_t.

    Source: Cho et al. 2014, *Learning phrase representations using RNN encoder-decoder for
    statistical machine translation*, section 2.3, equations 5 to 8. The paper resets the state and
    then multiplies, U (r h_{t-1}), which is `reset="before"`. Deviations: torch, as cuDNN, has r
    after the product, r (U h_{t-1} + b'), so that one product serves all three blocks; that is
    `reset="after"`. And there are biases. (Chung et al. 2014, *Empirical evaluation of gated
    recurrent neural networks on sequence modeling*, write 1 - z for z.)

    Args:
        x: x_t.
        h: h_{t-1}.
        weights: W of shape (3H, inputs), U of shape (3H, H), b and b' of shape (3H,) or None, each
            with H rows for r, then z and h̃.
        reset: "after" or "before" the product with U.

    Returns:
        h_t.
    """
    _, z, new = gru_inside(x, h, weights, reset=reset)
    return z * h + (1 - z) * new


class GRU(Recurrent):
    """`gru_step`, repeated. Arguments, shapes and errors are those of `Recurrent`, and

    Args:
        reset: where the reset gate stands, "after" the product with U, as in torch, or "before" it,
            as in the paper. Torch has no kernel for the latter: `forward` is `explicit` then.
        update_bias: what the bias of the update gates starts at, in sum of b and b', so that
            z ≈ σ(update_bias); log(τ - 1) makes the state an average over some τ steps. The rest
            starts as ever. Tallec & Ollivier 2018, *Can recurrent neural networks warp time?*, draw
            τ at random up to the longest lag that is expected. None draws it as the rest, around 0,
            so that z ≈ 1/2.

    Raises:
        ValueError: `reset` is neither; `update_bias` is not finite, or there is no bias.
    """

    gates = 3
    twin = nn.GRU

    update_bias: float | None = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        reset: str = "after",
        update_bias: float | None = None,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        if reset not in RESETS:
            raise ValueError(f"reset must be {' or '.join(map(repr, RESETS))}, not {reset!r}")
        if update_bias is not None and not (bias and math.isfinite(update_bias)):
            raise ValueError(
                f"update_bias must be finite, or None, as it must where bias=False; it is "
                f"{update_bias} with bias={bias}"
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
        self.reset = reset
        self.update_bias = update_bias
        self._set_update_bias()

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all anew, as in `Recurrent`; then set the update gates' biases, if asked for."""
        super().reset_parameters(generator)
        self._set_update_bias()

    def _set_update_bias(self) -> None:
        if self.update_bias is None:
            return
        update = slice(self.hidden_size, 2 * self.hidden_size)  # the second block of rows
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if name.startswith("bias_ih"):
                    parameter[update] = self.update_bias
                elif name.startswith("bias_hh"):
                    parameter[update] = 0.0

    def forward(self, x: Tensor, *arguments: Any, **options: Any) -> Any:
        """One call of the fused kernel, or `explicit` where the reset gate stands before."""
        path = super().forward if self.reset == "after" else self.explicit
        return path(x, *arguments, **options)

    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """`gru_step`, with the state as a tuple of one."""
        (h,) = state
        return (gru_step(x, h, weights, reset=self.reset),)

    @torch.no_grad()
    def watch(self, x: Float[Tensor, "batch time inputs"]) -> Inside:
        """The gates and candidates of the first layer, forwards, from zeros: (batch, time, H) each.

        Its states are what `forward` answers with, where there is one layer and one direction.
        """
        h, weights = x.new_zeros(len(x), self.hidden_size), self.weights(0)
        every = []
        for x_t in x.unbind(1):
            inside = gru_inside(x_t, h, weights, reset=self.reset)
            h = inside.update * h + (1 - inside.update) * inside.candidate
            every.append(inside)
        return Inside(*(torch.stack(part, dim=1) for part in zip(*every, strict=True)))

    def kernel(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Torch's kernel."""
        return torch.gru(*arguments)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        usual = {"reset": "after", "update_bias": None}
        values = {name: getattr(self, name) for name in usual}
        others = [f"{name}={value!r}" for name, value in values.items() if value != usual[name]]
        return ", ".join([super().extra_repr(), *others])
