"""SimCLR: two views of an image should be alike, and unlike those of all other images."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from linebyline.data.augmentations import Augmentation
from linebyline.data.pipeline import Pipeline
from linebyline.data.resumable import Resumable
from linebyline.layers.linear import Linear
from linebyline.self_supervised.features import encoded

Images = Shaped[Tensor, "images *channels height width"]
Features = Float[Tensor, "images features"]


class Views(NamedTuple):
    """Two views of each image, as projections: what `nt_xent` compares."""

    first: Float[Tensor, "images projection"]
    second: Float[Tensor, "images projection"]


class ProjectionHead(nn.Module):
    """z = g(h) = W₂ max(0, W₁ h), which is thrown away when the training is over.

    Source: Chen, Kornblith, Norouzi & Hinton 2020, *A simple framework for contrastive learning of
    visual representations*, section 2.1; the sizes are those of section 4.2. Deviation: their code
    puts batch normalization behind both products, of which the paper says nothing.

    Args:
        feature_size: of h; the hidden layer is as wide.
        projection_size: of z.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, or an input has another.
    """

    def __init__(
        self,
        feature_size: int,
        projection_size: int = 128,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"feature_size": feature_size, "projection_size": projection_size}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        linear = partial(Linear, feature_size, bias=False, generator=generator)
        self.hidden = linear(feature_size)  # W₁
        self.output = linear(projection_size)  # W₂

    def forward(self, h: Features) -> Float[Tensor, "images projection"]:
        """The projection of each image's features."""
        return self.output(self.hidden(h).relu())


class SimCLR(Resumable):
    """An encoder f that learns without labels: z = g(f(t(x))), for two draws of t and each image x.

    Source: Chen, Kornblith, Norouzi & Hinton 2020, algorithm 1. The loss of the two projections is
    `linebyline.losses.nt_xent.nt_xent`; `fit` takes it as ``lambda views, _: nt_xent(*views)``, and
    needs targets only to pass over them. What is of use afterwards is the encoder: `features`.

    What the encoder learns *not* to see is what the augmentations change. They are all that tells
    it that two images mean the same.

    Both views go through the encoder as one batch, so that a batch normalization in it takes its
    statistics over both, as in the authors' code.

    Args:
        encoder: f, from images to rows of features; it is given pixels from 0 to 1.
        head: g, such as a `ProjectionHead`; `nn.Identity()` leaves it out.
        augment: t, applied in this order, to pixels from 0 to 1; drawn anew for every view, in
            evaluation mode too, for without it there is nothing to compare.
        seed: of the augmentations. Torch's global generator is left alone.

    Raises:
        ValueError: there is no augmentation, images are neither bytes nor in floating point, or the
            encoder gives no row of features for each image.
    """

    def __init__(
        self,
        encoder: nn.Module,
        head: nn.Module,
        augment: Sequence[Augmentation],
        *,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not augment:
            raise ValueError("augment must hold at least one, for else both views are the same")
        self.encoder = encoder
        self.head = head
        self.augment = tuple(augment)
        self.generator = torch.Generator().manual_seed(seed)

    def view(self, images: Images) -> Float[Tensor, "images *channels height width"]:
        """Each image as another draw of t shows it, in pixels from 0 to 1."""
        x = Pipeline.scale(images)
        for change in self.augment:
            x = change(x, self.generator)
        return x

    def features(self, images: Images) -> Features:
        """The encoder's h = f(x), of the images as they are."""
        return encoded(self.encoder, Pipeline.scale(images))

    def forward(self, images: Images) -> Views:
        """The projections of two views of each image."""
        both = torch.cat([self.view(images), self.view(images)])  # (2N, ...)
        z = self.head(encoded(self.encoder, both))  # (2N, projection)
        return Views(*z.chunk(2))

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets, beside the parts."""
        return f"augment={list(self.augment)}"
