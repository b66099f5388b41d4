"""Boxes: areas and overlaps counted pixel by pixel, and codes that go there and back."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from kornia.geometry.bbox import bbox_generator

from linebyline.vision.boxes import (
    LARGEST,
    area,
    clip,
    decode,
    encode,
    intersection_over_union,
    to_centers,
    to_corners,
)

whole = st.tuples(*[st.integers(-4, 14)] * 2, *[st.integers(0, 9)] * 2)


def pixels(box: tuple[int, int, int, int]) -> set[tuple[int, int]]:
    left, top, width, height = box
    return {(x, y) for x in range(left, left + width) for y in range(top, top + height)}


def corners(*boxes: tuple[int, int, int, int]) -> torch.Tensor:
    return torch.tensor([[x, y, x + w, y + h] for x, y, w, h in boxes]).double()


@given(st.lists(whole, min_size=1, max_size=4), st.lists(whole, min_size=1, max_size=4))
def test_overlap_is_that_of_the_pixels(ours, theirs) -> None:
    found = intersection_over_union(corners(*ours), corners(*theirs))
    assert found.shape == (len(ours), len(theirs))
    for i, a in enumerate(map(pixels, ours)):
        for j, b in enumerate(map(pixels, theirs)):
            expected = len(a & b) / len(a | b) if a | b else 0
            assert found[i, j].item() == pytest.approx(expected)


@given(whole)
def test_area_and_clip_are_those_of_the_pixels(box) -> None:
    inside = {(x, y) for x, y in pixels(box) if 0 <= x < 7 and 0 <= y < 5}
    assert area(corners(box)).item() == len(pixels(box))
    assert area(clip(corners(box), height=5, width=7)).item() == len(inside)


def test_overlaps_are_the_same_on_any_scale() -> None:
    ours, theirs = corners((0, 0, 4, 4), (1, 0, 2, 5)), corners((2, 1, 4, 3))
    expected = intersection_over_union(ours, theirs)
    torch.testing.assert_close(intersection_over_union(ours * 1e-9, theirs * 1e-9), expected)


def test_a_box_turned_inside_out_is_empty() -> None:
    assert area(torch.tensor([3.0, 3, 1, 1])) == 0
    assert area(torch.tensor([3.0, 1, 1, 3])) == 0


def test_each_image_with_its_own() -> None:
    ours, theirs = torch.rand(3, 4, 4), torch.rand(3, 5, 4)
    found = intersection_over_union(ours, theirs)
    for one, a, b in zip(found, ours, theirs, strict=True):
        assert torch.equal(one, intersection_over_union(a, b))


def test_overlap_passes_gradcheck() -> None:
    ours = torch.tensor([[0.0, 0, 4, 4]], dtype=torch.float64, requires_grad=True)
    theirs = torch.tensor([[1.0, 2, 6, 5]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(intersection_over_union, (ours, theirs))


def test_centres_and_corners() -> None:
    x, y, width, height = (torch.tensor([number]).double() for number in (3, 5, 4, 2))
    theirs = bbox_generator(x, y, width, height)[0]  # four corners, of the outermost pixels
    ours = to_corners(torch.cat([x + width / 2, y + height / 2, width, height]))
    torch.testing.assert_close(ours[:2], theirs[0])
    torch.testing.assert_close(ours[2:] - 1, theirs[2])
    torch.testing.assert_close(to_centers(ours), torch.tensor([5.0, 6, 4, 2]).double())


def test_codes_by_hand() -> None:
    anchor = torch.tensor([10.0, 20, 14, 28])  # 4 wide, 8 high, middle (12, 24)
    box = torch.tensor([11.0, 20, 19, 24])  # 8 wide, 4 high, middle (15, 22)
    expected = torch.tensor([0.75, -0.25, math.log(2), -math.log(2)])
    torch.testing.assert_close(encode(box, anchor), expected)
    assert torch.equal(encode(anchor, anchor), torch.zeros(4))


def test_codes_go_there_and_back() -> None:
    low, anchors_low = torch.rand(2, 50, 2, dtype=torch.float64) * 40
    boxes = torch.cat([low, low + 1 + 20 * torch.rand(50, 2, dtype=torch.float64)], dim=1)
    anchors = torch.cat([anchors_low, anchors_low + 1 + 20 * torch.rand(50, 2)], dim=1)
    torch.testing.assert_close(decode(encode(boxes, anchors), anchors), boxes)


def test_decode_cannot_overflow_and_never_turns_a_box_inside_out() -> None:
    anchor = torch.tensor([0.0, 0, 2, 2])
    found = decode(torch.tensor([0.0, 0, 1000, -1000]), anchor)
    assert found[2] - found[0] == pytest.approx(2 * math.exp(LARGEST))
    assert found[3] - found[1] >= 0
    small = decode(torch.tensor([0.0, 0, -6, LARGEST]), anchor)  # only the large are held back
    assert small[2] - small[0] == pytest.approx(2 * math.exp(-6), rel=1e-3)
    assert math.exp(LARGEST) == pytest.approx(55, abs=0.5)
