"""Overlaid digits are two digits and a cue; the answer is the digit that the cue names."""

import pytest
import torch

from linebyline.data.digits import digits
from linebyline.data.overlaid_digits import overlaid_digits


def asked(images: torch.Tensor) -> torch.Tensor:
    return (images[:, 1, 0, -1] == 1).long()  # the cue in channel 1


def test_the_answer_is_the_digit_in_the_channel_of_the_cue() -> None:
    data = overlaid_digits(train=200, test=100, seed=3)
    for part, singles in zip(data, digits(classes=range(5), seed=3), strict=True):
        images, answers = part
        known = {image.numpy().tobytes(): label for image, label in zip(*singles, strict=True)}
        for image, channel, answer in zip(images, asked(images), answers, strict=True):
            assert known[image[channel, :, :8].contiguous().numpy().tobytes()] == answer
            assert image[1 - channel, :, :8].contiguous().numpy().tobytes() in known


def test_the_cue_is_a_strip_behind_a_gap() -> None:
    (images, _), _ = overlaid_digits(train=50, test=1, gap=3, strip=2)
    assert images.shape == (50, 2, 8, 13)
    assert (images[:, :, :, 8:11] == 0).all()
    strips = images[:, :, :, 11:]
    assert (strips == strips[:, :, :1, :1]).all()
    assert (strips[:, :, 0, 0].sum(1) == 1).all()


def test_the_cue_may_be_everywhere() -> None:
    near, far = (
        overlaid_digits(train=50, test=1, cue=cue).train for cue in ("everywhere", "strip")
    )
    assert torch.equal(near.targets, far.targets)
    channels = asked(far.inputs)
    background = torch.nn.functional.one_hot(channels, 2)[:, :, None, None]
    digits_only = far.inputs.clone()
    digits_only[..., 8:] = 0
    torch.testing.assert_close(near.inputs, digits_only + background)


def test_neither_the_cue_nor_the_place_tells_the_answer() -> None:
    (images, answers), _ = overlaid_digits(train=4000, test=1, seed=1)
    shares = torch.stack([(answers[asked(images) == side] == 2).float().mean() for side in (0, 1)])
    assert (shares - 0.2).abs().max() < 0.03
    assert 0.45 < asked(images).float().mean() < 0.55


def test_sizes_and_digits_unless_told_otherwise() -> None:
    train, test = overlaid_digits()
    assert train.inputs.shape == (2000, 2, 8, 8 + 10 + 4)
    assert test.inputs.shape == (1000, 2, 8, 8 + 10 + 4)
    assert train.inputs[:, :, :, 8:18].count_nonzero() == 0
    assert train.inputs.dtype == torch.float32
    assert train.targets.dtype == torch.int64
    assert train.targets.unique().tolist() == test.targets.unique().tolist() == [0, 1, 2, 3, 4]
    only = overlaid_digits(train=50, test=50, classes=(3, 8))
    assert only.train.targets.unique().tolist() == only.test.targets.unique().tolist() == [3, 8]


def test_a_seed_gives_the_same_pairs() -> None:
    before = torch.get_rng_state()
    first, again, other = (overlaid_digits(train=20, test=5, seed=s).train for s in (1, 1, 2))
    assert torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.inputs, other.inputs)
    assert not torch.equal(asked(first.inputs), asked(other.inputs))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"train": 0}, "train must be at least 1, not 0"),
        ({"test": 0}, "test must be at least 1, not 0"),
        ({"gap": -1}, "gap must be at least 0, not -1"),
        ({"strip": 0}, "strip must be at least 1, not 0"),
        ({"cue": "frame"}, "cue must be strip or everywhere, not 'frame'"),
        ({"classes": [11]}, r"classes is \[11\]"),
    ],
)
def test_refuses_by_name(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        overlaid_digits(**arguments)
