import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from linebyline.plotting.receptive_field import receptive_field_maps
from linebyline.plotting.style import PALETTE, SEQUENTIAL

MAPS = torch.zeros(2, 6, 8)
MAPS[0, 2, 3] = 0.01
MAPS[1, 1:4, 2:5] = 5.0
FIELDS = [((2, 2), (3, 3)), ((-2, 3), (2, 9))]
BEYOND = [((4, 9), (-3, 1)), ((-1, 6), (-1, 8))]


def test_each_map_is_on_its_own_scale_and_upright():
    axes = receptive_field_maps(MAPS, FIELDS, titles=["a", "b"])
    for ax, values, title in zip(axes, MAPS, "ab", strict=True):
        shown = ax.images[0]
        assert shown.get_clim() == (0, 1)
        assert shown.get_array().max() == 1
        assert (shown.get_array().argmax()) == values.argmax()
        assert ax.get_title() == title


def test_a_frame_stands_around_the_field_and_ends_with_the_image():
    axes = receptive_field_maps(MAPS, FIELDS) + receptive_field_maps(MAPS, BEYOND)
    boxes = []
    for ax in axes:
        (frame,) = (patch for patch in ax.patches if isinstance(patch, Rectangle))
        boxes.append((*frame.get_xy(), frame.get_width(), frame.get_height()))
        assert not frame.get_fill()
        assert frame.get_linestyle() != "solid"
        assert frame.get_edgecolor() == to_rgba(PALETTE[1])
    assert boxes[:2] == [(2.5, 1.5, 1, 1), (1.5, -0.5, 6, 4)]  # pixel 3 reaches from 2.5 to 3.5
    assert boxes[2:] == [(-0.5, 3.5, 2, 2), (-0.5, -0.5, 8, 6)]


def test_maps_stand_in_as_many_columns_as_were_asked_for():
    assert len({round(ax.get_position().x0, 6) for ax in receptive_field_maps(MAPS, FIELDS)}) == 2
    axes = receptive_field_maps(MAPS, FIELDS, columns=1)
    assert len({round(ax.get_position().x0, 6) for ax in axes}) == 1
    assert all(ax.images[0].get_cmap() == SEQUENTIAL for ax in axes)


def test_refuses():
    with pytest.raises(ValueError, match="fields has 1 entries for 2 maps: one each"):
        receptive_field_maps(MAPS, FIELDS[:1])
    with pytest.raises(ValueError, match="maps must have no number below 0"):
        receptive_field_maps(-MAPS, FIELDS)
    with pytest.raises(ValueError, match="and each some above it"):
        receptive_field_maps(0 * MAPS, FIELDS)
