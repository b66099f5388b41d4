"""The bridge: where the decoder begins, from where the encoder ended."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear
from linebyline.sequence.recurrent import Recurrent, State

First = Float[Tensor, "layers batch size"]


class Bridge(nn.Module):
    """The decoder's first state: the encoder's last one, or tanh(W s + b) of it.

    Where both networks have states of one size and the encoder reads in one direction, the state
    is handed on as it is, as in Sutskever, Vinyals & Le 2014, *Sequence to sequence learning with
    neural networks*, and nothing is learned. Otherwise each layer's goes through a matrix, as in
    Bahdanau, Cho & Bengio 2015, *Neural machine translation by jointly learning to align and
    translate*, section A.2.2; deviation: they take the state of the direction that reads from the
    end, and here s is that of both, side by side. An LSTM's h and c have matrices of their own.
    All layers share one.

    Args:
        encoder: the network that has read.
        decoder: the network that is to write.
        learned: True learns a matrix even where none is needed.
        generator: draws W and b, as in `Linear`.

    Raises:
        ValueError: the decoder reads in both directions, or the two differ in their number of
            layers or in what a state is made of.
    """

    def __init__(
        self,
        encoder: Recurrent,
        decoder: Recurrent,
        *,
        learned: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if decoder.bidirectional:
            raise ValueError(
                "decoder must read in one direction, for the other one has seen what is to be said"
            )
        for name in ("num_layers", "parts"):
            ours, theirs = getattr(decoder, name), getattr(encoder, name)
            if ours != theirs:
                raise ValueError(
                    f"decoder must have the encoder's {name}, {theirs}, not {ours}: each layer "
                    "begins where its like has ended"
                )
        self.directions = encoder.directions
        width = encoder.directions * encoder.hidden_size
        needed = learned or encoder.bidirectional or encoder.hidden_size != decoder.hidden_size
        self.maps = nn.ModuleList(
            Linear(width, decoder.hidden_size, generator=generator)
            for _ in range(decoder.parts if needed else 0)
        )

    def forward(self, state: State) -> First | tuple[First, First]:
        """From the encoder's last state, (layers · directions, batch, hidden), to (layers, batch,
        the decoder's hidden), or two of them.
        """
        if not self.maps:
            return state
        parts = (state,) if isinstance(state, Tensor) else state
        first = []
        for map_, part in zip(self.maps, parts, strict=True):
            sides = part.unflatten(0, (-1, self.directions))  # (layers, directions, B, H)
            first.append(torch.tanh(map_(sides.transpose(1, 2).flatten(2))))
        return first[0] if isinstance(state, Tensor) else (first[0], first[1])
