"""An LSTM that writes as much as it forgets: two of its gates become one."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from linebyline.sequence.lstm import LSTM


class CoupledRows(nn.Module):
    """The rows of an LSTM's weights or biases, with those of f, negated, in the place of i's.

    For 1 - σ(a) = σ(-a): an input gate with the forget gate's weights, all negated, is 1 - f.
    """

    def forward(self, rows: Float[Tensor, "four_hidden ..."]) -> Float[Tensor, "..."]:
        """The rows for i, f, g and o; those that i had are not looked at."""
        _, f, g, o = rows.chunk(4)
        return torch.cat([-f, f, g, o])


def couple_gates(lstm: LSTM) -> LSTM:
    """Make i = 1 - f in an LSTM, at every step, before training and in it: c = f c + (1 - f) g.

    Source: Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, *LSTM: a search space
    odyssey*, whose variant "coupled input and forget gate" is this (there with peepholes, too), and
    who note that it is the GRU's way.

    Each weight and bias gets a parametrization (`torch.nn.utils.parametrize`): what is trained
    keeps its shape, and the rows of i in it get no gradient any more. It is still the fused kernel
    that computes. A forget bias stays, and is the input gate's with the other sign.

    Args:
        lstm: is changed in place.

    Returns:
        The same.

    Raises:
        ValueError: its gates are coupled already.
    """
    names = [name for name, _ in lstm.named_parameters()]
    if any(name.startswith("parametrizations.") for name in names):
        raise ValueError("lstm has weights that are made of others: are its gates coupled already?")
    for name in names:
        parametrize.register_parametrization(lstm, name, CoupledRows())
    return lstm
