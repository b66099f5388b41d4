import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from linebyline.plotting.masks import TINT, edges, mask_grid
from linebyline.plotting.style import PALETTE

IMAGES = torch.linspace(-0.5, 1.5, 24).reshape(2, 3, 4)
MASKS = torch.tensor([[[0, 1, 1, 0], [0, 2, 2, 0], [0, 0, 0, 0]], [[0] * 4] * 3])


def test_images_are_grey_between_black_and_white():
    axes = mask_grid(IMAGES, titles=["a", "b"], columns=1)
    assert [ax.get_title() for ax in axes] == ["a", "b"]
    assert axes[0].get_position().y0 > axes[1].get_position().y0
    for ax, image in zip(axes, IMAGES, strict=True):
        (shown,) = ax.images
        np.testing.assert_allclose(shown.get_array(), image.clamp(0, 1))
        assert shown.get_clim() == (0, 1)
        assert shown.get_cmap().name == "gray"
        assert not ax.collections


def test_classes_are_tinted_and_nothing_is_not():
    first, second = mask_grid(IMAGES, MASKS)
    tint = np.asarray(first.images[1].get_array())
    assert tint.shape == (3, 4, 4)
    np.testing.assert_allclose(tint[0, 1], (*to_rgb(PALETTE[0]), TINT))
    np.testing.assert_allclose(tint[1, 2], (*to_rgb(PALETTE[1]), TINT))
    assert (tint[MASKS[0] == 0, 3] == 0).all()
    assert not np.asarray(second.images[1].get_array())[..., 3].any()


def test_outlines_run_along_the_pixels_edges():
    mask = np.array([[0, 1], [1, 1]])
    assert sorted(map(tuple, edges(mask))) == [
        ((-0.5, 0.5), (0.5, 0.5)),
        ((0.5, -0.5), (0.5, 0.5)),
    ]
    first, second = mask_grid(IMAGES, truth=MASKS)
    assert len(first.collections[0].get_segments()) == 8
    assert len(second.collections[0].get_segments()) == 0
    assert len(first.images) == 1
    plt.close("all")


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^masks must have the images' shape \(2, 3, 4\)"):
        mask_grid(IMAGES, MASKS[:1])
    with pytest.raises(ValueError, match=r"^truth must have the images' shape"):
        mask_grid(IMAGES, truth=MASKS[:, :2])
    with pytest.raises(ValueError, match=r"^masks must hold whole numbers"):
        mask_grid(IMAGES, MASKS.float())
    for wrong in (-1, 7):
        with pytest.raises(ValueError, match=r"^masks must hold classes from 0 to 6"):
            mask_grid(IMAGES, torch.where(MASKS == 2, wrong, MASKS))
