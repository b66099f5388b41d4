import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from linebyline.plotting.boxes import boxed_images, draw_boxes
from linebyline.plotting.images import image_grid


@pytest.fixture
def ax():
    return image_grid(torch.zeros(1, 3, 20, 30))[0]


def test_a_box_is_around_its_pixels(ax, pixels):
    (rectangle,) = draw_boxes(ax, torch.tensor([[3.0, 4, 9, 16]]), linewidth=1)
    edges = rectangle.get_bbox()
    assert (edges.x0, edges.y0, edges.x1, edges.y1) == (2.5, 3.5, 8.5, 15.5)
    drawn = pixels(ax.figure)
    bright = drawn[..., :3].min(-1) > 128
    rows, columns = bright.any(1).nonzero()[0], bright.any(0).nonzero()[0]
    high, wide = drawn.shape[:2]
    # The picture is padded at its sides; its 30 pixels are half as wide again as its 20 are high.
    scale = high / 20
    left = (wide - 30 * scale) / 2
    assert rows[[0, -1]] / scale == pytest.approx([4, 16], abs=0.5)
    assert (columns[[0, -1]] - left) / scale == pytest.approx([3, 9], abs=0.5)
    assert not bright[
        int(6 * scale) : int(14 * scale), int(left + 5 * scale) : int(left + 7 * scale)
    ].any()


def test_colour_and_dashes_are_as_asked(ax):
    first, second = draw_boxes(ax, [[0, 0, 2, 2], [5, 5, 9, 9]], color="#00ff00", linestyle="--")
    assert first.get_edgecolor() == second.get_edgecolor() == (0, 1, 0, 1)
    assert first.get_linestyle() == "--"


def test_labels_stand_above_their_boxes_or_inside_at_the_upper_edge(ax):
    draw_boxes(ax, torch.tensor([[2.0, 12, 8, 18], [10, 0, 20, 15]]), ["7", "3 .9"])
    ax.figure.draw_without_rendering()
    low, high = ax.texts
    assert [text.get_text() for text in ax.texts] == ["7", "3 .9"]
    to_pixel = ax.transData.inverted().transform
    lower_end = to_pixel(low.get_window_extent().get_points())[:, 1].max()
    assert lower_end < 12
    upper_end = to_pixel(high.get_window_extent().get_points())[:, 1].min()
    assert upper_end > -1


def test_nothing_found_is_drawn_as_nothing(ax):
    assert draw_boxes(ax, torch.zeros(0, 4), []) == []
    assert not ax.patches


def test_the_picture_keeps_its_limits(ax):
    before = ax.get_xlim(), ax.get_ylim()
    draw_boxes(ax, [[-10, -10, 50, 50]])
    assert (ax.get_xlim(), ax.get_ylim()) == before


def test_each_image_has_its_own():
    images = torch.rand(3, 3, 16, 16)
    boxes = [torch.tensor([[1.0, 2, 5, 6], [3, 3, 9, 9]]), torch.zeros(0, 4), [[0, 0, 4, 4]]]
    axes = boxed_images(images, boxes, [["1", "2"], [], ["3"]], titles=["a", "b", "c"])
    assert [len(ax.patches) for ax in axes] == [2, 0, 1]
    assert [len(ax.texts) for ax in axes] == [2, 0, 1]
    assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
    assert isinstance(axes[0].figure, Figure)
    np.testing.assert_allclose(axes[2].images[0].get_array(), images[2].permute(1, 2, 0))
    assert not boxed_images(images, boxes)[0].texts


@pytest.mark.parametrize(
    ("boxes", "labels", "message"),
    [
        ([[0, 0, 1, 1]], [], "labels has 0 entries for 1 boxes"),
        ([[0, 0, 1, 1], [3, 0, 1, 1]], None, r"box 1 is \(3, 0, 1, 1\)"),
        ([[0, 3, 1, 1]], None, "top <= bottom, but box 0"),
        ([[0, 0, 1]], None, r"boxes must have shape \(N, 4\)"),
    ],
)
def test_refuses(ax, boxes, labels, message):
    with pytest.raises(ValueError, match=message):
        draw_boxes(ax, boxes, labels)


def test_refuses_axes_without_an_image():
    with pytest.raises(ValueError, match="ax shows no image"):
        draw_boxes(Figure().add_subplot(), [[0, 0, 1, 1]])


@pytest.mark.parametrize(("boxes", "labels", "name"), [(1, 2, "boxes"), (2, 3, "labels")])
def test_refuses_other_numbers_than_images(boxes, labels, name):
    with pytest.raises(ValueError, match=rf"{name} has \d entries for 2 images"):
        boxed_images(torch.zeros(2, 3, 8, 8), [[]] * boxes, [None] * labels)
