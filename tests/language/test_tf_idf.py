"""TF-IDF equals scikit-learn's."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.feature_extraction.text import TfidfTransformer

from linebyline.language.tf_idf import inverse_document_frequency, tf_idf


@pytest.fixture
def counts() -> torch.Tensor:
    rates = torch.rand(20, 40, generator=torch.Generator().manual_seed(0)).double() * 2
    counts = rates.square().mul(1.5).floor()
    counts[3] = 0  # a text without words
    counts[:, 5] = 0  # a word without texts
    return counts


@pytest.mark.parametrize("sublinear", [False, True])
def test_equals_scikit_learn(counts, sublinear: bool) -> None:
    theirs = TfidfTransformer(sublinear_tf=sublinear).fit(counts[:12].numpy())
    idf = inverse_document_frequency(counts[:12])
    torch.testing.assert_close(idf, torch.from_numpy(theirs.idf_))
    expected = torch.from_numpy(theirs.transform(counts.numpy()).toarray())
    found = tf_idf(counts, idf, sublinear=sublinear)
    torch.testing.assert_close(found, expected)
    assert found[3].abs().max() == 0


def test_by_hand() -> None:
    counts = torch.tensor([[1.0, 1.0], [3.0, 0.0]])
    idf = inverse_document_frequency(counts)
    assert idf.tolist() == pytest.approx([1, 1 + math.log(3 / 2)])
    rare = 1 + math.log(3 / 2)
    length = math.hypot(1, rare)
    assert tf_idf(counts, idf)[0].tolist() == pytest.approx([1 / length, rare / length])


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_wrong_is_refused(counts) -> None:
    with pytest.raises(ValueError, match="counts has no row"):
        inverse_document_frequency(counts[:0])
    with pytest.raises(ValueError, match="counts must be zero or more, but one is -1"):
        inverse_document_frequency(counts - 1)
    with pytest.raises(ValueError, match="idf has 39 words and counts has 40"):
        tf_idf(counts, torch.ones(39))
