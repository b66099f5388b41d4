"""Anchors: where they lie, and which box each answers for."""

import pytest
import torch

from linebyline.vision.anchors import BACKGROUND, IGNORED, grid_anchors, match
from linebyline.vision.boxes import area, intersection_over_union, to_centers


def test_by_hand() -> None:
    anchors = grid_anchors(1, 2, stride=8, sizes=[4, 8], ratios=[1, 4])
    assert anchors.tolist() == [
        [2, 2, 6, 6],
        [3, 0, 5, 8],
        [0, 0, 8, 8],
        [2, -4, 6, 12],
        [10, 2, 14, 6],
        [11, 0, 13, 8],
        [8, 0, 16, 8],
        [10, -4, 14, 12],
    ]


def test_order_is_that_of_rows_columns_sizes_and_ratios() -> None:
    anchors = grid_anchors(3, 4, stride=5, sizes=[2, 6, 7], ratios=[0.5, 2])
    grid = to_centers(anchors.view(3, 4, 3, 2, 4))
    x, y, width, height = grid.unbind(-1)
    assert (x[:, 2] == 12.5).all()
    assert (y[1] == 7.5).all()
    torch.testing.assert_close((height / width)[..., 0], torch.full((3, 4, 3), 0.5))
    torch.testing.assert_close((height / width)[..., 1], torch.full((3, 4, 3), 2.0))
    for place, size in enumerate([2, 6, 7]):
        torch.testing.assert_close(
            area(anchors.view(3, 4, 3, 2, 4)[:, :, place]).sqrt(),
            torch.full((3, 4, 2), float(size)),
        )


def test_anchors_are_squares_unless_told_otherwise() -> None:
    assert grid_anchors(1, 1, stride=8, sizes=[4]).tolist() == [[2, 2, 6, 6]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 0}, "height must be at least 1, not 0"),
        ({"width": 0}, "width must be at least 1, not 0"),
        ({"stride": 0}, "stride must be at least 1, not 0"),
        ({"sizes": [0]}, r"sizes must be one or more positive numbers, not \[0\]"),
        ({"sizes": []}, r"sizes must be one or more positive numbers, not \[\]"),
        ({"ratios": [1, -1]}, r"ratios must be one or more positive numbers, not \[1, -1\]"),
    ],
)
def test_anchors_refuse(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        grid_anchors(**{"height": 1, "width": 1, "stride": 4, "sizes": [4]} | change)


def scene(seed: int = 0):
    random = torch.Generator().manual_seed(seed)
    anchors = grid_anchors(8, 8, stride=8, sizes=[12, 20], ratios=[0.6, 1.5])
    low = 40 * torch.rand(6, 3, 2, generator=random)
    boxes = torch.cat([low, low + 8 + 14 * torch.rand(6, 3, 2, generator=random)], dim=-1)
    present = torch.arange(3) < torch.tensor([0, 1, 2, 3, 3, 3])[:, None]
    return anchors, boxes, present


def test_matches_are_those_of_the_definition() -> None:
    anchors, boxes, present = scene()
    found = match(anchors, boxes, present, near=0.5, far=0.3)
    assert found.box.shape == found.overlap.shape == (6, len(anchors))
    kinds = set()
    for image in range(6):
        count = int(present[image].sum())
        own = boxes[image, :count]
        overlaps = intersection_over_union(anchors, own)
        for number in range(len(anchors)):
            row = overlaps[number]
            best = row.max().item() if count else 0.0
            assert found.overlap[image, number].item() == pytest.approx(best)
            wants = [k for k in range(count) if overlaps[:, k].argmax() == number]
            if wants:
                expected = wants[-1]
            elif best >= 0.5:
                expected = int(row.argmax())
            else:
                expected = IGNORED if best >= 0.3 else BACKGROUND
            assert found.box[image, number] == expected
            kinds.add("own" if wants and best < 0.5 else min(expected, 0))
    assert kinds == {"own", 0, IGNORED, BACKGROUND}


def test_a_half_is_near_and_two_fifths_are_not_far() -> None:
    """A box of ten by ten, and anchors that are shorter: the overlap is the share that is left."""
    heights = [10, 5, 4.9, 4, 3.9]
    anchors = torch.tensor([[0, 0, 10, height] for height in heights])
    boxes, present = torch.tensor([[[0.0, 0, 10, 10]]]), torch.tensor([[True]])
    found = match(anchors, boxes, present)
    assert found.box.tolist() == [[0, 0, IGNORED, IGNORED, BACKGROUND]]
    torch.testing.assert_close(found.overlap, torch.tensor([heights]) / 10)
    one_limit = match(anchors, boxes, present, near=0.45, far=0.45)
    assert one_limit.box.tolist() == [[0, 0, 0, BACKGROUND, BACKGROUND]]
    strict = match(anchors, boxes, present, near=1.0)
    assert strict.box.tolist() == [[0, IGNORED, IGNORED, IGNORED, BACKGROUND]]


def test_every_box_has_an_anchor_even_a_tiny_one() -> None:
    anchors = grid_anchors(4, 4, stride=16, sizes=[20])
    boxes = torch.tensor([[[30.0, 30, 31, 31], [0, 0, 0, 0]]])
    found = match(anchors, boxes, torch.tensor([[True, False]]))
    assert (found.box == 0).sum() == 1
    assert (found.box == BACKGROUND).sum() == 15


def test_an_image_without_boxes_is_background() -> None:
    anchors, boxes, _ = scene()
    found = match(anchors, boxes, torch.zeros(6, 3, dtype=torch.bool))
    assert (found.box == BACKGROUND).all()
    assert (found.overlap == 0).all()


@pytest.mark.parametrize("limits", [(0.4, 0.5), (0.5, 0.0), (1.1, 0.5)])
def test_refuses_thresholds_out_of_order(limits: tuple[float, float]) -> None:
    near, far = limits
    anchors, boxes, present = scene()
    with pytest.raises(ValueError, match=f"but far is {far} and near is {near}"):
        match(anchors, boxes, present, near=near, far=far)
