"""One-hot codes equal torch's, and no two classes are nearer than others."""

import pytest
import torch

from linebyline.data.one_hot import one_hot


@pytest.mark.parametrize("shape", [(), (7,), (3, 4)])
def test_equals_torch(shape: tuple[int, ...]) -> None:
    labels = torch.randint(5, shape, generator=torch.Generator().manual_seed(0))
    reference = torch.nn.functional.one_hot(labels, 5).float()
    codes = one_hot(labels, 5)
    assert codes.dtype == torch.float32
    assert torch.equal(codes, reference)
    assert torch.equal(codes.argmax(-1), labels)


def test_an_empty_batch_and_a_single_class() -> None:
    assert one_hot(torch.zeros(0, dtype=torch.long), 5).shape == (0, 5)
    assert one_hot(torch.zeros(2, dtype=torch.long), 1).tolist() == [[1.0], [1.0]]


def test_codes_are_of_the_default_type() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        codes = one_hot(torch.tensor([1]), 2)
    finally:
        torch.set_default_dtype(torch.float32)
    assert codes.dtype == torch.float64


def test_all_classes_are_equally_far_apart() -> None:
    codes = one_hot(torch.arange(6), 6)
    distances = torch.cdist(codes, codes)[~torch.eye(6, dtype=torch.bool)]
    torch.testing.assert_close(distances, torch.full((30,), 2**0.5))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 2]])
def test_refuses_labels_out_of_range(labels: list[int]) -> None:
    with pytest.raises(ValueError, match=f"labels must be from 0 to 2 .* from {min(labels)} to"):
        one_hot(torch.tensor(labels), 3)


def test_refuses_no_classes() -> None:
    with pytest.raises(ValueError, match="classes must be at least 1, not 0"):
        one_hot(torch.tensor([0]), 0)
