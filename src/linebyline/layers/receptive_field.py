"""Receptive fields: which inputs a unit can see, computed; and which it heeds, by its gradient."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.conv2d import pair
from linebyline.layers.conv_transpose2d import ConvTranspose2d


class Window(NamedTuple):
    """How a layer lays its window along one direction: what a convolution or a pooling does."""

    kernel: int
    stride: int = 1
    padding: int = 0
    """Zeros before the first input."""

    dilation: int = 1


@runtime_checkable
class Windowed(Protocol):
    """A layer that says `kernel_size`; `stride`, `padding` and `dilation` are read if it has them.

    `Conv2d` and the poolings are such, ours and torch's.
    """

    kernel_size: int | tuple[int, int]


class ReceptiveField(NamedTuple):
    """The inputs that the units of a layer see, along one direction."""

    size: int
    """How many inputs lie between the first and the last that a unit sees, both counted."""

    jump: int
    """By how many inputs the next unit's field is moved: the product of the strides."""

    start: int
    """The first input that unit 0 sees; below 0 it is in the padding."""

    def of(self, unit: int) -> tuple[int, int]:
        """The first and the last input that this unit sees, as if the input had no ends."""
        first = self.start + unit * self.jump
        return first, first + self.size - 1


def receptive_field(layers: Sequence[Window | Windowed], *, axis: int = 0) -> ReceptiveField:
    """Follow a window through a chain of layers, from the input up.

    Source: Araujo, Norris & Sim 2019, *Computing receptive fields of convolutional neural
    networks*, whose recurrences these are, read from below. Units of layer l - 1 are j inputs
    apart. So a window of k of them, d apart, reaches d(k - 1)j inputs farther than one does; its
    p zeros begin p·j inputs earlier; and a step of s units is one of s·j inputs.

    Args:
        layers: from the input up; those that look at one place at a time (activation functions,
            batch normalization, a product by one number) are left out, for they change nothing.
            No layer at all is the input itself.
        axis: 0 goes through the rows of an image, 1 through its columns.

    Raises:
        ValueError: a layer has no `kernel_size`, or is a transposed convolution, whose units differ
            in what they see; `axis` is neither 0 nor 1.
    """
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 (rows) or 1 (columns), not {axis}")
    size, jump, start = 1, 1, 0
    for layer in layers:
        kernel, stride, padding, dilation = _window(layer, axis)
        size += dilation * (kernel - 1) * jump
        start -= padding * jump
        jump *= stride
    return ReceptiveField(size, jump, start)


def influence(
    model: Callable[[Tensor], Tensor],
    images: Float[Tensor, "batch channels height width"],
    row: int,
    column: int,
) -> Float[Tensor, "height width"]:
    """How strongly each pixel moves the unit at a place: the effective receptive field.

    Source: Luo, Li, Urtasun & Zemel 2016, *Understanding the effective receptive field in deep
    convolutional neural networks*: the gradient of one unit by the input. Here it is the root mean
    square over the images and their channels, for the unit of the first output channel; for random
    weights their theory speaks of the square's expectation.

    Args:
        model: images to (batch, channels, rows, columns); each image is treated for itself.
        images: where the gradient is taken.
        row: of the unit; negative numbers count from the end.
        column: of the unit.

    Raises:
        ValueError: the model's answer has not four axes, or has no such place.
    """
    x = images.detach().clone().requires_grad_()
    y = model(x)
    if y.ndim != 4:
        raise ValueError(f"model must answer with 4 axes, but its answer is {tuple(y.shape)}")
    for name, at, count in (("row", row, y.shape[2]), ("column", column, y.shape[3])):
        if not -count <= at < count:
            raise ValueError(f"{name} must be from {-count} to {count - 1}, not {at}")
    (gradient,) = torch.autograd.grad(y[:, 0, row, column].sum(), x)
    return gradient.square().mean((0, 1)).sqrt()


def _window(layer: Window | Windowed, axis: int) -> Window:
    if isinstance(layer, Window):
        return layer
    if not hasattr(layer, "kernel_size"):
        raise ValueError(
            f"layers must hold layers with a kernel_size, but one is {type(layer).__name__}; "
            "leave out what looks at one place at a time"
        )
    if isinstance(layer, ConvTranspose2d | nn.ConvTranspose2d):
        raise ValueError(
            "layers must hold no transposed convolution: what its units see depends on their phase "
            "(`influence` measures it)"
        )
    kernel = pair("kernel_size", layer.kernel_size)[axis]
    stride = pair("stride", getattr(layer, "stride", 1))[axis]
    dilation = pair("dilation", getattr(layer, "dilation", 1))[axis]
    padding = getattr(layer, "padding", 0)
    before = dilation * (kernel - 1) // 2 if padding == "same" else None
    return Window(
        kernel,
        stride,
        pair("padding", padding, least=0)[axis] if before is None else before,
        dilation,
    )
