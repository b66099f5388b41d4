"""Cells: what the masks, instances and nuclei say of each other, and that only a nucleus tells."""

import pytest
import torch
from scipy.ndimage import label

from linebyline.data.cells import LEVELS, NUCLEUS, cell_images


@pytest.fixture(scope="module")
def cells():
    return cell_images(60, seed=3)


def test_shapes_and_types(cells):
    assert cells.images.shape == (60, 1, 48, 48)
    assert cells.masks.shape == cells.instances.shape == cells.nuclei.shape == (60, 48, 48)
    assert cells.masks.unique().tolist() == [0, 1, 2]
    assert cells.examples.inputs is cells.images
    assert cells.examples.targets is cells.masks
    assert cell_images(2, side=64).images.shape == (2, 1, 64, 64)


def test_a_cell_is_of_one_kind_and_ground_is_no_cell(cells):
    assert torch.equal(cells.masks > 0, cells.instances > 0)
    for masks, instances in zip(cells.masks, cells.instances, strict=True):
        for number in instances.unique():
            assert len(masks[instances == number].unique()) == 1


def test_cells_keep_a_pixel_apart(cells):
    for axis in (1, 2):
        one, other = (cells.instances.narrow(axis, start, 47) for start in (0, 1))
        assert ((one == other) | (one == 0) | (other == 0)).all()


def test_many_gaps_are_one_pixel_wide(cells):
    """Cells touch: otherwise nobody would need to keep them apart."""
    left, middle, right = (cells.instances[:, :, i : i + 46] for i in range(3))
    narrow = (middle == 0) & (left > 0) & (right > 0) & (left != right)
    assert narrow.sum() > 60 * 10


def test_a_nucleus_lies_in_its_cell_and_is_light_or_dark(cells):
    assert (cells.instances[cells.nuclei] > 0).all()
    bright = cells.images[:, 0]
    for kind, name in ((1, "light"), (2, "dark")):
        here = bright[cells.nuclei & (cells.masks == kind)]
        assert here.mean().item() == pytest.approx(LEVELS[name], abs=0.01)
        assert here.std().item() == pytest.approx(0.06, abs=0.01)
    for instances, nuclei in zip(cells.instances, cells.nuclei, strict=True):
        for number in instances.unique()[1:]:
            there = nuclei & (instances == number)
            assert 1 <= there.sum() <= 3.2 * (NUCLEUS + 0.5) ** 2
            assert label(there)[1] == 1


def test_without_its_nucleus_a_cell_does_not_tell_its_kind():
    cells = cell_images(400, seed=0)
    body = (cells.instances > 0) & ~cells.nuclei
    light, dark = (cells.images[:, 0][body & (cells.masks == kind)] for kind in (1, 2))
    assert abs(light.mean() - dark.mean()) < 0.003
    assert abs(light.std() - dark.std()) < 0.003
    area = [(cells.masks == kind).float().mean().item() for kind in (1, 2)]
    assert area[0] == pytest.approx(area[1], rel=0.07)


def test_a_seed_is_an_image_and_noise_is_only_added():
    same = cell_images(3, seed=1)
    assert torch.equal(same.images, cell_images(3, seed=1).images)
    assert not torch.equal(same.images, cell_images(3, seed=2).images)
    clear = cell_images(3, seed=1, noise=0)
    assert torch.equal(clear.masks, same.masks)
    assert (same.images - clear.images).std().item() == pytest.approx(0.06, abs=0.003)


def test_all_places_can_be_filled():
    for share, low, high in ((1.0, 9, 9), (0.1, 0, 3)):
        counts = [
            len(each.unique()) - 1 for each in cell_images(20, filled=share, seed=0).instances
        ]
        assert low <= sum(counts) / 20 <= high


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    for options, message in (
        ({"count": 0}, "^count must be at least 1, not 0"),
        ({"count": 1, "side": 40}, "^side must be a multiple of 16, not 40"),
        ({"count": 1, "side": 0}, "^side must be a multiple of 16, not 0"),
        ({"count": 1, "noise": -0.1}, "^noise must not be negative"),
        ({"count": 1, "filled": 0.0}, "^filled must be above 0"),
        ({"count": 1, "filled": 1.1}, "^filled must be above 0"),
    ):
        with pytest.raises(ValueError, match=message):
            cell_images(**options)
