"""Patches of photographs: the right pixels, two halves that share none, nothing downloaded."""

import numpy as np
import pytest
import torch
from skimage import data

from linebyline.data.photographs import NAMES, photo_patches, photograph


@pytest.mark.parametrize("name", NAMES)
def test_every_photograph_is_installed_and_in_colour(name: str) -> None:
    photo = photograph(name)  # the network is out of reach in tests
    assert photo.dtype == torch.uint8
    assert photo.shape[0] == 3
    assert min(photo.shape[1], photo.shape[2] // 2) >= 95
    assert photo.is_contiguous()


@pytest.mark.parametrize("name", NAMES)
def test_pixels_are_those_of_scikit_image(name: str) -> None:
    theirs = getattr(data, name)()
    theirs = theirs[0] if isinstance(theirs, tuple) else theirs  # two views, and their disparity
    ours = photograph(name).permute(1, 2, 0).numpy()
    theirs = theirs if theirs.ndim == 3 else np.repeat(theirs[..., None], 3, axis=2)
    np.testing.assert_array_equal(ours, theirs)


def places(patch: torch.Tensor, photo: torch.Tensor) -> list[int]:
    """The columns at which a patch stands in a photograph."""
    side = patch.shape[-1]
    windows = photo[0].unfold(0, side, 1).unfold(1, side, 1)  # (rows, columns, side, side)
    corners = (windows[..., 0, 0] == patch[0, 0, 0]).nonzero().tolist()
    return [c for r, c in corners if photo[:, r : r + side, c : c + side].equal(patch)]


def test_train_is_from_the_left_half_and_test_from_the_right_one() -> None:
    names = ("cat", "coffee")
    train, test = photo_patches(names, train=30, test=20, side=16, seed=3)
    assert train.targets.tolist() == [0, 1] * 30
    assert test.targets.tolist() == [0, 1] * 20
    assert train.inputs.shape == (60, 3, 16, 16)
    columns: dict[tuple[str, int], list[int]] = {}
    for part, examples in enumerate((train, test)):
        for patch, number in zip(*examples, strict=True):
            photo = photograph(names[number])
            at = places(patch, photo)
            assert at
            columns.setdefault((names[number], part), []).append(min(at))
    for name in names:
        middle = photograph(name).shape[2] // 2
        assert max(columns[name, 0]) + 16 <= middle <= min(columns[name, 1])
        assert max(columns[name, 0]) > middle / 2  # all of the half is used
        assert max(columns[name, 1]) > 1.5 * middle


def test_a_seed_gives_the_same_patches_and_another_gives_others() -> None:
    before = torch.get_rng_state()
    one, same, other = (photo_patches(("cat",), train=2, test=2, seed=s) for s in (1, 1, 2))
    assert one.train.inputs.equal(same.train.inputs)
    assert one.test.inputs.equal(same.test.inputs)
    assert not one.train.inputs.equal(other.train.inputs)
    assert torch.equal(before, torch.get_rng_state())


def test_usual_are_twenty_pieces_of_64_pixels_for_each_part() -> None:
    usual, said = photo_patches(("cat",)), photo_patches(("cat",), train=20, test=20, side=64)
    assert usual.train.inputs.shape == usual.test.inputs.shape == (20, 3, 64, 64)
    zero = photo_patches(("cat",), train=20, test=20, side=64, seed=0)
    for one, two, three in zip(usual, said, zero, strict=True):
        assert one.inputs.equal(two.inputs)
        assert one.inputs.equal(three.inputs)
        assert one.targets.dtype == torch.int64


def test_a_class_is_a_place_among_the_names_and_not_in_the_alphabet() -> None:
    names = ("coffee", "cat")
    for patch, number in zip(*photo_patches(names, train=2, test=1, side=16).train, strict=True):
        assert places(patch, photograph(names[number]))


@pytest.mark.parametrize("side", [8, 95])
def test_the_narrowest_photograph_has_room_for_the_largest_piece(side: int) -> None:
    narrowest = min(NAMES, key=lambda name: min(photograph(name).shape[1:]))
    train, test = photo_patches((narrowest,), train=1, test=1, side=side)
    assert train.inputs.shape == test.inputs.shape == (1, 3, side, side)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name() -> None:
    with pytest.raises(ValueError, match=r"^name must be one of astronaut, .* not 'dog'"):
        photograph("dog")
    for names in ((), "cat", ("cat", "dog")):
        with pytest.raises(ValueError, match=r"^names must be one or more of astronaut"):
            photo_patches(names)
    for name in ("train", "test"):
        with pytest.raises(ValueError, match=rf"^{name} must be at least 1, not 0"):
            photo_patches(**{name: 0})
    for side in (7, 96):
        with pytest.raises(ValueError, match=rf"^side must be from 8 to 95, not {side}"):
            photo_patches(side=side)
