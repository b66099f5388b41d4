"""Token embeddings: a row of a matrix for each id."""

import torch
from torch import nn


def embedding(
    rows: int, size: int, std: float, generator: torch.Generator | None = None
) -> nn.Embedding:
    """A row for each token, drawn from N(0, std²)."""
    layer = nn.Embedding.from_pretrained(torch.empty(rows, size), freeze=False)
    with torch.no_grad():
        layer.weight.normal_(0, std, generator=generator)
    return layer
