"""Skip-gram with negative sampling: a word's vector tells its neighbours from words at random."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

Pairs = Int[Tensor, "pairs 2"]


def keep_probability(counts: Float[Tensor, " words"], threshold: float) -> Float[Tensor, " words"]:
    """How likely an occurrence of each word stays in the text: min(1, √(t / f)), f its share.

    Mikolov, Sutskever, Chen, Corrado & Dean 2013, "Distributed representations of words and phrases
    and their compositionality", equation 5, which says how likely it is left out.

    Raises:
        ValueError: ``threshold`` is not positive.
    """
    if not threshold > 0:
        raise ValueError(f"threshold is {threshold}; it must be above 0")
    return (threshold / (counts / counts.sum())).sqrt().clamp(max=1)


def skip_gram_pairs(
    ids: Int[Tensor, " words"],
    texts: Int[Tensor, " words"],
    *,
    window: int,
    keep: Float[Tensor, " vocabulary"] | None = None,
    generator: torch.Generator | None = None,
) -> Pairs:
    """Each word with its neighbours, in both orders; no pair reaches from one text into another.

    Mikolov, Chen, Corrado & Dean 2013, "Efficient estimation of word representations in vector
    space", section 3.2: each word's window is drawn from 1 to ``window`` words to both sides, so
    that near ones count more. As in the authors' program, words that are left out go before
    neighbours are looked for, so that those left move together. Deviation: the reach is that of
    the left word of a pair for both of its orders.

    Args:
        ids: the words, one text after the other.
        texts: the number of the text that each word stands in.
        window: how far a neighbour may be.
        keep: `keep_probability`, by word; None keeps all.
        generator: draws what is kept, and the windows. It must be on the device of ``ids``.

    Returns:
        Centre and neighbour of each pair, int64, not shuffled.

    Raises:
        ValueError: ``window`` is below 1, or ``ids`` and ``texts`` differ in length.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, not {window}")
    if len(ids) != len(texts):
        raise ValueError(f"texts has {len(texts)} numbers for {len(ids)} words: one each")
    drawn: dict[str, Any] = {"generator": generator, "device": ids.device}
    if keep is not None:
        stays = torch.rand(ids.shape, **drawn) < keep[ids]
        ids, texts = ids[stays], texts[stays]
    reach = torch.randint(1, window + 1, ids.shape, **drawn)
    found = []
    for distance in range(1, min(window, len(ids) - 1) + 1):
        left, right = ids[:-distance], ids[distance:]
        near = (texts[:-distance] == texts[distance:]) & (reach[:-distance] >= distance)
        pair = torch.stack([left[near], right[near]], dim=1)
        found += [pair, pair.flip(1)]
    return torch.cat(found) if found else ids.new_empty(0, 2)


class Gradients(NamedTuple):
    """What `SkipGram.explicit` finds."""

    loss: Float[Tensor, ""]
    centres: Float[Tensor, "words dim"]
    contexts: Float[Tensor, "words dim"]


class SkipGram(nn.Module):
    """Two vectors for each word: w as the centre of a window, c as what stands in one.

    Mikolov et al. 2013, equation 4. A pair (w, c) of the text shall have a large product w·c, and w
    with each of k words drawn at random a small one:

        loss = -log σ(w·c) - Σ_j log σ(-w·c_j),  c_j drawn with P(c) ∝ count(c)^¾.

    As in the authors' program the centres start uniform on ±1 / (2 dim), the contexts at zero.
    Deviations: a step takes many pairs at once and any optimizer will do; a word that is drawn for
    its own neighbour is not drawn anew.

    Args:
        counts: how often each word occurs.
        dim: of the vectors.
        negatives: k.
        power: ¾; 1 draws words as often as they occur, 0 all alike.
        generator: draws the first vectors.

    Raises:
        ValueError: a size is below 1, or a count is not positive.
    """

    cumulative: Tensor

    def __init__(
        self,
        counts: Float[Tensor, " words"],
        dim: int,
        *,
        negatives: int = 5,
        power: float = 0.75,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("dim", dim), ("negatives", negatives)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if not (counts > 0).all():
            raise ValueError(f"counts must be above 0, but one is {counts.min():g}")
        self.negatives = negatives
        start = torch.empty(len(counts), dim).uniform_(-0.5 / dim, 0.5 / dim, generator=generator)
        self.centres = nn.Parameter(start)
        self.contexts = nn.Parameter(torch.zeros(len(counts), dim))
        noise = counts.double() ** power
        self.register_buffer("cumulative", (noise / noise.sum()).cumsum(0))

    def draw(self, pairs: int, generator: torch.Generator | None = None) -> Int[Tensor, "pairs k"]:
        """Words at random: where a uniform number falls among the cumulated probabilities."""
        uniform = torch.rand(
            pairs, self.negatives, generator=generator, device=self.cumulative.device
        )
        found = torch.searchsorted(self.cumulative, uniform.double())
        return found.clamp(max=len(self.cumulative) - 1)  # a sum may round to less than 1

    def forward(self, pairs: Pairs) -> Float[Tensor, "pairs candidates"]:
        """w·c of each pair, then w·c_j with words that torch's global generator draws: k + 1."""
        candidates = torch.cat([pairs[:, 1:], self.draw(len(pairs))], dim=1)
        return self.products(pairs[:, 0], candidates)

    def products(
        self, centres: Int[Tensor, " pairs"], candidates: Int[Tensor, "pairs candidates"]
    ) -> Float[Tensor, "pairs candidates"]:
        """w·c of each centre with each of its candidates."""
        w = functional.embedding(centres, self.centres)  # (N, D)
        c = functional.embedding(candidates, self.contexts)  # (N, K, D)
        return (c * w.unsqueeze(1)).sum(dim=2)  # faster than as many small matrix products

    def explicit(
        self, centres: Int[Tensor, " pairs"], candidates: Int[Tensor, "pairs candidates"]
    ) -> Gradients:
        """The loss and its gradients, written out; the first candidate is the true neighbour.

        With y = 1 for that and 0 for the others, the derivative by w·c is σ(w·c) - y: how wrong the
        answer was. A centre's gradient is the sum of its candidates, each times that; a candidate's
        that times the centre. The vectors of all other words get none.
        """
        w, c = self.centres.detach()[centres], self.contexts.detach()[candidates]
        s = torch.einsum("nd,nkd->nk", w, c)
        y = torch.zeros_like(s)
        y[:, 0] = 1
        error = (torch.sigmoid(s) - y) / len(s)
        by_centre = torch.zeros_like(self.centres)
        by_centre.index_add_(0, centres, torch.einsum("nk,nkd->nd", error, c))
        by_context = torch.zeros_like(self.contexts)
        by_candidate = torch.einsum("nk,nd->nkd", error, w)
        by_context.index_add_(0, candidates.flatten(), by_candidate.flatten(0, 1))
        losses = functional.softplus(-s[:, 0]) + functional.softplus(s[:, 1:]).sum(1)
        return Gradients(losses.mean(), by_centre, by_context)


def negative_sampling_loss(
    products: Float[Tensor, "pairs candidates"], target: Tensor | None = None
) -> Float[Tensor, ""]:
    """-log σ(w·c) - Σ_j log σ(-w·c_j), the mean over the pairs; the first candidate is the true.

    Args:
        products: as `SkipGram` answers.
        target: not looked at; it is there so that `training.loop.fit` can be given this loss.

    Raises:
        ValueError: there is one candidate only.
    """
    if products.shape[1] < 2:
        raise ValueError("products has one column; there must be a neighbour and words at random")
    true, drawn = products[:, 0], products[:, 1:]
    return (functional.softplus(-true) + functional.softplus(drawn).sum(dim=1)).mean()
