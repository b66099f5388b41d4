"""Fine-tuning: BERT with one new layer on top, all of it trained on a task with labels."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.dropout import Dropout
from linebyline.layers.linear import Linear
from linebyline.transformer.bert import BERT, Ids, Inside, start_small
from linebyline.transformer.bert_files import read_bert
from linebyline.transformer.published import fill


class BERTClassifier(nn.Module):
    """Logits W C + b of the classes of a text, or of two.

    Source: Devlin, Chang, Lee & Toutanova 2019, section 4.1. The paper writes C for the last h of
    [CLS]; the authors' code takes tanh(W h_0 + b), as here, and drops some of it in training.

    Args:
        bert: trained before, as a rule; it goes on learning unless it is frozen.
        num_classes: how many classes there are.
        dropout: the probability with which a feature of C is dropped.
        generator: draws W, from N(0, 0.02²).

    Raises:
        ValueError: `num_classes` is below 2, or `dropout` is not from 0 to below 1.
    """

    def __init__(
        self,
        bert: BERT,
        num_classes: int,
        *,
        dropout: float = 0.1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if num_classes < 2:
            raise ValueError(f"num_classes must be at least 2, not {num_classes}")
        self.bert = bert
        self.dropout = Dropout(dropout)
        size = bert.config.block.model_size
        self.classifier = Linear(size, num_classes, generator=generator)
        start_small(self.classifier, generator)

    def forward(
        self, ids: Ids, segments: Ids | None = None, mask: Inside | None = None
    ) -> Float[Tensor, "batch classes"]:
        """Arguments and errors are those of `BERT.forward`."""
        return self.classifier(self.dropout(self.bert(ids, segments, mask).pooled))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "BERTClassifier":
        """A BERT that was fine-tuned, from a folder in the published layout, in evaluation mode.

        Raises:
            FileNotFoundError: `config.json` or `model.safetensors` is missing.
            ValueError: the folder is of another architecture, or has no classifier; the message
                says what differs.
        """
        config, weights = read_bert(folder)
        rows = weights.get("classifier.weight")
        with torch.device("meta"):
            model = cls(BERT(config), 2 if rows is None else max(2, len(rows)))
        fill(model, weights, folder)
        return model.eval()
