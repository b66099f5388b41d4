import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.offsetbox import AnnotationBbox

from linebyline.plotting.scatter import image_scatter
from linebyline.plotting.style import PALETTE

IMAGES = torch.rand(5, 6, 4, generator=torch.Generator().manual_seed(0))
POINTS = torch.tensor([[0.0, 1], [2, 3], [-4, 5], [6, -7], [8, 9]])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def boxes(ax):
    return [artist for artist in ax.get_children() if isinstance(artist, AnnotationBbox)]


def test_each_image_stands_at_its_point_with_its_pixels_as_opacity():
    ax = image_scatter(IMAGES, POINTS, classes=[7, 3, 7, 3, 9])
    found = boxes(ax)
    assert [box.xy for box in found] == [tuple(point) for point in POINTS.tolist()]
    for box, image, color in zip(found, IMAGES, [1, 0, 1, 0, 2], strict=True):
        ink = np.asarray(box.offsetbox.get_data())
        np.testing.assert_allclose(ink[..., 3], image)
        np.testing.assert_allclose(ink[0, 0, :3], to_rgb(PALETTE[color]))


def test_none_colours_all_alike_and_more_classes_than_colours_begin_again():
    images = torch.linspace(0, 1, 12).reshape(12, 1, 1)  # 0 and 1 are values like any other
    points = torch.arange(24.0).reshape(12, 2)
    for classes, colors in ((None, [0] * 12), (range(12), range(12))):
        found = boxes(image_scatter(images, points, classes=classes))
        for box, color in zip(found, colors, strict=True):
            ink = np.asarray(box.offsetbox.get_data())
            np.testing.assert_allclose(ink[0, 0, :3], to_rgb(PALETTE[color % len(PALETTE)]))


def test_draws_where_it_is_told_and_nothing_but_the_images():
    _, ax = plt.subplots()
    assert image_scatter(IMAGES, POINTS, ax=ax) is ax
    assert len(boxes(ax)) == len(IMAGES)
    assert not any(box.patch.get_visible() for box in boxes(ax))  # no frames
    assert [dots.get_alpha() for dots in ax.collections] == [0]
    assert plt.get_fignums() == [ax.figure.number]


def test_all_points_are_within_the_axes():
    ax = image_scatter(IMAGES, POINTS)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left < -4
    assert right > 8
    assert low < -7
    assert high > 9


@pytest.mark.parametrize(("settings", "size"), [({}, 24), ({"size": 30}, 30)])
def test_size_is_the_height_in_points_of_type(settings, size):
    ax = image_scatter(IMAGES, POINTS, **settings)
    ax.figure.canvas.draw()
    height = boxes(ax)[0].get_window_extent().height
    assert height == pytest.approx(size * ax.figure.dpi / 72, rel=0.05)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((IMAGES, POINTS[:4]), {}, "points has 4 entries for 5 images"),
        ((IMAGES, POINTS), {"classes": [1, 2]}, "classes has 2 entries for 5 images"),
        ((IMAGES * 255, POINTS), {}, "divide bytes by 255"),
        ((IMAGES - 1, POINTS), {}, "images must hold values from 0 to 1"),
        ((IMAGES * torch.nan, POINTS), {}, "images must hold values from 0 to 1"),
        ((IMAGES, POINTS.new_full((5, 2), torch.inf)), {}, "points holds NaN or infinity"),
        ((IMAGES, POINTS * torch.nan), {}, "points holds NaN or infinity"),
        ((IMAGES, torch.zeros(5, 3)), {}, r"points must have shape \(images, 2\)"),
        ((IMAGES, POINTS), {"size": 0}, "size is 0"),
        ((IMAGES, POINTS), {"size": float("nan")}, "size is nan"),
        ((IMAGES[0], POINTS), {}, "images"),
    ],
)
def test_refuses_by_name(arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        image_scatter(*arguments, **settings)
