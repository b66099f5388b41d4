"""k-nearest neighbours: features judged by the company they keep, with nothing to be learned."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.self_supervised.features import check_labelled


class KNN(nn.Module):
    """The share of each class among the k most similar examples, the more similar counting more.

    Source: Wu, Xiong, Yu & Lin 2018, *Unsupervised feature learning via non-parametric instance
    discrimination*, section 3.4: with s_i the cosine of the new features and those of example i,
    the class c has the weight

        w_c = Σ_{i ∈ N_k} exp(s_i / τ) [c_i = c],

    N_k being the k examples with the largest s_i. Deviation: the weights are divided by their sum,
    so that they are shares; which is the largest stays the same. τ = ∞ is a plain vote.

    Args:
        features: of the examples whose labels are known.
        labels: their classes, from 0 on.
        k: how many are asked. (The paper asks 200 of 1.28 million.)
        temperature: τ.

    Raises:
        ValueError: features and labels differ in number, or are none; a label is below 0; `k` is
            not from 1 to the number of examples; `temperature` is not above 0; or new features
            have another size.
    """

    features: Tensor
    labels: Tensor

    def __init__(
        self,
        features: Float[Tensor, "examples features"],
        labels: Int[Tensor, " examples"],
        *,
        k: int = 20,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        self.classes = check_labelled(features, labels)
        if not 1 <= k <= len(labels):
            raise ValueError(f"k must be from 1 to {len(labels)}, the examples, not {k}")
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0, not {temperature}")
        self.register_buffer("features", functional.normalize(features.detach(), dim=1))
        self.register_buffer("labels", labels.long())
        self.k = k
        self.temperature = temperature

    def forward(
        self, features: Float[Tensor, "queries features"]
    ) -> Float[Tensor, "queries classes"]:
        """Shares of the classes. All cosines, (queries, examples), lie in memory at once."""
        s, neighbours = self._nearest(features)  # (Q, k)
        shares = torch.softmax(s / self.temperature, dim=1)  # α_i / Σ α
        votes = shares.new_zeros(len(features), self.classes)
        classes = self.labels[neighbours]  # c_i
        return votes.scatter_add(1, classes, shares)  # Σ α_i [c_i = c]

    def explicit(
        self, features: Float[Tensor, "queries features"]
    ) -> Float[Tensor, "queries classes"]:
        """The same, class by class."""
        s, neighbours = self._nearest(features)
        alpha = (s / self.temperature).exp()
        classes = self.labels[neighbours]  # c_i
        of_class = [classes == c for c in range(self.classes)]  # [c_i = c]
        w = torch.stack([(alpha * these).sum(1) for these in of_class], dim=1)  # w_c
        return w / w.sum(1, keepdim=True)

    def _nearest(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The k largest cosines of each query, and whose they are."""
        if features.ndim != 2 or features.shape[1] != self.features.shape[1]:
            raise ValueError(
                f"features must be rows of {self.features.shape[1]}, but the shape is "
                f"{tuple(features.shape)}"
            )
        cosines = functional.normalize(features, dim=1) @ self.features.T
        return cosines.topk(self.k, dim=1)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        examples, size = self.features.shape
        return (
            f"{examples} examples of {size} features, {self.classes} classes, k={self.k}, "
            f"temperature={self.temperature}"
        )
