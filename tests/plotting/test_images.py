import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from linebyline.plotting.images import image_grid
from linebyline.plotting.style import DIVERGING, INK, INK_MAP, PALETTE, SEQUENTIAL, WIDTH

RAMP = torch.linspace(0, 1, 7 * 4 * 4).reshape(7, 4, 4)


def boxes(axes):
    axes[0].figure.draw_without_rendering()
    return [ax.get_window_extent() for ax in axes]


def shown(ax):
    """What the axes show, RGBA between 0 and 1, an entry a pixel of the image."""
    (image,) = ax.images
    return image.to_rgba(image.get_array(), norm=True)


def test_digits_are_ink_on_nothing(pixels):
    stroke = torch.zeros(1, 4, 4)
    stroke[0, 1] = 1
    stroke[0, 2] = 0.5
    (ax,) = image_grid(stroke)
    rgba = shown(ax)
    assert (rgba[[0, 3], :, 3] == 0).all()
    np.testing.assert_allclose(rgba[1], [[*to_rgb(INK), 1]] * 4)
    np.testing.assert_allclose(rgba[2, :, 3], 0.5, atol=0.01)
    drawn = pixels(ax.figure)
    high, wide = drawn.shape[:2]
    assert drawn[high // 8, wide // 2, 3] == 0
    ink = [*(round(255 * part) for part in to_rgb(INK)), 255]
    assert drawn[high * 3 // 8, wide // 2].tolist() == ink


def test_every_image_is_shown_upright_in_reading_order():
    axes = image_grid(RAMP.clone().requires_grad_(), columns=3)
    for ax, image in zip(axes, RAMP, strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), image.detach())
        assert ax.yaxis_inverted()  # the first row is at the top
    places = boxes(axes)
    assert [place.x0 for place in places[:3]] == sorted(place.x0 for place in places[:3])
    for index, place in enumerate(places):
        assert place.x0 == pytest.approx(places[index % 3].x0)
        assert place.y0 == pytest.approx(places[index // 3 * 3].y0)
        assert place.width == pytest.approx(place.height)
    assert places[0].y0 > places[3].y1 > places[6].y1


def test_all_images_share_one_scale():
    for ax in image_grid(RAMP * 8):
        assert ax.images[0].get_clim() == (0, 8)
    for ax in image_grid(RAMP - 0.25):
        assert ax.images[0].get_clim() == pytest.approx((-0.25, 0.75))
    for ax in image_grid(RAMP, vmin=-1, vmax=3, cmap=SEQUENTIAL):
        assert ax.images[0].get_clim() == (-1, 3)
        assert ax.images[0].get_cmap() == SEQUENTIAL
    assert image_grid(RAMP)[0].images[0].get_cmap() == INK_MAP


def test_weights_are_blue_above_zero_coral_below_and_nothing_at_it():
    weights = torch.tensor([[[-2.0, 0.0, 1.0]]])
    (ax,) = image_grid(weights, symmetric=True)
    assert ax.images[0].get_clim() == (-2, 2)
    assert ax.images[0].get_cmap() == DIVERGING
    negative, zero, positive = shown(ax)[0]
    np.testing.assert_allclose(negative, [*to_rgb(PALETTE[1]), 1])
    assert zero[3] == 0
    np.testing.assert_allclose(positive[:3], to_rgb(PALETTE[0]))
    assert positive[3] == pytest.approx(0.5, abs=0.01)
    (ax,) = image_grid(weights, symmetric=True, vmax=4)
    assert ax.images[0].get_clim() == (-4, 4)


def test_images_of_one_value_are_drawn():
    assert image_grid(torch.zeros(1, 2, 2))[0].images[0].get_clim() == (0, 1)
    assert image_grid(torch.zeros(1, 2, 2), symmetric=True)[0].images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize("scale", [1, 255])
def test_colours_are_shown_as_they_are(scale):
    image = torch.zeros(1, 3, 2, 2)
    image[0, 0, 0, 1] = 1  # red, at the upper right
    image = image if scale == 1 else (image * 255).to(torch.uint8)
    (ax,) = image_grid(image)
    np.testing.assert_allclose(
        ax.images[0].get_array(), [[[0, 0, 0], [1, 0, 0]], [[0, 0, 0], [0, 0, 0]]]
    )


@pytest.mark.parametrize(
    ("titles", "columns"),
    [
        (list("0123456"), None),
        (["three", "an eight, taken for a three", "nine", "four", "five", "six", "two"], None),
        (["a title that is far too long for its image"] * 7, 4),
        (["antidisestablishmentarianism"] * 7, 7),
        (["a\nb"] * 7, None),
    ],
)
def test_titles_are_written_and_never_overlap(titles, columns, overlapping):
    axes = image_grid(RAMP, titles=titles, columns=columns)
    assert [ax.get_title().replace("\n", " ") for ax in axes] == [
        title.replace("\n", " ") for title in titles
    ]
    assert overlapping([ax.title for ax in axes]) == []
    for ax in axes:
        box = ax.title.get_window_extent()
        assert box.y0 > ax.get_window_extent().y1
        assert not any(box.overlaps(other.get_window_extent()) for other in axes)


def test_titles_are_broken_before_their_type_shrinks():
    for title in ("0", "an eight, taken for a three"):
        axes = image_grid(RAMP, titles=[title] * 7, columns=5)
        assert {ax.title.get_fontsize() for ax in axes} == {12}
        assert ("\n" in axes[0].get_title()) == (len(title) > 1)


@pytest.mark.parametrize(
    ("count", "columns", "expected"), [(10, None, 5), (7, None, 7), (40, None, 8), (7, 20, 7)]
)
def test_columns_and_page(count, columns, expected):
    axes = image_grid(torch.rand(count, 8, 8), columns=columns)
    assert len({round(place.x0) for place in boxes(axes)}) == expected
    assert axes[0].figure.get_figwidth() <= WIDTH + 1e-9


def test_a_frame_shows_where_an_empty_image_ends_and_nothing_else():
    (ax,) = image_grid(torch.zeros(1, 3, 5))
    assert all(spine.get_visible() and spine.get_linewidth() < 1 for spine in ax.spines.values())
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0
    (place,) = boxes([ax])
    assert place.width / place.height == pytest.approx(5 / 3)


def test_the_colour_bar_has_the_scale_of_the_images_and_stands_beside_them():
    axes = image_grid(RAMP - 0.5, symmetric=True, colorbar=True)
    (bar,) = set(axes[0].figure.axes) - set(axes)
    assert bar.get_ylim() == (-0.5, 0.5)
    places = boxes(axes)
    assert bar.get_window_extent().x0 > max(place.x1 for place in places)
    assert bar.get_tightbbox().x1 <= axes[0].figure.bbox.x1 + 2
    assert axes[0].figure.get_figwidth() <= WIDTH + 1e-9


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (RAMP[0], {}, r"images must have shape \(N, H, W\) or \(N, 3, H, W\)"),
        (torch.ones(2, 4, 3, 3), {}, "images must have shape"),
        (RAMP[:0], {}, "images is empty"),
        (RAMP * torch.nan, {}, "images holds NaN"),
        (torch.full((1, 3, 2, 2), 1.5), {}, "images must hold colours .* from 1.5 to 1.5"),
        (torch.rand(1, 3, 2, 2) - 1, {}, "images must hold colours"),
        (torch.rand(1, 3, 2, 2), {"symmetric": True}, "images hold colours"),
        (torch.rand(1, 3, 2, 2), {"vmax": 1.0}, "images hold colours"),
        (RAMP, {"titles": ["a"]}, "titles has 1 entries for 7 images"),
        (RAMP, {"columns": 0}, "columns must be at least 1"),
        (RAMP, {"vmin": 1.0, "vmax": 1.0}, "vmin must be below vmax"),
        (RAMP, {"vmin": 2.0, "vmax": 1.0}, "vmin must be below vmax"),
        (RAMP, {"symmetric": True, "vmin": 0.0}, "vmin is -vmax where symmetric is set"),
        (RAMP, {"symmetric": True, "vmax": -1.0}, "vmin must be below vmax"),
    ],
)
def test_refuses_by_name(images, settings, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images.detach(), **settings)
    assert plt.get_fignums() == []  # nothing half-drawn is left behind
