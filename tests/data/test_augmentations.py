"""Each augmentation draws what it says, for each image anew, and nothing from the global source."""

import kornia.augmentation
import pytest
import torch
from torch import Tensor

from linebyline.data.affine import affine
from linebyline.data.augmentations import (
    ColorJitter,
    RandomAffine,
    RandomErase,
    RandomFlip,
    uniform,
)

ALL = [
    RandomAffine(shift=2, turn=20, zoom=0.2),
    RandomFlip(),
    RandomErase(3),
    ColorJitter(0.3, 0.3, 0.3, 0.1),
]
each = pytest.mark.parametrize("augmentation", ALL, ids=lambda each: type(each).__name__)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def photographs(count: int = 64) -> Tensor:
    return torch.rand(count, 3, 8, 10, generator=generator(9))


@each
def test_repeatable_and_the_global_generator_left_alone(augmentation) -> None:
    before = torch.get_rng_state()
    first, second = (augmentation(photographs(), generator(5)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first, second)
    assert not torch.equal(first, augmentation(photographs(), generator(6)))


@each
def test_other_draws_for_each_image_and_batch(augmentation) -> None:
    same = photographs(1).expand(64, 3, 8, 10)
    source = generator()
    first, second = augmentation(same, source), augmentation(same, source)
    assert len({tuple(image.flatten().tolist()) for image in first}) > 1
    assert not torch.equal(first, second)


@each
def test_the_images_themselves_stay(augmentation) -> None:
    images = photographs()
    augmentation(images, generator())
    assert torch.equal(images, photographs())


@each
def test_keeps_shape_precision_and_range(augmentation) -> None:
    for dtype in (torch.float32, torch.float64):
        changed = augmentation(photographs().to(dtype), generator())
        assert changed.dtype == dtype
        assert changed.shape == (64, 3, 8, 10)
        assert changed.min() >= 0
        assert changed.max() <= 1 + 1e-6


@each
def test_gradient(augmentation) -> None:
    images = 0.2 + 0.6 * photographs(2).double()  # away from where colours are clipped
    change = lambda x: augmentation(x, generator())  # noqa: E731
    assert torch.autograd.gradcheck(change, images.requires_grad_())


@pytest.mark.parametrize("augmentation", ALL[:3], ids=lambda each: type(each).__name__)
def test_images_without_channels(augmentation) -> None:
    grey = photographs()[:, :1]
    with_channel, without = (augmentation(x, generator()) for x in (grey, grey[:, 0]))
    assert torch.equal(with_channel[:, 0], without)


def test_affine_is_the_affine_of_its_draws() -> None:
    images, source = photographs(), generator()
    count = len(images)
    right, down = uniform(count, -2, 2, source), uniform(count, -2, 2, source)
    turn, zoom = uniform(count, -20, 20, source), 1.2 ** uniform(count, -1, 1, source)
    reference = affine(images, right=right, down=down, turn=turn, zoom=zoom)
    assert torch.equal(ALL[0](images, generator()), reference)
    for draws, limit in (
        (right, 2),
        (down, 2),
        (turn, 20),
        (zoom.log() / torch.tensor(1.2).log(), 1),
    ):
        assert limit * 0.9 < draws.abs().max() <= limit
        assert draws.mean().abs() < limit * 0.25


def test_the_default_changes_nothing_or_is_the_paper_s() -> None:
    images = photographs()
    torch.testing.assert_close(RandomAffine()(images, generator()), images, rtol=0, atol=1e-5)
    assert RandomFlip() == RandomFlip(0.5)
    assert RandomErase(3) == RandomErase(3, share=1)


def test_what_lies_outside_is_handed_on() -> None:
    ones = torch.ones(20, 6, 6)
    for outside, least in (("zeros", 0), ("border", 1), ("reflection", 1)):
        moved = RandomAffine(shift=2, outside=outside)(ones, generator())
        assert moved.min() == pytest.approx(least, abs=1e-5)
    assert RandomAffine() == RandomAffine(outside="zeros")


def test_none_or_all_are_mirrored() -> None:
    images = photographs()
    assert torch.equal(RandomFlip(0)(images, generator()), images)
    assert torch.equal(RandomFlip(1)(images, generator()), images.flip(-1))


def test_flip_equals_kornia_where_it_flips() -> None:
    images = photographs(1000)
    flipped = RandomFlip(0.3)(images, generator())
    mirrored = kornia.augmentation.RandomHorizontalFlip(p=1.0)(images)
    was = (flipped == images).flatten(1).all(1)
    is_mirrored = (flipped == mirrored).flatten(1).all(1)
    assert (was ^ is_mirrored).all()
    assert 0.25 < is_mirrored.double().mean() < 0.35


def test_erase_takes_one_square() -> None:
    ones = torch.ones(500, 8, 10)
    erased = RandomErase(3, share=0.5)(ones, generator())
    gone = erased == 0
    assert ((erased == 1) | gone).all()
    touched = gone.flatten(1).any(1)
    assert 0.4 < touched.double().mean() < 0.6
    heights, widths = gone.any(2).sum(1)[touched], gone.any(1).sum(1)[touched]
    assert torch.equal(heights * widths, gone.flatten(1).sum(1)[touched])  # filled, no holes
    for sides in (heights, widths):  # whole inside, cut at the rim
        assert sides.max() == 3
        assert 2 <= sides.min() < 3
    assert gone.any(0).all()  # every pixel has its turn


def test_color_jitter_by_hand() -> None:
    images = photographs(3)
    factor = uniform(3, 0.7, 1.3, generator())
    brighter = (images * factor[:, None, None, None]).clamp(0, 1)
    torch.testing.assert_close(ColorJitter(brightness=0.3)(images, generator()), brighter)
    source = generator()
    uniform(3, 1, 1, source)
    factor = uniform(3, 0.7, 1.3, source)[:, None, None, None]
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # Rec. 601, as kornia has it
    mean = (images * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    contrasted = (mean + factor * (images - mean)).clamp(0, 1)
    torch.testing.assert_close(ColorJitter(contrast=0.3)(images, generator()), contrasted)
    factor = uniform(3, 0.7, 1.3, source)[:, None, None, None]
    grey = (images * weights).sum(1, keepdim=True)
    saturated = (grey + factor * (images - grey)).clamp(0, 1)
    torch.testing.assert_close(ColorJitter(saturation=0.3)(images, generator()), saturated)
    red = torch.eye(3)[0].view(1, 3, 1, 1).expand(3, 3, 2, 2)
    turn = uniform(3, -0.1, 0.1, source)[:, None, None]  # to yellow, a sixth of the circle, or back
    green, blue = (6 * turn).clamp(0).expand(3, 2, 2), (-6 * turn).clamp(0).expand(3, 2, 2)
    turned = torch.stack([torch.ones(3, 2, 2), green, blue], 1)
    torch.testing.assert_close(ColorJitter(hue=0.1)(red, generator()), turned, rtol=0, atol=1e-5)


def test_color_jitter_is_its_four_parts_in_order() -> None:
    amounts = {"brightness": 0.3, "contrast": 0.2, "saturation": 0.4, "hue": 0.1}
    expected = photographs()
    for name, amount in amounts.items():  # each alone draws for the others, too
        expected = ColorJitter(**{name: amount})(expected, generator())
    assert torch.equal(ColorJitter(**amounts)(photographs(), generator()), expected)
    assert torch.equal(ColorJitter()(photographs(), generator()), photographs())


def test_hue_turns_red_to_green_by_a_third() -> None:
    red = torch.zeros(200, 3, 2, 2)
    red[:, 0] = 1
    turned = ColorJitter(hue=0.5)(red, generator())
    for channel in range(3):  # each of the pure colours is met, or nearly
        assert turned[:, channel].max() > 0.95
        assert turned[:, channel].min() < 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomAffine(shift=-1), "shift must be at least 0, not -1"),
        (lambda: RandomAffine(turn=-1), "turn must be at least 0, not -1"),
        (lambda: RandomAffine(zoom=-0.1), "zoom must be at least 0, not -0.1"),
        (lambda: RandomAffine(shift=float("nan")), "shift must be at least 0, not nan"),
        (lambda: RandomAffine(outside="wrap"), "outside must be one of zeros, border, reflection"),
        (lambda: RandomFlip(1.5), "share must be from 0 to 1, not 1.5"),
        (lambda: RandomErase(0), "size must be at least 1, not 0"),
        (lambda: RandomErase(2, share=-1), "share must be from 0 to 1, not -1"),
        (lambda: ColorJitter(brightness=-0.1), "brightness must be from 0 to 1, not -0.1"),
        (lambda: ColorJitter(contrast=2), "contrast must be from 0 to 1, not 2"),
        (lambda: ColorJitter(hue=0.6), "hue must be from 0 to 0.5, not 0.6"),
    ],
)
def test_refuses(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("shape", [(2, 1, 4, 4), (2, 3, 4)])
def test_color_jitter_refuses_grey_images(shape: tuple[int, ...], without_shape_checks) -> None:
    with pytest.raises(ValueError, match=rf"images must be in colour, .* not \({shape[0]}, .* 4\)"):
        ColorJitter(0.1)(torch.zeros(shape), generator())
