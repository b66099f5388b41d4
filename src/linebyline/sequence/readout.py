"""The readout: a linear layer on a recurrent network, at the last step or at every step."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from linebyline.layers.linear import Linear
from linebyline.sequence.recurrent import Recurrent


class Readout(nn.Module):
    """y = V h_T + c, or with `every` y_t = V h_t + c at each step t, V the same at all of them.

    Source: Elman 1990, *Finding structure in time*, whose output units read the hidden units.
    After the last step alone it is many-to-one (classify a sequence), at every step many-to-many
    (tag each step, or foretell the next).

    What is read is the top layer. With two directions both h stand side by side; after the last
    step these are *both ends*: the forward state behind the last step, and the backward state
    behind the first, for each has then seen the whole sequence. The backward output *at* the last
    step, which `outputs[:, -1]` holds, has seen one.

    Args:
        recurrent: an `RNN`, `LSTM` or `GRU`; it is trained with the readout.
        outputs: how many numbers there are: scores, one for each class, or values.
        every: True reads every step. The outputs stand before the time, (batch, outputs, time), so
            that `cross_entropy` takes them with targets of shape (batch, time).
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: `outputs` is below 1; x has another shape than `recurrent` reads.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        outputs: int,
        *,
        every: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if outputs < 1:
            raise ValueError(f"outputs must be at least 1, not {outputs}")
        self.recurrent = recurrent
        self.every = every
        width = recurrent.directions * recurrent.hidden_size
        self.linear = Linear(width, outputs, generator=generator)

    def forward(
        self, x: Float[Tensor, "batch time inputs"], *, lengths: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch outputs *time"]:
        """The scores; `lengths` are those of `Recurrent`, and behind an end the outputs are c."""
        h, state = self.recurrent(x, lengths=lengths)
        if self.every:
            return self.linear(h).transpose(1, 2)  # (B, outputs, T)
        last = state if isinstance(state, Tensor) else state[0]  # an LSTM's is (h_T, c_T)
        ends = last[-self.recurrent.directions :]  # of the top layer, (directions, B, H)
        return self.linear(ends.transpose(0, 1).flatten(1))
