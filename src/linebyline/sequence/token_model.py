"""A recurrent language model: what it has read, in one state; what comes next, in one softmax."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from linebyline.layers.linear import Linear
from linebyline.layers.token_ids import check_ids
from linebyline.sequence.recurrent import Recurrent

Logits = Float[Tensor, "batch vocabulary time"]


class TokenModel(nn.Module):
    """P(x_{t+1} | x_1, ..., x_t) = softmax(W h_t + b), where h_t = step(E[x_t], h_{t-1}).

    Sources: Mikolov, Karafiát, Burget, Černocký & Khudanpur 2010, *Recurrent neural network based
    language model*, section 2, for words; Sutskever, Martens & Hinton 2011, *Generating text with
    recurrent neural networks*, for characters. Deviations: the recurrent network is given, so that
    it may be any; and a token enters as a row of E, where they use the one-hot vector, which the
    first weight matrix would turn into one of its columns.

    `forward` takes a batch of texts, (batch, time), each from its beginning, and answers with the
    logits of the *next* token at every step, (batch, vocabulary, time), as `cross_entropy` takes
    them: `windows` makes inputs and targets that fit. `step` is the same token by token, as
    `linebyline.decoding.generate.Step` asks.

    Args:
        recurrent: an `RNN`, `LSTM` or `GRU`, in one direction, for who reads from the end has seen
            what is to be predicted. Its `input_size` is the length of a row of E.
        vocab_size: how many tokens there are.
        generator: draws E from the normal distribution, then W and b as `Linear` does; without one
            torch's global generator does.

    Raises:
        ValueError: `vocab_size` is below 1, `recurrent` reads in both directions; ids have another
            shape, no text or no step; or, on a CPU, an id is out of range. (On a GPU to look would
            be to wait, and torch's kernel refuses it in words of its own.)
    """

    def __init__(
        self,
        recurrent: Recurrent,
        vocab_size: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if vocab_size < 1:
            raise ValueError(f"vocab_size must be at least 1, not {vocab_size}")
        if recurrent.bidirectional:
            raise ValueError(
                "recurrent must read in one direction, for the other one has seen the next token"
            )
        self.vocab_size = vocab_size
        rows = torch.randn(vocab_size, recurrent.input_size, generator=generator)
        self.embedding = nn.Embedding.from_pretrained(rows, freeze=False)  # E
        self.recurrent = recurrent
        self.output = Linear(recurrent.hidden_size, vocab_size, generator=generator)

    def forward(self, ids: Int[Tensor, "batch time"]) -> Logits:
        """The logits of each next token; nothing stands before the first."""
        return self.continue_from(None, ids)[0]

    def continue_from(self, state: Any, ids: Int[Tensor, "batch time"]) -> tuple[Logits, Any]:
        """The same, going on from the state behind what was read before; and the new state."""
        check_ids("ids", ids, self.vocab_size)
        h, state = self.recurrent(self.embedding(ids), state)  # (B, T, H)
        return self.output(h).transpose(1, 2), state  # (B, V, T)

    def step(
        self, token: Int[Tensor, " batch"], state: Any
    ) -> tuple[Float[Tensor, "batch vocabulary"], Any]:
        """From the last token of each text, and the state before it, to the next one's logits."""
        logits, state = self.continue_from(state, token[:, None])
        return logits[:, :, 0], state
