"""Pretext tasks: questions about an image whose answers are had for nothing, for we made them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor, nn
from torch.nn import functional

from linebyline.data.pipeline import Pipeline
from linebyline.data.resumable import Resumable
from linebyline.self_supervised.features import encoded

Images = Float[Tensor, "images *channels height width"]
Stored = Shaped[Tensor, "images *channels height width"]


class Question(NamedTuple):
    """What an encoder is shown, and what is to be said about it."""

    shown: Images
    answers: Shaped[Tensor, "images ..."]
    """Whole numbers are classes, one for each image; other numbers are pixels from 0 to 1."""
    asked: Shaped[Tensor, "images ..."] | None = None
    """Which of the answers count; None is all."""


Ask = Callable[[Tensor, Generator], Question]


@dataclass(frozen=True)
class QuarterTurn:
    """By how many quarters, counter-clockwise, was this image turned: 0, 1, 2 or 3?

    Source: Gidaris, Singh & Komodakis 2018, *Unsupervised representation learning by predicting
    image rotations*. A quarter turn moves pixels and resamples none, so that it leaves no trace but
    the one that it should. Deviation: they show all four turns of an image in one
    batch; here each image is drawn one.
    """

    choices = 4

    def __call__(self, images: Images, generator: Generator) -> Question:
        """Each image turned, and by how much."""
        _check_square(images)
        quarters = torch.randint(self.choices, (len(images),), generator=generator)
        quarters = quarters.to(images.device)
        shown = images.clone()
        for k in range(1, self.choices):
            shown[quarters == k] = images[quarters == k].rot90(k, (-2, -1))
        return Question(shown, quarters)


@dataclass(frozen=True)
class HiddenSquare:
    """What was in this square?

    Source: Pathak, Krähenbühl, Donahue, Darrell & Efros 2016, *Context encoders: feature learning
    by inpainting*; to restore what was spoiled is Vincent, Larochelle, Bengio &
    Manzagol 2008, *Extracting and composing robust features with denoising autoencoders*.
    Deviation: no adversarial loss beside that of the pixels, and the place of the square is drawn.

    Args:
        size: the square's side in pixels. It lies wholly inside the image.

    Raises:
        ValueError: `size` is below 1, or an image is smaller.
    """

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1, not {self.size}")

    def __call__(self, images: Images, generator: Generator) -> Question:
        """Each image with a square of zeros, and all of its pixels, of which the hidden count."""
        if min(images.shape[-2:]) < self.size:
            raise ValueError(
                f"size must be at most the images' {min(images.shape[-2:])}, not {self.size}"
            )
        hidden = torch.ones_like(images, dtype=torch.bool)
        for axis, length in ((-2, images.shape[-2]), (-1, images.shape[-1])):
            places = length - self.size + 1
            first = torch.randint(places, (len(images),), generator=generator)
            place, first = _along(axis, images), _for_each(first, images)
            hidden &= (place >= first) & (place < first + self.size)
        return Question(images.masked_fill(hidden, 0), images, hidden)


@dataclass(frozen=True)
class NextRow:
    """What comes next: of an image read from above, row by row, what is in row k?

    Source: Bengio, Ducharme, Vincent & Jauvin 2003, *A neural probabilistic language model*, whose
    words are our rows; for pixels Chen, Radford, Child, Wu, Jun, Luan & Sutskever 2020, *Generative
    pretraining from pixels*. Deviation: those ask about every place of a text or an image at once,
    which takes a network that looks at nothing below; here one place of each image is drawn.

    Args:
        first: the first row that may be asked about; those above it are always shown.

    Raises:
        ValueError: `first` is below 0, or an image has no such row.
    """

    first: int = 0

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError(f"first must be at least 0, not {self.first}")

    def __call__(self, images: Images, generator: Generator) -> Question:
        """Each image down to a row, and all of its pixels, of which the next row's count."""
        rows = images.shape[-2]
        if rows <= self.first:
            raise ValueError(f"first must be below the images' {rows} rows, not {self.first}")
        k = torch.randint(self.first, rows, (len(images),), generator=generator)
        place, k = _along(-2, images), _for_each(k, images)
        asked = (place == k).expand_as(images)
        return Question(images.masked_fill(place >= k, 0), images, asked)


@dataclass(frozen=True)
class NothingHidden:
    """What is in this image? The plain autoencoder, which is the control of the two above."""

    def __call__(self, images: Images, generator: Generator) -> Question:
        """The images as they are, and their pixels; nothing is drawn."""
        return Question(images, images)


class Answered(NamedTuple):
    """What was said beside what is true."""

    said: Float[Tensor, "images outputs"]
    question: Question


class Pretext(Resumable):
    """An encoder, with a head for the time of the task, that answers questions drawn anew.

    `fit` trains it with ``lambda answered, _: pretext_loss(answered)``, and needs targets only to
    pass over them. What is of use afterwards is the encoder: `features`.

    Args:
        encoder: f, from images to rows of features; it is given pixels from 0 to 1.
        head: from features to the answer: a logit for each class, or for each pixel.
        ask: makes the questions, in evaluation mode too.
        seed: of the questions. Torch's global generator is left alone.

    Raises:
        ValueError: images are neither bytes nor in floating point, or the encoder gives no row of
            features for each image.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module, ask: Ask, *, seed: int = 0) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.ask = ask
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, images: Stored) -> Answered:
        """A question about each image, and what is said to it."""
        question = self.ask(Pipeline.scale(images), self.generator)
        return Answered(self.head(encoded(self.encoder, question.shown)), question)

    def features(self, images: Stored) -> Float[Tensor, "images features"]:
        """The encoder's features of the images as they are."""
        return encoded(self.encoder, Pipeline.scale(images))

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets, beside the parts."""
        return f"ask={self.ask}"


def pretext_loss(answered: Answered) -> Float[Tensor, ""]:
    """The mean cross-entropy of what was asked: softmax for classes, sigmoid for pixels.

    A pixel is a share of ink, so that the least loss is not 0, but the entropy of the grey.

    Raises:
        ValueError: the head gave not as many outputs as there are pixels, or nothing was asked.
    """
    said, (_, answers, asked) = answered
    if not answers.is_floating_point():
        return functional.cross_entropy(said, answers)
    if said.numel() != answers.numel():
        raise ValueError(
            f"head must give a logit for each pixel, {answers[0].numel()} for an image, not "
            f"{said[0].numel()}"
        )
    losses = functional.binary_cross_entropy_with_logits(
        said.view_as(answers), answers, reduction="none"
    )
    if asked is None:
        return losses.mean()
    if not asked.any():
        raise ValueError("asked must be true somewhere, but nothing was asked")
    return (losses * asked).sum() / asked.sum()


def _along(axis: int, images: Tensor) -> Tensor:
    """0, 1, 2 ... along one axis of the images."""
    shape = [1] * images.ndim
    shape[axis] = images.shape[axis]
    return torch.arange(images.shape[axis], device=images.device).view(shape)


def _for_each(values: Tensor, images: Tensor) -> Tensor:
    """One value for each image, where the images are and of as many axes."""
    return values.to(images.device).view(-1, *[1] * (images.ndim - 1))


def _check_square(images: Tensor) -> None:
    if images.shape[-2] != images.shape[-1]:
        raise ValueError(
            f"images must be square to be turned, not {tuple(images.shape[-2:])} pixels"
        )
