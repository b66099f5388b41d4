"""The small backbone equals torch's parts, and a cell stands where its anchors do."""

import pytest
import torch
from torch import nn
from vision.conftest import generator, images

from linebyline.layers.receptive_field import receptive_field
from linebyline.vision.grid_features import GridFeatures


def test_equals_torchs_parts(same_as_torch) -> None:
    theirs = nn.Sequential()
    for inputs, outputs in ((2, 3), (3, 4)):
        theirs += nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )
    theirs += nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())
    ours = GridFeatures(2, channels=(3, 4))
    same_as_torch(ours.double(), theirs.double(), images(5, 2, 12, 8), std=0.5)


def test_gradient() -> None:
    model = GridFeatures(1, channels=(2,), generator=generator()).double()
    x = images(3, 1, 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: model(x), (x, *model.parameters()))


@pytest.mark.parametrize(("channels", "stride"), [((5,), 2), ((4, 6), 4), ((4, 8, 7), 8)])
def test_sizes(channels: tuple[int, ...], stride: int) -> None:
    model = GridFeatures(channels=channels)
    assert (model.out_channels, model.stride) == (channels[-1], stride)
    found = model(torch.zeros(2, 3, 4 * stride, 3 * stride))
    assert found.shape == (2, channels[-1], 4, 3)


def test_a_cell_s_field_lies_around_its_middle() -> None:
    windows = [layer for layer in GridFeatures().layers if hasattr(layer, "kernel_size")]
    field = receptive_field(windows)
    first, last = field.of(0)
    assert last - first + 1 == 38
    assert first + last == 7  # the middle of pixels 0 to 7
    assert field.of(1)[0] - first == 8


def test_what_is_in_a_cell_s_pixels_moves_that_cell_most() -> None:
    model = GridFeatures(generator=generator()).eval()
    x = torch.rand(1, 3, 64, 64, generator=generator(1), requires_grad=True)
    model(x)[0, :, 2, 5].pow(2).sum().backward()
    assert x.grad is not None
    strength = x.grad.abs().sum((0, 1))
    rows, columns = strength.nonzero().unbind(1)
    assert (rows.min(), columns.min()) >= (1, 25)
    assert (rows.max(), columns.max()) <= (38, 62)
    middle = (strength.sum(1) @ torch.arange(64.0), strength.sum(0) @ torch.arange(64.0))
    assert middle[0] / strength.sum() == pytest.approx(19.5, abs=2)
    assert middle[1] / strength.sum() == pytest.approx(43.5, abs=2)


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (GridFeatures(generator=generator(5)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for mine, its in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(mine, its)


def test_learns_where_a_dot_is() -> None:
    model = GridFeatures(1, channels=(4, 4), generator=generator())
    x = torch.zeros(16, 1, 16, 16)
    x.view(16, -1)[torch.arange(16), torch.randint(256, (16,), generator=generator(1))] = 1
    target = nn.functional.max_pool2d(x, 4)[:, 0]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(120):
        optimizer.zero_grad()
        loss = (model(x)[:, 0] - target).pow(2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * target.var().item()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": ()}, "channels must name at least 1 stage"),
        ({"channels": (3, 0)}, "out_channels must be at least 1"),
        ({"in_channels": 0}, "in_channels must be at least 1"),
    ],
)
def test_refuses(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridFeatures(**options)


@pytest.mark.parametrize("shape", [(2, 3, 60, 64), (2, 3, 64, 20)])
def test_refuses_images_over_which_the_grid_does_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sides that are multiples of 8, but its shape is"):
        GridFeatures()(torch.zeros(shape))
