"""The encoder: a source text as vectors, one for each token, and one for all."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from linebyline.data.token_pairs import PADDING
from linebyline.layers.token_ids import check_ids
from linebyline.sequence.recurrent import Recurrent, State

Source = Int[Tensor, "batch source"]


class Encoded(NamedTuple):
    """What is known of a source when it has been read."""

    outputs: Float[Tensor, "batch source width"]
    """h_j, one for each token, both directions side by side; 0 behind the end."""

    context: Float[Tensor, "batch width"]
    """c, one vector for the whole: the h of the top layer where the reading ended, of both
    directions if there are two."""

    state: State
    """All the states where the reading ended, as `Recurrent` gives them."""

    inside: Bool[Tensor, "batch source"]
    """True where there is a token."""


class Encoder(nn.Module):
    """h_j = step(E[x_j], h_{j-1}), and where the source ends, c.

    Sources: Sutskever, Vinyals & Le 2014, *Sequence to sequence learning with neural networks*,
    section 2, and Cho et al. 2014, *Learning phrase representations using RNN encoder-decoder for
    statistical machine translation*, section 2.2, who keep the end of the reading; Bahdanau, Cho &
    Bengio 2015, *Neural machine translation by jointly learning to align and translate*, section
    3.2, who keep an h for each word, of a network that reads in both directions.

    A source ends where its padding begins: what stands there changes nothing, and sources of
    different lengths can be in one batch.

    Args:
        recurrent: an `RNN`, `LSTM` or `GRU`; its `input_size` is the length of a row of E.
        vocab_size: how many tokens there are.
        backwards: True reads the last token first. Sutskever et al., section 3.3: so the first
            words of a source are near to the first ones of its translation. `outputs` stand in the
            order of the source all the same.
        generator: draws E from the normal distribution; without one torch's global generator does.

    Raises:
        ValueError: `vocab_size` is below 1; the source has another shape; or, on a CPU, it has an
            id that is out of range, no token, or padding before one.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        vocab_size: int,
        *,
        backwards: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if vocab_size < 1:
            raise ValueError(f"vocab_size must be at least 1, not {vocab_size}")
        rows = torch.randn(vocab_size, recurrent.input_size, generator=generator)
        self.embedding = nn.Embedding.from_pretrained(rows, freeze=False)  # E
        self.recurrent = recurrent
        self.backwards = backwards
        self.width = recurrent.directions * recurrent.hidden_size

    def forward(self, source: Source) -> Encoded:
        """One call of the fused kernel for all steps."""
        check_ids("source", source, len(self.embedding.weight))
        inside = source != PADDING
        lengths = inside.sum(1)
        if source.device.type == "cpu":
            _check_lengths(source, lengths)
        read = turned(source, lengths) if self.backwards else source
        h, state = self.recurrent(self.embedding(read), lengths=lengths)  # (B, S, width)
        last = state if isinstance(state, Tensor) else state[0]  # an LSTM's is (h, c)
        ends = last[-self.recurrent.directions :]  # (directions, B, H)
        context = ends.transpose(0, 1).flatten(1)
        return Encoded(turned(h, lengths) if self.backwards else h, context, state, inside)


def turned(x: Tensor, lengths: Int[Tensor, " batch"]) -> Tensor:
    """Each sequence from its last step to its first; what follows behind its end stays there.

    Args:
        x: (batch, time, ...).
        lengths: of the sequences.
    """
    time = torch.arange(x.shape[1], device=x.device)
    order = torch.where(time < lengths[:, None], lengths[:, None] - 1 - time, time)  # (B, T)
    return x[torch.arange(len(x), device=x.device)[:, None], order]


def _check_lengths(source: Tensor, lengths: Tensor) -> None:
    empty = (lengths == 0).nonzero()
    if len(empty) > 0:
        raise ValueError(
            f"source must have a token in each row, but row {empty[0].item()} is empty"
        )
    time = torch.arange(source.shape[1])
    wrong = ((time < lengths[:, None]) & (source == PADDING)).any(1).nonzero()
    if len(wrong) > 0:
        raise ValueError(
            f"source must have its padding, {PADDING}, behind all tokens, but row "
            f"{wrong[0].item()} has it before one"
        )
