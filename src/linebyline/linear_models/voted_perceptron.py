"""Voted and averaged perceptrons: each weight vector of the run counts by how long it lasted."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from linebyline.linear_models.perceptron import MistakeLog, with_one


class VotedPerceptron(nn.Module):
    """Each weight vector of the run votes, with as many votes as the examples it survived.

    Source: Freund and Schapire (1999), figure 1: ``sign(sum_k c_k sign(v_k · x))``. The start, all
    zeros, abstains. A tie is answered with +1.

    Args:
        log: the mistakes of a perceptron with a bias.
    """

    weights: Float[Tensor, "voters features_plus_1"]
    votes: Float[Tensor, " voters"]

    def __init__(self, log: MistakeLog) -> None:
        super().__init__()
        self.register_buffer("weights", log.weights.clone())
        self.register_buffer("votes", log.survived.to(log.weights))

    def forward(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """+1 or -1 by the majority of votes."""
        opinions = (_with_bias(x, self.weights) @ self.weights.T).sign()  # (..., K + 1)
        return torch.where(opinions @ self.votes >= 0, 1, -1)


class AveragedPerceptron(nn.Module):
    """One weight vector: the mean of all that the run went through.

    Source: Freund and Schapire (1999), section 5 ("average"): ``sign(sum_k c_k v_k · x)``. As cheap
    to ask as a plain perceptron, where the vote costs one product for each mistake.

    Args:
        log: the mistakes of a perceptron with a bias.
    """

    weights: Float[Tensor, " features_plus_1"]

    def __init__(self, log: MistakeLog) -> None:
        super().__init__()
        share = log.survived.to(log.weights)
        self.register_buffer("weights", share @ log.weights / share.sum())

    def forward(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """+1 where the mean score is at least zero, else -1."""
        return torch.where(_with_bias(x, self.weights) @ self.weights >= 0, 1, -1)


def _with_bias(x: Tensor, weights: Tensor) -> Tensor:
    if x.shape[-1] != weights.shape[-1] - 1:
        raise ValueError(
            f"x has {x.shape[-1]} features; the log's weights are for "
            f"{weights.shape[-1] - 1} and a bias"
        )
    return with_one(x)
