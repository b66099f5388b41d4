"""Progressive growing: a generator and a critic of small images, which grow while they learn."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from linebyline.layers.equalized import EqualizedConv2d, EqualizedLinear
from linebyline.layers.minibatch_std import MinibatchStd
from linebyline.layers.pixel_norm import PixelNorm


def upsampled(x: Float[Tensor, "batch channels h w"]) -> Float[Tensor, "batch channels H W"]:
    """Twice as high and as wide: each pixel becomes a square of four."""
    return interpolate(x, scale_factor=2, mode="nearest")


def downsampled(x: Float[Tensor, "batch channels h w"]) -> Float[Tensor, "batch channels H W"]:
    """Half as high and as wide: each square of four becomes its mean. It undoes `upsampled`."""
    return avg_pool2d(x, 2)


def faded_images(
    images: Float[Tensor, "batch channels h w"], alpha: float
) -> Float[Tensor, "batch channels h w"]:
    """Data as a critic sees them in a fade: (1 - α) of what was to be seen before, α of the new.

    Source: Karras et al. 2018, caption of figure 2 (real images, too, lie between two resolutions
    there).
    """
    if alpha == 1:
        return images
    return torch.lerp(upsampled(downsampled(images)), images, alpha)


class Growing(nn.Module):
    """What both networks share: a stage, and how far its layers are let in.

    Attributes:
        stage: which of the sizes is being made or judged; 0 is the smallest.
        alpha: how far the newest layers are let in, from 0 (not at all) to 1.
    """

    def __init__(self, channels: Sequence[int], base: int) -> None:
        super().__init__()
        if not channels or min(channels) < 1:
            raise ValueError(f"channels must name at least 1 for each stage, not {list(channels)}")
        if base < 1:
            raise ValueError(f"base must be at least 1, not {base}")
        self.channels, self.base = tuple(channels), base
        self.grow(0)

    def grow(self, stage: int, alpha: float = 1.0) -> None:
        """Go to a stage, with its layers let in as far as alpha says; the weights stay.

        Raises:
            ValueError: there is no such stage, or `alpha` does not lie between 0 and 1.
        """
        if not 0 <= stage < len(self.channels):
            raise ValueError(f"stage must be one of 0 to {len(self.channels) - 1}, not {stage}")
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
        self.stage, self.alpha = stage, float(alpha)

    @property
    def side(self) -> int:
        """Pixels along a side, at this stage."""
        return self.base * 2**self.stage


class ProgressiveGenerator(Growing):
    """From noise to images of base · 2^stage pixels along a side.

    Source: Karras, Aila, Laine & Lehtinen 2018, *Progressive Growing of GANs*, sections 2 and 4,
    and table 2: equalized learning rate, leaky rectifiers, pixel normalization after each
    convolution and of the noise, nearest-neighbour upsampling, images by a linear layer of
    1 x 1 pixels at each size. Deviation: one convolution of 3 x 3 at each size, where theirs have
    two.

    Args:
        noise_size: numbers in z.
        channels: of the features at each stage, from the smallest size on.
        base: pixels along a side at stage 0.
        image_channels: 1 for grey images, 3 for coloured ones.
        generator: draws the first weights of all stages.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(
        self,
        noise_size: int = 32,
        channels: Sequence[int] = (64, 32, 16),
        *,
        base: int = 7,
        image_channels: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(channels, base)
        first = channels[0]
        self.noise_size = noise_size
        self.from_noise = EqualizedLinear(noise_size, first * base**2, generator=generator)
        self.blocks = nn.ModuleList(
            EqualizedConv2d(before, after, generator=generator)
            for before, after in zip([first, *channels], channels, strict=False)
        )
        self.to_image = nn.ModuleList(
            EqualizedConv2d(width, image_channels, 1, gain=1, generator=generator)
            for width in channels
        )
        self.norm = PixelNorm()

    def forward(self, noise: Float[Tensor, "batch noise"]) -> Float[Tensor, "batch c side side"]:
        """One image for each row of the noise."""
        first, base = self.channels[0], self.base
        h = self.from_noise(self.norm(noise)).view(-1, first, base, base)
        h = self.norm(leaky_relu(h, 0.2))
        h = self.block(0, h)
        for stage in range(1, self.stage):
            h = self.block(stage, upsampled(h))
        if self.stage == 0:
            return self.to_image[0](h)
        wide = upsampled(h)
        new = self.to_image[self.stage](self.block(self.stage, wide))
        if self.alpha == 1:
            return new
        old = self.to_image[self.stage - 1](wide)
        return torch.lerp(old, new, self.alpha)  # (1 - α) old + α new

    def block(self, stage: int, h: Tensor) -> Tensor:
        """The features of one size: convolution, rectifier, one length at each place."""
        return self.norm(leaky_relu(self.blocks[stage](h), 0.2))


class ProgressiveCritic(Growing):
    """From images of base · 2^stage pixels along a side to one number each.

    Source: Karras et al. 2018, as for `ProgressiveGenerator`, which it mirrors, without pixel
    normalization and with the minibatch standard deviation before the last convolution. Deviation:
    one convolution of 3 x 3 at each size.

    Args:
        channels: of the features at each stage, from the smallest size on, as the generator's.
        base: pixels along a side at stage 0.
        image_channels: 1 for grey images, 3 for coloured ones.
        hidden: units of the layer before the answer.
        batch_spread: False leaves the minibatch standard deviation out.
        generator: draws the first weights of all stages.

    Raises:
        ValueError: a size is below 1, or images have another size than the stage's.
    """

    def __init__(
        self,
        channels: Sequence[int] = (64, 32, 16),
        *,
        base: int = 7,
        image_channels: int = 1,
        hidden: int = 64,
        batch_spread: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(channels, base)
        if hidden < 1:
            raise ValueError(f"hidden must be at least 1, not {hidden}")
        first = channels[0]
        self.from_image = nn.ModuleList(
            EqualizedConv2d(image_channels, width, 1, generator=generator) for width in channels
        )
        self.spread = MinibatchStd() if batch_spread else nn.Identity()
        inputs = [first + batch_spread, *channels[1:]]
        self.blocks = nn.ModuleList(
            EqualizedConv2d(before, after, generator=generator)
            for before, after in zip(inputs, [first, *channels], strict=False)
        )
        self.hidden = EqualizedLinear(first * base**2, hidden, generator=generator)
        self.answer = EqualizedLinear(hidden, 1, gain=1, generator=generator)

    def forward(self, x: Float[Tensor, "batch c side side"]) -> Float[Tensor, " batch"]:
        """One number for each image."""
        if x.shape[-2:] != (self.side, self.side):
            raise ValueError(
                f"x must have {self.side} pixels along a side at stage {self.stage}, "
                f"not {tuple(x.shape[-2:])}"
            )
        h = leaky_relu(self.from_image[self.stage](x), 0.2)
        if self.stage > 0:
            h = downsampled(self.block(self.stage, h))
            if self.alpha < 1:
                old = leaky_relu(self.from_image[self.stage - 1](downsampled(x)), 0.2)
                h = torch.lerp(old, h, self.alpha)  # (1 - α) old + α new
        for stage in range(self.stage - 1, 0, -1):
            h = downsampled(self.block(stage, h))
        h = self.block(0, self.spread(h)).flatten(1)
        return self.answer(leaky_relu(self.hidden(h), 0.2)).squeeze(1)

    def block(self, stage: int, h: Tensor) -> Tensor:
        """The features of one size: convolution and rectifier."""
        return leaky_relu(self.blocks[stage](h), 0.2)
