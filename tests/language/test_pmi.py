"""Pointwise mutual information, by hand and by NumPy; its factors are the best ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from linebyline.language.pmi import cooccurrences, pmi, ppmi, svd_vectors


@pytest.fixture
def counts() -> torch.Tensor:
    return torch.poisson(torch.full((30, 30), 0.8), torch.Generator().manual_seed(0)).double()


def test_pairs_are_counted() -> None:
    pairs = torch.tensor([[0, 1], [1, 0], [0, 1], [2, 2]])
    assert cooccurrences(pairs, 3).tolist() == [[0, 2, 0], [1, 0, 0], [0, 0, 1]]
    assert cooccurrences(pairs[:0], 2).tolist() == [[0, 0], [0, 0]]


def test_by_hand() -> None:
    found = pmi(torch.tensor([[3.0, 1.0], [1.0, 0.0]]))
    assert found[0, 0] == pytest.approx(math.log((3 / 5) / (4 / 5) ** 2))
    assert found[0, 1] == pytest.approx(math.log((1 / 5) / (4 / 5 * 1 / 5)))
    assert found[1, 1] == -math.inf


def test_equals_the_formula_in_numpy(counts) -> None:
    p = counts.numpy() / counts.sum().item()
    with np.errstate(divide="ignore"):
        expected = np.log(p / np.outer(p.sum(1), p.sum(0)))
    np.testing.assert_allclose(pmi(counts).numpy(), expected)
    shifted = ppmi(counts, shift=math.log(2)).numpy()
    np.testing.assert_allclose(shifted, np.maximum(expected - math.log(2), 0))


def test_independent_words_have_none() -> None:
    counts = torch.outer(torch.tensor([1.0, 2, 3]), torch.tensor([5.0, 1, 1, 2]))
    assert pmi(counts).abs().max() < 1e-6
    counts = torch.tensor([[1.0, 0], [0, 0]])  # a word that never occurs
    assert not pmi(counts).isnan().any()


def test_the_vectors_are_the_best_of_their_size(counts) -> None:
    matrix = ppmi(counts)
    matrix = matrix + matrix.T
    state = torch.random.get_rng_state()
    vectors = svd_vectors(matrix, 5, power=1.0)
    assert torch.equal(state, torch.random.get_rng_state())
    u, s, _ = torch.linalg.svd(matrix)
    torch.testing.assert_close(vectors @ vectors.T, (u * s**2)[:, :5] @ u.T[:5], atol=0.1, rtol=0)
    half = svd_vectors(matrix, 5)
    torch.testing.assert_close(half.norm(dim=0).square(), s[:5], atol=0.05, rtol=0)


def test_what_is_wrong_is_refused(counts) -> None:
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match="numbers from 0 to 2"):
            cooccurrences(torch.tensor([[0, wrong]]), 3)
    for wrong in (counts * 0, counts - 1):
        with pytest.raises(ValueError, match="counts must be zero or more"):
            pmi(wrong)
    for dim in (0, 31):
        with pytest.raises(ValueError, match=f"dim is {dim}; it must be from 1 to 30"):
            svd_vectors(counts, dim)
