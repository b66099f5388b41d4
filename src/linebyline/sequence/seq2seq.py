"""Sequence to sequence: an encoder that reads, and a decoder that writes."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.token_pairs import PADDING
from linebyline.sequence.bridge import Bridge
from linebyline.sequence.decoder import Decoder, DecoderState, Written
from linebyline.sequence.encoder import Encoder
from linebyline.sequence.scheduled_sampling import scheduled_sampling


class Seq2Seq(nn.Module):
    """P(y given x), the source x read by one network and y written by another.

    Sources: Sutskever, Vinyals & Le 2014, *Sequence to sequence learning with neural networks*, and
    Cho et al. 2014, *Learning phrase representations using RNN encoder-decoder for statistical
    machine translation*; with attention Bahdanau, Cho & Bengio 2015 and Luong, Pham & Manning 2015.
    Which of them it is, the decoder says.

    `forward` takes what `linebyline.data.token_pairs.token_pairs` makes: source and what the
    decoder reads, one above the other in one tensor, for `fit` hands over one. Columns that are
    padding in all of the batch are left out of the computation, and their logits are 0. The loss is
    `CrossEntropy(ignore_index=PADDING)`: the mean over all tokens of a batch, so a long sentence
    counts more than a short one, and pieces of a batch (`accumulation`) not exactly alike.

    `begin` and `step` are for `linebyline.decoding`: after `state = model.begin(source)`, call
    `greedy(model.step, first, state, ...)` or `beam_search`, first being `BEGIN` for each source.

    Args:
        encoder: what reads.
        decoder: what writes.
        truth: ε, the probability with which the decoder reads the true token in training, and not
            its own: 1 is teacher forcing, below it see `scheduled_sampling`. An attribute, to be
            changed as training goes on; in evaluation it counts as 1.
        learned_bridge: True learns a matrix between the two even where their states fit.
        generator: draws what is between the two.

    Raises:
        ValueError: as `Bridge`, `Encoder` and `Decoder`; the inputs are not (batch, 2, time); or
            `truth` is not from 0 to 1.
    """

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        *,
        truth: float = 1.0,
        learned_bridge: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.bridge = Bridge(
            encoder.recurrent, decoder.recurrent, learned=learned_bridge, generator=generator
        )
        self.truth = truth

    def forward(
        self, inputs: Int[Tensor, "batch 2 time"]
    ) -> Float[Tensor, "batch vocabulary time"]:
        """The logits of each next token."""
        if inputs.ndim != 3 or inputs.shape[1] != 2:
            raise ValueError(
                "inputs must be (batch, 2, time), the sources and what the decoder reads, but "
                f"their shape is {tuple(inputs.shape)}"
            )
        if not 0 <= self.truth <= 1:
            raise ValueError(f"truth must be from 0 to 1, not {self.truth}")
        time = inputs.shape[2]
        source, tokens = (trimmed(part) for part in inputs.unbind(1))
        state = self.begin(source)
        if self.training and self.truth < 1:
            logits = scheduled_sampling(self.decoder, tokens, state, self.truth).logits
        else:
            logits = self.decoder(tokens, state).logits
        return functional.pad(logits, (0, time - logits.shape[2]))

    def begin(self, source: Int[Tensor, "batch source"]) -> DecoderState:
        """Read the sources; the state before the first token of their translations."""
        encoded = self.encoder(source)
        return self.decoder.begin(encoded, self.bridge(encoded.state))

    def step(
        self, token: Int[Tensor, " batch"], state: DecoderState
    ) -> tuple[Float[Tensor, "batch vocabulary"], DecoderState]:
        """From the last token and the state before it to the next one's logits."""
        return self.decoder.step(token, state)

    def write(
        self, source: Int[Tensor, "batch source"], tokens: Int[Tensor, "batch time"]
    ) -> Written:
        """Logits and attention weights for translations that are known: row t of the weights is
        where the decoder looked when it had read tokens[:, t], to say the next one.
        """
        return self.decoder(tokens, self.begin(source))


def trimmed(ids: Int[Tensor, "batch time"]) -> Int[Tensor, "batch used"]:
    """Without the last columns, where these are padding in all rows; one column stays."""
    used = (ids != PADDING).any(0).nonzero()
    return ids[:, : int(used.max()) + 1] if len(used) else ids[:, :1]
