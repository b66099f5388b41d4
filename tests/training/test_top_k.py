"""Top-k accuracy equals scikit-learn's, is accuracy for one guess, and refuses nonsense."""

import pytest
import torch
from sklearn.metrics import top_k_accuracy_score

from linebyline.training.metrics import accuracy
from linebyline.training.top_k import top_k_accuracy


@pytest.fixture
def guesses() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(200, 7, dtype=torch.float64, generator=generator)
    return scores, torch.randint(7, (200,), generator=generator)


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_equals_scikit_learn(guesses: tuple[torch.Tensor, torch.Tensor], k: int) -> None:
    scores, target = guesses
    expected = top_k_accuracy_score(target.numpy(), scores.numpy(), k=k)
    assert 0 < expected < 1
    assert top_k_accuracy(scores, target, k=k).item() == pytest.approx(expected, abs=1e-7)


def test_one_guess_is_accuracy_and_all_guesses_are_right(
    guesses: tuple[torch.Tensor, torch.Tensor],
) -> None:
    scores, target = guesses
    rough = scores.round()  # many ties
    assert top_k_accuracy(rough, target, k=1) == accuracy(rough, target)
    assert top_k_accuracy(rough, target, k=7) == 1
    assert top_k_accuracy(scores, target) == top_k_accuracy(scores, target, k=5)


def test_by_hand_of_equal_scores_the_first() -> None:
    scores = torch.tensor([[0.0, 0, 0], [3, 1, 2], [1, 1, 5]])
    found = [
        [top_k_accuracy(scores[i : i + 1], torch.tensor([y]), k=k).item() for y in range(3)]
        for i in range(3)
        for k in (1, 2)
    ]
    assert found == [[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1], [1, 0, 1]]


@pytest.mark.parametrize("k", [0, 8])
def test_refuses_a_number_of_guesses(guesses: tuple[torch.Tensor, torch.Tensor], k: int) -> None:
    with pytest.raises(ValueError, match=f"k must be from 1 to 7, the classes, not {k}"):
        top_k_accuracy(*guesses, k=k)


def test_refuses_a_target_that_is_no_class() -> None:
    with pytest.raises(ValueError, match="target must be from 0 to 2, but goes from 0 to 3"):
        top_k_accuracy(torch.zeros(2, 3), torch.tensor([0, 3]), k=1)
    with pytest.raises(ValueError, match="target must be from 0 to 2, but goes from -1 to 0"):
        top_k_accuracy(torch.zeros(2, 3), torch.tensor([0, -1]), k=1)


def test_a_network_that_diverged_is_not_right() -> None:
    scores, target = torch.full((6, 3), torch.nan), torch.arange(6) % 3
    assert top_k_accuracy(scores, target, k=1) == accuracy(scores, target)
    scores[:, 2] = 9.0  # NaN comes first, as for argmax
    assert top_k_accuracy(scores, target, k=2).item() == pytest.approx(2 / 3)


@pytest.mark.parametrize("shape", [(5,), (1, 3), (6, 3)])
def test_refuses_a_target_that_does_not_fit(
    shape: tuple[int, ...], without_shape_checks: None
) -> None:
    with pytest.raises(ValueError, match=r"target \(batch,\), but they are .* and \(5,\)"):
        top_k_accuracy(torch.zeros(shape), torch.zeros(5, dtype=torch.long), k=1)


def test_refuses_an_empty_batch() -> None:
    with pytest.raises(ValueError, match="at least one example"):
        top_k_accuracy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long), k=1)
