"""Whether a look is at what is named."""

import pytest
import torch
from torch import Tensor

from linebyline.training.pointing import pointing


def boxes(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32)


def test_by_hand() -> None:
    """A grid of 2 x 4 places of 10 x 5 pixels."""
    weights = torch.zeros(3, 2, 4)
    weights[0, 1, 2] = 1.0  # its middle is (12.5, 15)
    weights[1] = 1 / 8
    weights[2, 0, 0], weights[2, 1, 3] = 0.6, 0.4
    there = boxes([11, 10, 14, 20], [0, 0, 10, 20], [15, 15, 20, 20])
    found = pointing(weights, there, (20, 20))
    assert found.hits.tolist() == [True, True, False]
    torch.testing.assert_close(found.inside, torch.tensor([3 / 5, 0.5, 0.4 * 0.5]))
    torch.testing.assert_close(found.chance, torch.tensor([30, 200, 25]) / 400)


@pytest.mark.parametrize(
    ("box", "hit"),
    [
        ([12, 10, 13, 20], True),
        ([12.5, 15, 13, 20], True),  # right and bottom are where the next pixel begins
        ([12, 10, 12.5, 20], False),
        ([12, 10, 13, 15], False),
        ([13, 10, 20, 20], False),
    ],
)
def test_the_middle_of_the_place_decides(box: list[float], hit: bool) -> None:
    weights = torch.zeros(1, 2, 4)
    weights[0, 1, 2] = 1.0
    assert pointing(weights, boxes(box), (20, 20)).hits.tolist() == [hit]


def test_a_look_at_all_alike_is_chance() -> None:
    generator = torch.Generator().manual_seed(0)
    corner = 30 * torch.rand(50, 2, generator=generator)
    there = torch.cat([corner, corner + 1 + 33 * torch.rand(50, 2, generator=generator)], dim=1)
    found = pointing(torch.full((50, 8, 8), 1 / 64), there, (64, 64))
    torch.testing.assert_close(found.inside, found.chance)


def test_what_is_in_no_box_is_in_another() -> None:
    weights = torch.rand(1, 3, 5, generator=torch.Generator().manual_seed(0))
    weights /= weights.sum()
    parts = boxes([0, 0, 7, 30], [7, 0, 50, 11], [7, 11, 50, 30])
    found = pointing(weights.expand(3, 3, 5), parts, (30, 50))
    assert found.inside.sum().item() == pytest.approx(1)
    assert found.chance.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    "box", [[0, 0, 0, 5], [0, 5, 5, 5], [-1, 0, 5, 5], [0, -1, 5, 5], [0, 0, 21, 5], [0, 0, 5, 21]]
)
def test_refuses_a_box_that_is_none(box: list[float]) -> None:
    with pytest.raises(ValueError, match="boxes must have an area and lie in the image, 20 x 20"):
        pointing(torch.ones(1, 2, 2) / 4, boxes(box), (20, 20))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_another_number() -> None:
    with pytest.raises(ValueError, match="boxes must be 2, one for each word, not 1"):
        pointing(torch.ones(2, 2, 2), boxes([0.0, 0, 1, 1]), (20, 20))
