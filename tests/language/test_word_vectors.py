"""Neighbours and analogies of words whose vectors are known."""

from __future__ import annotations

import pytest
import torch

from linebyline.language.word_vectors import WordVectors


@pytest.fixture
def words() -> WordVectors:
    """Two axes that everything is made of: kind, and number."""
    rows = {
        "cat": (3, 0, 1),
        "cats": (3, 2, 1),
        "dog": (0, 0, 4),
        "dogs": (0, 2, 4),
        "so": (0, -3, 0),
    }
    return WordVectors(list(rows), torch.tensor(list(rows.values()), dtype=torch.float64))


def test_similarity_is_the_cosine(words) -> None:
    expected = (3 * 3 + 1) / (10**0.5 * 14**0.5)
    assert words.similarity("cat", "cats") == pytest.approx(expected)
    assert words["dog"].tolist() == [0, 0, 1]
    assert words.similarity("dog", "so") == pytest.approx(0)


def test_neighbours_leave_out_the_word_itself(words) -> None:
    found = words.neighbours("cat", 4)
    assert [word for word, _ in found] == ["cats", "dog", "dogs", "so"]
    assert found[0][1] == pytest.approx(words.similarity("cat", "cats"))


def test_an_analogy_leaves_out_its_three_words(words) -> None:
    assert words.analogy("cat", "cats", "dog")[0][0] == "dogs"
    assert words.analogy("cats", "cat", "dogs")[0][0] == "dog"
    assert {word for word, _ in words.analogy("cat", "cat", "dog", 3)} == {"cats", "dogs", "so"}


def test_what_is_wrong_is_refused(words) -> None:
    with pytest.raises(ValueError, match="'cow' is none of the 5 words"):
        words.neighbours("cow")
    with pytest.raises(ValueError, match="'cow' is none of the 5 words"):
        words.analogy("cat", "cow", "dog")
    with pytest.raises(ValueError, match="count is 5; it must be from 1 to 4"):
        words.neighbours("cat", 5)
    with pytest.raises(ValueError, match="vocabulary has 2 words, 1 of them different"):
        WordVectors(["a", "a"], torch.ones(2, 3))
    with pytest.raises(ValueError, match="vectors has 3 rows"):
        WordVectors(["a", "b"], torch.ones(3, 3))
