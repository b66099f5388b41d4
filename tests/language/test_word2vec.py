"""Skip-gram: its pairs, its loss and gradients, and that it learns what it should."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from linebyline.language.pmi import cooccurrences, pmi
from linebyline.language.word2vec import (
    SkipGram,
    keep_probability,
    negative_sampling_loss,
    skip_gram_pairs,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model() -> SkipGram:
    model = SkipGram(
        torch.tensor([8.0, 4, 2, 1, 1]), 6, negatives=3, generator=generator()
    ).double()
    with torch.no_grad():
        for vectors in (model.centres, model.contexts):
            vectors.normal_(generator=generator(1))
    return model


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Words that stand in several places, one as centre and candidate, one drawn twice."""
    centres = torch.tensor([0, 1, 0, 4])
    return centres, torch.tensor([[1, 2, 2, 0], [0, 1, 3, 3], [1, 0, 0, 4], [0, 1, 2, 3]])


def test_pairs_by_hand() -> None:
    ids, texts = torch.tensor([5, 6, 7, 8, 9]), torch.tensor([0, 0, 0, 1, 1])
    near = skip_gram_pairs(ids, texts, window=1, generator=generator())
    assert sorted(near.tolist()) == [[5, 6], [6, 5], [6, 7], [7, 6], [8, 9], [9, 8]]
    seen = {
        tuple(pair)
        for seed in range(20)
        for pair in skip_gram_pairs(ids, texts, window=9, generator=generator(seed)).tolist()
    }
    assert seen == {tuple(p) for p in near.tolist()} | {(5, 7), (7, 5)}


def test_near_neighbours_count_more() -> None:
    """At distance d of a window of 4 a pair is there with probability (4 - d + 1) / 4."""
    ids = torch.arange(40_000)
    pairs = skip_gram_pairs(ids, torch.zeros_like(ids), window=4, generator=generator())
    distances = torch.bincount((pairs[:, 0] - pairs[:, 1]).abs()).double() / 80_000
    assert distances.tolist() == pytest.approx([0, 1, 0.75, 0.5, 0.25], abs=0.02)


def test_frequent_words_are_left_out_as_often_as_said() -> None:
    counts = torch.tensor([90.0, 9.0, 1.0])
    keep = keep_probability(counts, 0.01)
    assert keep.tolist() == pytest.approx([math.sqrt(0.01 / 0.9), math.sqrt(0.01 / 0.09), 1])
    ids = torch.multinomial(counts, 50_000, replacement=True, generator=generator())
    texts = torch.zeros_like(ids)
    pairs = skip_gram_pairs(ids, texts, window=1, keep=keep, generator=generator())
    share = torch.bincount(pairs[:, 0]).double()
    expected = (counts * keep).double()
    assert (share / share.sum()).tolist() == pytest.approx(
        (expected / expected.sum()).tolist(), abs=0.01
    )


def test_noise_follows_the_counts_to_the_power() -> None:
    counts = torch.tensor([1000.0, 100, 10, 1])
    for power in (0.0, 0.75, 1.0):
        drawn = SkipGram(counts, 2, power=power).draw(20_000, generator())
        share = torch.bincount(drawn.flatten(), minlength=4).double() / drawn.numel()
        expected = counts**power / (counts**power).sum()
        assert share.tolist() == pytest.approx(expected.tolist(), abs=0.006)


def test_products_and_loss_equal_the_formula(model, batch) -> None:
    centres, candidates = batch
    losses = []
    for centre, row in zip(centres.tolist(), candidates.tolist(), strict=True):
        w = model.centres[centre]
        products = [w @ model.contexts[word] for word in row]
        losses.append(-logsigmoid(products[0]) - sum(logsigmoid(-s) for s in products[1:]))
    loss = negative_sampling_loss(model.products(centres, candidates))
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    torch.testing.assert_close(model.explicit(centres, candidates).loss, loss)


def test_explicit_gradients_equal_autograd(model, batch) -> None:
    negative_sampling_loss(model.products(*batch)).backward()
    explicit = model.explicit(*batch)
    torch.testing.assert_close(explicit.centres, model.centres.grad)
    torch.testing.assert_close(explicit.contexts, model.contexts.grad)
    assert explicit.centres[[2, 3]].abs().max() == 0  # these were no centre


def test_gradcheck(model, batch) -> None:
    def loss(centres: torch.Tensor, contexts: torch.Tensor) -> torch.Tensor:
        parameters = {"centres": centres, "contexts": contexts}

        class Answer(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self) -> torch.Tensor:
                return self.model.products(*batch)

        named = {f"model.{name}": value for name, value in parameters.items()}
        return negative_sampling_loss(torch.func.functional_call(Answer(), named, ()))

    start = tuple(p.detach().clone().requires_grad_() for p in model.parameters())
    assert torch.autograd.gradcheck(loss, start)


def test_the_first_candidate_is_the_neighbour_and_the_others_are_drawn(model) -> None:
    pairs = torch.tensor([[0, 1], [3, 2]])
    torch.manual_seed(0)
    found = model(pairs)
    assert found.shape == (2, 4)
    torch.testing.assert_close(found[:, 0], (model.centres[[0, 3]] * model.contexts[[1, 2]]).sum(1))
    assert not torch.equal(found[:, 1:], model(pairs)[:, 1:])


def test_it_reaches_the_shifted_mutual_information() -> None:
    """Levy & Goldberg 2014: with room enough, noise by the counts, and k = 2: pmi - log 2."""
    counts = torch.tensor([[4.0, 6, 2], [6, 2, 1], [2, 1, 5]])
    pairs = counts.nonzero().repeat_interleave(counts.flatten().long(), dim=0)
    assert torch.equal(cooccurrences(pairs, 3), counts)
    model = SkipGram(counts.sum(0), 3, negatives=2, power=1.0, generator=generator()).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    # The loss's expectation instead of draws: noise words by their shares.
    share = (counts.sum(0) / counts.sum()).double()
    weight = counts.double() / counts.sum()
    for _ in range(1500):
        optimizer.zero_grad()
        s = model.centres @ model.contexts.T
        expected = 2 * weight.sum(1, keepdim=True) * share * logsigmoid(-s)
        (-(weight * logsigmoid(s) + expected).sum()).backward()
        optimizer.step()
    found = (model.centres @ model.contexts.T).detach()
    torch.testing.assert_close(found, pmi(counts.double()) - math.log(2), atol=0.02, rtol=0)


def test_it_learns_which_words_are_exchangeable() -> None:
    """Words 0 and 1 stand in the same company, 2 and 3 in another."""
    g = generator()
    kind = torch.randint(2, (3000,), generator=g)
    left = 2 * kind + torch.randint(2, (3000,), generator=g)
    right = 4 + 2 * kind + torch.randint(2, (3000,), generator=g)
    ids = torch.stack([left, right], 1).flatten()
    texts = torch.arange(3000).repeat_interleave(2)
    pairs = skip_gram_pairs(ids, texts, window=1, generator=g)
    torch.manual_seed(0)
    model = SkipGram(torch.bincount(ids).float(), 4, generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(300):
        batch = pairs[torch.randint(len(pairs), (200,), generator=g)]
        optimizer.zero_grad()
        negative_sampling_loss(model(batch)).backward()
        optimizer.step()
    w = torch.nn.functional.normalize(model.centres.detach(), dim=1)
    assert w[0] @ w[1] > 0.9
    assert w[2] @ w[3] > 0.9
    assert w[0] @ w[2] < 0.8


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_wrong_is_refused() -> None:
    ids = torch.arange(3)
    with pytest.raises(ValueError, match="threshold is 0; it must be above 0"):
        keep_probability(torch.ones(2), 0)
    with pytest.raises(ValueError, match="window must be at least 1, not 0"):
        skip_gram_pairs(ids, ids, window=0)
    with pytest.raises(ValueError, match="texts has 2 numbers for 3 words"):
        skip_gram_pairs(ids, ids[:2], window=1)
    with pytest.raises(ValueError, match="dim must be at least 1, not 0"):
        SkipGram(torch.ones(2), 0)
    with pytest.raises(ValueError, match="negatives must be at least 1, not 0"):
        SkipGram(torch.ones(2), 2, negatives=0)
    with pytest.raises(ValueError, match="counts must be above 0, but one is 0"):
        SkipGram(torch.tensor([1.0, 0]), 2)
    with pytest.raises(ValueError, match="products has one column"):
        negative_sampling_loss(torch.ones(3, 1))
    assert skip_gram_pairs(ids[:0], ids[:0], window=2).shape == (0, 2)
