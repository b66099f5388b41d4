"""A model of ids, segments and mask as the training loop calls it: with one tensor."""

import torch
from jaxtyping import Int
from torch import Tensor, nn

from linebyline.transformer.bert import Ids, Inside


class Stacked(nn.Module):
    """A model that is given three tensors as one, (batch, 3, time).

    `fit` shuffles, cuts and moves one tensor of inputs, so the three stand one above the other.

    Args:
        model: a `linebyline.transformer.bert_pretraining.BERTPretraining`, or a
            `linebyline.transformer.bert_classifier.BERTClassifier`.

    Raises:
        ValueError: the tensor is not (batch, 3, time).
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Int[Tensor, "batch parts time"]) -> object:
        """What the model answers."""
        if inputs.ndim != 3 or inputs.shape[1] != 3:
            raise ValueError(
                "inputs must be (batch, 3, time), of ids, segments and mask, but its shape is "
                f"{tuple(inputs.shape)}"
            )
        ids, segments, mask = inputs.unbind(1)
        return self.model(ids, segments, mask.bool())


def stacked(ids: Ids, segments: Ids, mask: Inside) -> Int[Tensor, "batch parts time"]:
    """The three above each other, as `Stacked` takes them; of the mask 1 is True."""
    return torch.stack([ids, segments, mask.to(ids)], dim=1)
