"""Scenes: boxes, classes and masks say the same, and digits keep apart."""

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.data.mnist import mnist_5k
from linebyline.data.scenes import (
    COLORS,
    GROUND,
    INK,
    NOTHING,
    Scenes,
    _pasted,
    box_targets,
    digit_scenes,
)


@pytest.fixture(scope="module")
def digits() -> Examples:
    return mnist_5k().test


@pytest.fixture(scope="module")
def scenes(digits: Examples) -> Scenes:
    return digit_scenes(digits, count=150, seed=3)


def test_shapes_and_ranges(scenes: Scenes) -> None:
    assert scenes.images.shape == (150, 3, 64, 64)
    assert 0 <= scenes.images.min() < scenes.images.max() <= 1
    assert scenes.boxes.shape == (150, 3, 4)
    assert scenes.classes.shape == (150, 3)
    assert scenes.masks.shape == (150, 64, 64)


def test_each_box_is_tight_around_its_own_pixels(scenes: Scenes) -> None:
    for boxes, classes, mask in zip(scenes.boxes, scenes.classes, scenes.masks, strict=True):
        seen = torch.zeros_like(mask, dtype=torch.bool)
        for (left, top, right, bottom), label in zip(
            boxes.int().tolist(), classes.tolist(), strict=True
        ):
            if label == NOTHING:
                assert right == 0
                continue
            own = mask[top:bottom, left:right] == label + 1
            assert own.any(0)[[0, -1]].all()
            assert own.any(1)[[0, -1]].all()
            assert not (mask[top:bottom, left:right] > 0)[~own].any()  # no other digit in it
            seen[top:bottom, left:right] = True
        assert not (mask[~seen] > 0).any()  # and no digit without a box


@pytest.mark.parametrize("crowded", [False, True])
def test_boxes_keep_apart_and_rows_in_use_come_first(
    scenes: Scenes, digits: Examples, crowded: bool
) -> None:
    if crowded:  # no place for eight
        scenes = digit_scenes(digits, count=50, side=40, most=8)
        assert (scenes.classes != NOTHING).sum(1).max() < 8
    for boxes, classes in zip(scenes.boxes, scenes.classes, strict=True):
        used = classes != NOTHING
        assert used[0]
        assert used.tolist() == sorted(used.tolist(), reverse=True)
        for i, ours in enumerate(boxes[used]):
            for theirs in boxes[used][:i]:
                across = max(ours[0] - theirs[2], theirs[0] - ours[2])
                down = max(ours[1] - theirs[3], theirs[1] - ours[3])
                assert max(across, down) > 1  # 2 were asked for, less half a pixel for each


def test_one_to_most_digits_of_every_size_place_and_class(scenes: Scenes) -> None:
    counts = (scenes.classes != NOTHING).sum(1).bincount(minlength=4)
    assert counts[0] == 0
    assert (counts[1:] > 30).all()
    boxes = scenes.boxes[scenes.classes != NOTHING]
    heights = boxes[:, 3] - boxes[:, 1]
    assert heights.min() <= 13
    assert heights.max() >= 23
    assert (boxes[:, :2].min(0).values < 8).all()
    assert boxes[:, 2:].max() > 56
    assert (scenes.classes[scenes.classes != NOTHING].bincount(minlength=10) > 10).all()


def test_ink_is_one_of_the_colours_on_a_dark_ground(scenes: Scenes) -> None:
    ground = scenes.images.permute(0, 2, 3, 1)[scenes.masks == 0]
    assert ground.quantile(0.5) < GROUND
    inks = torch.tensor(COLORS) / 255
    strokes = scenes.images.permute(0, 2, 3, 1)[scenes.masks > 0]
    nearest = torch.cdist(strokes, inks).min(1)
    assert (nearest.values < 0.05).float().mean() > 0.2  # the middle of strokes
    assert (nearest.indices.bincount(minlength=4) > 0.1 * len(strokes)).all()


def test_a_frame_of_the_digits_own_size_is_a_copy(digits: Examples) -> None:
    frames = torch.tensor([[0.0, 0, 28], [36, 20, 28]])
    pasted = _pasted(digits.inputs[:2], frames, 64)
    expected = torch.zeros(2, 64, 64)
    expected[0, :28, :28] = digits.inputs[0]
    expected[1, 20:48, 36:] = digits.inputs[1]
    torch.testing.assert_close(pasted, expected, rtol=0, atol=1e-4)


def test_pixels_of_a_single_digit_are_the_pool_s(digits: Examples) -> None:
    one = Examples(digits.inputs[:1], torch.tensor([7]))
    scenes = digit_scenes(one, count=20, most=1)
    assert scenes.classes.unique().tolist() == [7]
    assert scenes.masks.unique().tolist() == [0, 8]
    share = (digits.inputs[0] > INK).float().mean()
    boxes = scenes.boxes[:, 0]
    (rows, columns) = ((digits.inputs[0] > INK).any(axis).sum() for axis in (1, 0))
    scale = (boxes[:, 3] - boxes[:, 1]) / rows
    assert ((boxes[:, 2] - boxes[:, 0] - scale * columns).abs() <= 2).all()
    assert ((scenes.masks > 0).sum((1, 2)) / (share * (28 * scale) ** 2)).mean() == pytest.approx(
        1, abs=0.1
    )


def test_frames_have_all_sizes_and_reach_every_border() -> None:
    """Images full of ink show the frames themselves."""
    full = Examples(torch.ones(1, 28, 28), torch.tensor([0]))
    scenes = digit_scenes(full, count=3000, most=1)
    left, top, right, bottom = scenes.boxes[:, 0].unbind(1)
    assert torch.equal(right - left, bottom - top)
    assert (right - left).unique().tolist() == list(range(18, 34))
    for low, high in ((left, right), (top, bottom)):
        assert low.min() == 0
        assert high.max() == 64


def test_the_ground_has_colours_up_to_its_brightest(scenes: Scenes) -> None:
    ground = scenes.images.permute(0, 2, 3, 1)[scenes.masks == 0]
    assert 0.4 * GROUND < ground.median() < 0.6 * GROUND
    assert (ground.max(1).values - ground.min(1).values).mean() > 0.1


def test_a_digit_whose_ink_is_lost_when_it_is_scaled_is_left_out() -> None:
    dot = torch.zeros(1, 28, 28)
    dot[0, 14, 14] = INK + 0.05  # only a pixel in the middle of it is still dark enough
    scenes = digit_scenes(Examples(dot, torch.tensor([4])), count=200, most=1)
    shown = (scenes.masks > 0).flatten(1).any(1)
    assert 0 < shown.sum() < 200
    assert torch.equal(scenes.classes[:, 0] != NOTHING, shown)
    assert torch.equal(scenes.boxes[:, 0].any(1), shown)


def test_the_seed_decides_and_the_global_generator_is_left_alone(digits: Examples) -> None:
    before = torch.get_rng_state()
    first, again, other = (digit_scenes(digits, count=3, seed=seed) for seed in (0, 0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.images, other.images)
    assert torch.equal(before, torch.get_rng_state())


def test_other_sizes(digits: Examples) -> None:
    scenes = digit_scenes(digits, count=20, side=96, most=5)
    assert scenes.images.shape == (20, 3, 96, 96)
    assert (scenes.classes != NOTHING).sum(1).max() >= 4
    assert scenes.boxes[..., 3].max() > 64
    assert (scenes.boxes[..., 3] - scenes.boxes[..., 1]).max() > 30


def test_targets_are_boxes_and_classes_row_by_row(scenes: Scenes) -> None:
    inputs, targets = box_targets(scenes)
    assert torch.equal(inputs, scenes.images)
    assert targets.shape == (150, 3, 5)
    assert targets.dtype == torch.float32
    assert torch.equal(targets[..., :4], scenes.boxes)
    assert torch.equal(targets[..., 4].long(), scenes.classes)
    assert (targets[..., 4] == NOTHING).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"side": 31}, "side must be at least 32, not 31"),
        ({"most": 0}, "most must be at least 1, not 0"),
    ],
)
def test_refuses_numbers(digits: Examples, change: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        digit_scenes(digits, **{"count": 1} | change)


def test_three_digits_on_64_pixels_unless_told_otherwise(digits: Examples) -> None:
    first, again = digit_scenes(digits, count=4), digit_scenes(digits, count=4, side=64, most=3)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("shape", [(4, 784), (4, 28, 27), (4, 1, 28, 28)])
def test_refuses_other_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"digits must have inputs of .* as high as wide, but they"
    ):
        digit_scenes(Examples(torch.ones(shape), torch.zeros(4).long()), count=1)


@pytest.mark.parametrize("faint", [0.0, INK - 0.01])
def test_refuses_a_blank_image(faint: float) -> None:
    images = torch.ones(3, 28, 28)
    images[1] = faint
    with pytest.raises(ValueError, match="digits must show something, but image 1 is blank"):
        digit_scenes(Examples(images, torch.zeros(3).long()), count=1)
