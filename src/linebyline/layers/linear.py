"""The linear layer: every output is a weighted sum of all inputs, plus a bias."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Linear(nn.Module):
    """An affine map of the last axis, y = W x + b.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 6.1.

    Parameters are laid out as in `torch.nn.Linear`, so either loads the other's `state_dict`:
    `weight` is W, of shape (out_features, in_features), one row for each output; `bias` is b, of
    shape (out_features,), or None.

    Both start uniform on [-1/√n, 1/√n], n = in_features, as in torch (which says
    `kaiming_uniform_(a=√5)` for W; that works out to this interval). Why 1/√n: a uniform variable
    on [-a, a] has the variance a²/3, so each weight has 1/(3n), and the sum of n of them times
    inputs of unit variance has the variance 1/3, however wide the layer is. LeCun, Bottou, Orr &
    Müller 1998, *Efficient BackProp*, section 4.6, ask for 1 instead of 1/3.

    Args:
        in_features: n, the length of the inputs' last axis.
        out_features: the length of the outputs' last axis.
        bias: False leaves b out.
        generator: draws the first weights; without one torch's global generator does, as for
            `torch.nn.Linear`.

    Raises:
        ValueError: a size is below 1, or an input's last axis is not `in_features` long.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, size in (("in_features", in_features), ("out_features", out_features)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        self.in_features = in_features
        self.out_features = out_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw W and b anew; W first, so that a seed gives what it gives `torch.nn.Linear`."""
        bound = 1 / math.sqrt(self.in_features)
        with torch.no_grad():
            self.weight.uniform_(-bound, bound, generator=generator)
            if self.bias is not None:
                self.bias.uniform_(-bound, bound, generator=generator)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """One call of the fused kernel: product and bias together."""
        self._check(x)
        return functional.linear(x, self.weight, self.bias)

    def explicit(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The same, written out: y_o = Σ_i W_oi x_i + b_o."""
        self._check(x)
        # A kernel adds the products up as it goes; here all of them lie in memory at once.
        products = self.weight * x.unsqueeze(-2)  # W_oi x_i: (O, I) * (..., 1, I) -> (..., O, I)
        y = products.sum(dim=-1)  # Σ_i: (..., O)
        return y if self.bias is None else y + self.bias

    def _check(self, x: Tensor) -> None:
        if x.shape[-1] == self.in_features:
            return
        message = (
            f"x must have {self.in_features} features on its last axis, "
            f"but its shape is {tuple(x.shape)}"
        )
        if x.ndim > 2 and x.shape[1:].numel() == self.in_features:  # images, most likely
            message += "; x.flatten(1) makes one row of each example"
        raise ValueError(message)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        sizes = f"{self.in_features}, {self.out_features}"
        return sizes if self.bias is not None else f"{sizes}, bias=False"
