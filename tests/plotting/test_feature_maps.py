import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from linebyline.plotting.feature_maps import feature_map_grid, filter_grid, heat_grid
from linebyline.plotting.style import DIVERGING, PALETTE, SEQUENTIAL


def values(ax):
    return np.asarray(ax.images[0].get_array())


def test_filters_stand_output_by_output_on_one_symmetric_scale():
    weight = torch.arange(-18.0, 18.0).reshape(2, 2, 3, 3).requires_grad_()
    axes = filter_grid(weight, titles=list("abcd"))
    assert len(axes) == 4
    for ax, kernel in zip(axes, weight.detach().flatten(0, 1), strict=True):
        np.testing.assert_array_equal(values(ax), kernel)
        assert ax.images[0].get_clim() == (-18, 18)
        assert ax.images[0].get_cmap() == DIVERGING
    boxes = [ax.get_position() for ax in axes]
    assert boxes[0].y0 == boxes[1].y0 > boxes[2].y0 + 0.1  # a row for each output
    assert [ax.get_title() for ax in axes] == list("abcd")


def test_filters_of_a_single_input_stand_in_a_row():
    axes = filter_grid(torch.randn(5, 1, 3, 3))
    assert len({round(ax.get_position().y0, 6) for ax in axes}) == 1


def test_feature_maps_are_scaled_by_channel_and_negatives_are_nothing():
    maps = torch.tensor([[[[1.0, 2.0]], [[-3.0, 10.0]]], [[[4.0, 0.0]], [[5.0, -1.0]]]])
    axes = feature_map_grid(maps, titles=["one", "two"])
    shown = [values(ax).tolist() for ax in axes]
    assert shown == [[[0.25, 0.5]], [[0, 1]], [[1, 0]], [[0.5, 0]]]
    assert [ax.get_title() for ax in axes] == ["one", "two", "", ""]
    assert {ax.images[0].get_clim() for ax in axes} == {(0, 1)}


def test_a_channel_that_never_speaks_is_blank():
    axes = feature_map_grid(torch.tensor([[[[0.0]], [[-2.0]], [[1.0]]]]))
    assert [values(ax).item() for ax in axes] == [0, 0, 1]


def test_the_image_stands_before_its_maps_whatever_their_sizes():
    images = torch.tensor([[[-1.0, 0.0], [0.0, 3.0]], [[-1.0, -1.0], [-1.0, 1.0]]])
    maps = torch.ones(2, 2, 3, 3)
    axes = feature_map_grid(maps, images=images, titles=["in", "0", "1"])
    assert len(axes) == 6
    assert {values(ax).shape for ax in axes} == {(6, 6)}
    first = values(axes[0])
    assert first[:3, :3].tolist() == [[0] * 3] * 3
    assert first[3:, 3:].tolist() == [[1] * 3] * 3
    assert values(axes[3])[5, 5] == 0.5


def test_images_and_maps_need_not_be_square():
    images = torch.arange(6.0).reshape(1, 2, 3)
    maps = torch.arange(1.0, 5).reshape(1, 1, 4, 1)
    asked, answered = feature_map_grid(maps, images=images)
    np.testing.assert_allclose(values(asked), images[0].repeat_interleave(2, 0) / 5)
    np.testing.assert_allclose(values(answered), maps[0, 0].expand(4, 3) / 4)


def test_an_image_without_a_difference_is_blank():
    axes = feature_map_grid(torch.ones(1, 1, 2, 2), images=torch.full((1, 2, 2), 3.0))
    assert not values(axes[0]).any()
    (silent,) = feature_map_grid(torch.zeros(1, 1, 2, 2))
    assert silent.images[0].get_clim() == (0, 1)


@pytest.mark.parametrize(
    "draw",
    [
        lambda **how: filter_grid(torch.randn(4, 1, 3, 3), **how),
        lambda **how: filter_grid(torch.randn(2, 2, 3, 3), **how),
        lambda **how: heat_grid(torch.zeros(4, 3, 3), torch.ones(4, 3, 3), **how),
    ],
)
def test_pictures_stand_in_as_many_columns_as_were_asked_for(draw):
    assert len({round(ax.get_position().x0, 6) for ax in draw(columns=1)}) == 1


def test_heat_has_its_own_scale_and_the_images_outline():
    image = torch.zeros(2, 6, 6)
    image[0, 2:4, 2:4] = 1
    heat = torch.zeros(2, 6, 6)
    heat[0, 1, 2], heat[1, 3, 3] = 4, 0.5
    with_ink, blank = heat_grid(image, heat, titles=["a", "b"])
    assert values(with_ink).max() == values(blank).max() == 1
    assert values(with_ink)[1, 2] == 1
    assert with_ink.images[0].get_cmap() == SEQUENTIAL
    (outline,) = with_ink.collections
    np.testing.assert_allclose(
        outline.get_edgecolor()[0][:3], plt.matplotlib.colors.to_rgb(PALETTE[1])
    )
    corners = np.concatenate([path.vertices for path in outline.get_paths()])
    np.testing.assert_allclose([corners.min(), corners.max()], [1.5, 3.5])
    assert not blank.collections  # an empty image has no outline
    (cold, _) = heat_grid(image - 5, 0 * heat)  # paper is what is least
    assert values(cold).max() == 0
    assert cold.images[0].get_clim() == (0, 1)
    shifted = np.concatenate([path.vertices for path in cold.collections[0].get_paths()])
    np.testing.assert_allclose(shifted, corners)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: filter_grid(torch.zeros(3, 4, 4)), "weight must have shape"),
        (lambda: filter_grid(torch.zeros(2, 1, 3, 3), titles=["a"]), "titles has 1 entries for 2"),
        (lambda: feature_map_grid(torch.zeros(3, 4, 4)), "maps must have shape"),
        (
            lambda: feature_map_grid(torch.zeros(2, 1, 4, 4), images=torch.zeros(3, 4, 4)),
            "images has 3 entries for 2 rows of maps",
        ),
        (
            lambda: feature_map_grid(torch.zeros(2, 3, 4, 4), titles=["a"]),
            "titles has 1 entries for 3 columns",
        ),
        (
            lambda: heat_grid(torch.zeros(1, 4, 4), torch.zeros(1, 4, 5)),
            "heat must have the images",
        ),
        (lambda: heat_grid(torch.zeros(1, 4, 4), -torch.ones(1, 4, 4)), "heat must not be below 0"),
    ],
)
def test_refuses_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    assert plt.get_fignums() == []
