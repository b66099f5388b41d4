"""How BERT learns without labels: words that are hidden, and whether two texts belong together."""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.masked_tokens import NO_TARGET
from linebyline.layers.layer_norm import LayerNorm
from linebyline.layers.linear import Linear
from linebyline.layers.self_gated import GELU
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.transformer.bert import BERT, Ids, Inside, start_small
from linebyline.transformer.bert_files import read_bert
from linebyline.transformer.published import fill

Targets = Int[Tensor, "batch time"]


class PretrainingLogits(NamedTuple):
    """Both answers."""

    words: Float[Tensor, "batch vocabulary time"]
    """Which word stands here? As `cross_entropy` takes them, the classes on axis 1."""

    follows: Float[Tensor, "batch 2"]
    """Does the second text follow the first? 0: it does, 1: it does not."""


class WordsHead(nn.Module):
    """The logits E LayerNorm(GELU(W h_t + b)) + c of the words at each place.

    Source: Devlin, Chang, Lee & Toutanova 2019, section 3.1, "masked LM"; the layer before the
    logits is in Google's code only. E are the rows that the model reads by, given at each call.

    Args:
        size: of h_t.
        vocab_size: how many words there are.
        eps: ε of the normalization.
        generator: draws W.
    """

    def __init__(
        self,
        size: int,
        vocab_size: int,
        *,
        eps: float = 1e-12,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.hidden = Linear(size, size, generator=generator)
        self.activation = GELU()
        self.norm = LayerNorm(size, eps=eps)
        self.bias = nn.Parameter(torch.zeros(vocab_size))  # c

    def forward(
        self,
        h: Float[Tensor, "batch time size"],
        rows: Float[Tensor, "vocabulary size"],
    ) -> Float[Tensor, "batch vocabulary time"]:
        """The logits of all words at all places."""
        z = self.norm(self.activation(self.hidden(h)))
        return functional.linear(z, rows, self.bias).transpose(1, 2)


class BERTPretraining(nn.Module):
    """BERT with the two heads by which it learns.

    Source: Devlin, Chang, Lee & Toutanova 2019, section 3.1: the masked words are told from h_t,
    and whether the second text follows from C, by one linear layer. Its loss is `pretraining_loss`.

    Args:
        bert: what learns; the heads are as wide as it is.
        generator: draws the heads' first weights, from N(0, 0.02²).
    """

    def __init__(self, bert: BERT, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        config, size = bert.config, bert.config.block.model_size
        self.bert = bert
        eps = config.block.eps
        self.words = WordsHead(size, config.vocab_size, eps=eps, generator=generator)
        self.follows = Linear(size, 2, generator=generator)
        start_small(self.words, generator)
        start_small(self.follows, generator)

    def forward(
        self, ids: Ids, segments: Ids | None = None, mask: Inside | None = None
    ) -> PretrainingLogits:
        """Arguments and errors are those of `BERT.forward`."""
        h, pooled = self.bert(ids, segments, mask)
        words = self.words(h, self.bert.token.weight)  # (B, V, T)
        return PretrainingLogits(words, self.follows(pooled))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "BERTPretraining":
        """BERT and both heads from a folder in the published layout, in evaluation mode.

        Raises:
            FileNotFoundError: `config.json` or `model.safetensors` is missing.
            ValueError: the folder is of another architecture, or has not both heads; the message
                says what differs.
        """
        config, weights = read_bert(folder)
        with torch.device("meta"):
            model = cls(BERT(config))
        fill(model, weights, folder)
        return model.eval()


def pretraining_targets(words: Targets, follows: Bool[Tensor, " batch"]) -> Targets:
    """The targets of both tasks in one tensor, as `fit` takes it.

    At the first place stands [CLS], which is never hidden, and by whose vector the second task is
    answered: there the target is 0 where the second text follows, and 1 where it does not.

    Args:
        words: of `linebyline.data.masked_tokens.mask_tokens`.
        follows: of `linebyline.data.sentence_pairs.pair_batch`.

    Raises:
        ValueError: the two are of different lengths, or a word is asked for at the first place.
    """
    if words.ndim != 2 or follows.shape != words.shape[:1]:
        raise ValueError(
            f"follows must have one answer for each row of words, {tuple(words.shape)}, but its "
            f"shape is {tuple(follows.shape)}"
        )
    if (words[:, 0] != NO_TARGET).any():
        raise ValueError("words must ask for nothing at the first place, which is [CLS]")
    return torch.cat([(~follows).to(words)[:, None], words[:, 1:]], dim=1)


def pretraining_loss(
    logits: PretrainingLogits,
    targets: Targets,
) -> Float[Tensor, ""]:
    """The mean cross-entropy of the hidden words, and that of the second task, added.

    Source: Devlin, Chang, Lee & Toutanova 2019, appendix A.2. The first is a mean over all hidden
    words of the batch.

    Args:
        logits: of `BERTPretraining`.
        targets: of `pretraining_targets`.

    Raises:
        ValueError: as `cross_entropy`.
    """
    follows, words = targets[:, 0], targets[:, 1:]
    loss = cross_entropy(logits.words[:, :, 1:], words, ignore_index=NO_TARGET)
    return loss + cross_entropy(logits.follows, follows)
