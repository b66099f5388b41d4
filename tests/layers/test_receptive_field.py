"""The computed field is what a gradient sees, in random chains; influence is the gradient."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.blur_pool import BlurPool2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.conv_transpose2d import ConvTranspose2d
from linebyline.layers.pooling import AvgPool2d, MaxPool2d
from linebyline.layers.receptive_field import ReceptiveField, Window, influence, receptive_field

layer = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(1, 2))


@settings(deadline=None, max_examples=60)
@given(layers=st.lists(layer, max_size=4), unit=st.integers(0, 30))
def test_is_what_the_gradient_sees(layers, unit) -> None:
    """With positive weights nothing cancels, so that every input in the field has a gradient."""
    chain = [
        Conv2d(1, 1, (1, k), stride=(1, s), padding=(0, p), dilation=(1, d))
        for k, s, p, d in layers
    ]
    for part in chain:
        nn.init.ones_(part.weight)
    net, images = nn.Sequential(*chain).double(), torch.zeros(1, 1, 1, 60).double()
    unit = min(unit, net(images).shape[3] - 1)
    field = receptive_field(chain, axis=1)
    assert field == receptive_field([Window(*numbers) for numbers in layers])
    first, last = field.of(unit)
    seen = influence(net, images, 0, unit)[0].nonzero().flatten()
    if not len(seen):
        assert first < 0 or last > 59  # it sees padding only
        return
    # What lies in the padding has no gradient; a stride may leave inputs out in between.
    assert seen.min() >= max(first, 0)
    assert seen.max() <= min(last, 59)
    if first >= 0:
        assert seen.min() == first
    if last <= 59:
        assert seen.max() == last
    assert last - first + 1 == field.size


def test_on_paper() -> None:
    """Two layers of 3, a step of 2, one more of 3: 3, 5, then windows of 3 that are 2 apart."""
    chain = [Window(3), Window(3, stride=2), Window(3)]
    fields = [receptive_field(chain[:depth]) for depth in range(4)]
    assert fields == [(1, 1, 0), (3, 1, 0), (5, 2, 0), (9, 2, 0)]
    assert receptive_field([Window(3, padding=1)] * 5) == ReceptiveField(11, 1, -5)
    assert receptive_field([Window(2, 2)] * 3).of(1) == (8, 15)
    doubling = [Window(3, dilation=2**n) for n in range(3)]
    assert [receptive_field(doubling[:depth]).size for depth in (1, 2, 3)] == [3, 7, 15]


def test_reads_layers_ours_and_torchs_in_both_directions() -> None:
    chain = [
        Conv2d(3, 4, (3, 5), padding="same"),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, stride=(1, 2), padding=(0, 1), dilation=2),
    ]
    assert receptive_field(chain) == (12, 2, -1)
    assert receptive_field(chain, axis=1) == (14, 4, -4)
    even = [Conv2d(1, 1, 2, padding="same")]  # its zero stands behind
    assert receptive_field(even) == (2, 1, 0)
    assert receptive_field(even) == receptive_field([nn.Conv2d(1, 1, 2, padding="same")])


class Glance:
    """A layer that says nothing but its window."""

    kernel_size = (3, 5)


def test_what_a_layer_does_not_say_is_usual() -> None:
    assert receptive_field([Glance()]) == (3, 1, 0)
    assert receptive_field([Glance(), Glance()], axis=1) == (9, 1, 0)
    pools = [nn.AvgPool2d(3, stride=2, padding=1), MaxPool2d(2), AvgPool2d(3, padding=1)]
    assert receptive_field(pools) == (3 + 2 + 8, 12, -1 - 4)


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5])
def test_a_blur_says_what_it_lays_before_the_image(kernel_size) -> None:
    chain = [Conv2d(1, 1, 3), BlurPool2d(kernel_size), Conv2d(1, 1, 2)]
    for part in (chain[0], chain[2]):
        nn.init.ones_(part.weight)
    field = receptive_field(chain)
    seen = influence(nn.Sequential(*chain), torch.zeros(1, 1, 40, 40), 6, 6)[:, 13].nonzero()
    assert field.of(6) == (seen.min(), seen.max())


def test_the_zero_of_same_is_counted_in_gaps() -> None:
    dilated = {"padding": "same", "dilation": (2, 3)}
    for layer in (Conv2d(1, 1, 3, **dilated), nn.Conv2d(1, 1, 3, **dilated)):
        assert receptive_field([layer]) == (5, 1, -2)
        assert receptive_field([layer], axis=1) == (7, 1, -3)


def test_influence_is_the_root_mean_square_of_the_gradient() -> None:
    kernel = torch.tensor([[[[1.0, -2], [3, 4]], [[0.0, 2], [-3, 4]]]]).double()
    model = Conv2d(2, 1, 2).double()
    model.weight.data = kernel
    images = torch.randn(5, 2, 4, 4).double()
    expected = torch.zeros(4, 4).double()
    expected[2:, 1:3] = kernel[0].square().mean(0).sqrt()
    torch.testing.assert_close(influence(model, images, -1, 1), expected)
    torch.testing.assert_close(influence(model, images, 2, -2), expected)
    first = influence(model, images, 0, 0)
    torch.testing.assert_close(influence(model, images, -3, -3), first)
    assert images.requires_grad is False
    assert model.weight.grad is None


def test_influence_looks_at_the_first_channel_and_depends_on_the_images() -> None:
    model = nn.Sequential(Conv2d(1, 2, 1, bias=False), nn.ReLU()).double()
    model[0].weight.data[:] = torch.tensor([2.0, 100.0]).view(2, 1, 1, 1)
    images = torch.tensor([1.0, -1.0, -1.0, -1.0]).view(4, 1, 1, 1).double()
    assert influence(model, images, 0, 0).item() == pytest.approx(1.0)  # √(2²/4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([BatchNorm2d(3)],),
            "layers must hold layers with a kernel_size, but one is BatchNorm2d; ",
        ),
        (([Window(3)], 2), "axis must be 0 (rows) or 1 (columns), not 2"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses(arguments, message) -> None:
    layers, *axis = arguments
    with pytest.raises(ValueError, match=re.escape(message)):
        receptive_field(layers, **({"axis": axis[0]} if axis else {}))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("layer", [ConvTranspose2d(1, 1, 3), nn.ConvTranspose2d(1, 1, 3)])
def test_refuses_what_has_a_field_for_each_phase(layer) -> None:
    with pytest.raises(ValueError, match=r"^layers must hold no transposed convolution"):
        receptive_field([Window(3), layer])


def test_influence_refuses_what_has_no_such_unit() -> None:
    images = torch.zeros(1, 1, 5, 6)
    with pytest.raises(ValueError, match=re.escape("row must be from -3 to 2, not 3")):
        influence(Conv2d(1, 1, 3), images, 3, 0)
    with pytest.raises(ValueError, match=re.escape("column must be from -4 to 3, not -5")):
        influence(Conv2d(1, 1, 3), images, 0, -5)
    with pytest.raises(ValueError, match=re.escape("model must answer with 4 axes")):
        influence(nn.Flatten(), images, 0, 0)
