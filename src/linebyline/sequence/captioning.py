"""Captioning: a decoder that looks at an image, place by place, and says what is there."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from linebyline.data.token_pairs import PADDING
from linebyline.layers.linear import Linear
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.sequence.attention_decoder import BahdanauDecoder, LuongDecoder
from linebyline.sequence.decoder import DecoderState, Written
from linebyline.sequence.encoder import Encoded
from linebyline.sequence.recurrent import State

Images = Float[Tensor, "batch channels height width"]
Tokens = Int[Tensor, "batch time"]


class Captioned(NamedTuple):
    """What a captioner answers."""

    logits: Float[Tensor, "batch vocabulary time"]
    """Of each next token."""

    weights: Float[Tensor, "batch time places"]
    """Where it looked: the places of the grid row by row."""


class Captioner(nn.Module):
    """Attention over a grid of features: each word asks where in the image to look.

    Source: Xu et al. 2015, *Show, attend and tell: neural image caption generation with visual
    attention*, section 3.1 and the soft attention of section 4.2. A network of convolutions turns
    the image into features a_i, one for each place i of a grid; the decoder begins with tanh(W ā +
    b), ā their mean, an LSTM with another matrix for its cell; at every step it takes the mean of
    the a_i, weighted by attention. `BahdanauDecoder` with `gated=True` is the paper's. Deviations:
    the encoder is given, and may be trained with the rest; before the softmax stands one linear
    layer; there is no hard attention.

    `fit` hands over one tensor of inputs, and here two things go in, an image and the words that
    the decoder reads. `pack` lays them side by side, for each example its image's numbers and then
    its tokens, as numbers of the images' type, which holds every id exactly (float32 up to 2²⁴).
    So do not train it in a precision that rounds inputs, such as "bf16-true".

    Args:
        encoder: from images (batch, channels, height, width) to features (batch, memory_size, rows,
            columns).
        decoder: what writes; its `memory_size` is that of the features.
        image_shape: (channels, height, width), where the image ends in a packed row.
        generator: draws the matrices of the first state, as `Linear` does.

    Raises:
        ValueError: the inputs are no packed rows of such images with at least one token, a token
            is no whole number, or the encoder gives no grid.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: BahdanauDecoder | LuongDecoder,
        image_shape: Sequence[int],
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.image_shape = tuple(image_shape)
        if len(self.image_shape) != 3 or min(self.image_shape) < 1:
            raise ValueError(
                f"image_shape must be (channels, height, width), each at least 1, not {image_shape}"
            )
        network = decoder.recurrent
        outputs = network.num_layers * network.hidden_size
        self.first = nn.ModuleList(
            Linear(decoder.memory_size, outputs, generator=generator) for _ in range(network.parts)
        )

    def forward(self, inputs: Float[Tensor, "batch packed"]) -> Captioned:
        """Logits and attention weights for captions that are told."""
        images, tokens = self._unpack(inputs)
        logits, weights, _ = self.write(images, tokens)
        assert weights is not None
        return Captioned(logits, weights)

    def write(self, images: Images, tokens: Tokens) -> Written:
        """The same, from images and tokens apart: row t of the weights is where the decoder looked
        to say what follows tokens[:, t].
        """
        return self.decoder(tokens, self.begin(images))

    def begin(self, images: Images) -> DecoderState:
        """Look at the images; the state before the first token of their captions."""
        grid = self.encoder(images)
        if grid.ndim != 4:
            raise ValueError(
                "encoder must give features (batch, memory_size, rows, columns), but their shape "
                f"is {tuple(grid.shape)}"
            )
        a = grid.flatten(2).transpose(1, 2)  # (B, places, D)
        inside = torch.ones(a.shape[:2], dtype=torch.bool, device=a.device)
        state = self._first_state(a.mean(1))
        return self.decoder.begin(Encoded(a, a.mean(1), state, inside), state)

    def step(
        self, token: Int[Tensor, " batch"], state: DecoderState
    ) -> tuple[Float[Tensor, "batch vocabulary"], DecoderState]:
        """From the last token and the state before it to the next one's logits."""
        return self.decoder.step(token, state)

    def _first_state(self, mean: Float[Tensor, "batch width"]) -> State:
        layers = self.decoder.recurrent.num_layers
        parts = [
            torch.tanh(map_(mean)).unflatten(1, (layers, -1)).transpose(0, 1).contiguous()
            for map_ in self.first
        ]  # each (layers, B, H)
        return parts[0] if len(parts) == 1 else (parts[0], parts[1])

    def _unpack(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        size = math.prod(self.image_shape)
        if inputs.ndim != 2 or inputs.shape[1] <= size:
            raise ValueError(
                f"inputs must be (batch, packed) with {size} numbers of an image of "
                f"{self.image_shape} and at least one token, but their shape is "
                f"{tuple(inputs.shape)}"
            )
        images, words = inputs[:, :size], inputs[:, size:]
        tokens = words.long()
        if inputs.device.type == "cpu" and not torch.equal(tokens.to(words.dtype), words):
            raise ValueError(
                f"inputs must end in tokens, whole numbers, from column {size} on, but do not"
            )
        return images.unflatten(1, self.image_shape), tokens


def pack(images: Images, tokens: Tokens) -> Float[Tensor, "batch packed"]:
    """Images and what the decoder reads, side by side: the inputs of a `Captioner`.

    Raises:
        ValueError: they differ in number.
    """
    if len(images) != len(tokens):
        raise ValueError(f"tokens must be {len(images)} rows, one an image, not {len(tokens)}")
    return torch.cat([images.flatten(1), tokens.to(images.dtype)], dim=1)


class CaptionLoss(nn.Module):
    """The mean of -log P over all words, and λ times `doubly_stochastic_penalty`.

    Source: Xu et al. 2015, section 4.2.1. Deviation: they add up -log P over a
    caption, and here it is averaged over the words of a batch, so their λ would be larger.

    Args:
        penalty: λ, at least 0.

    Raises:
        ValueError: λ is negative or not finite.
    """

    def __init__(self, penalty: float = 0.0) -> None:
        super().__init__()
        if not 0 <= penalty < math.inf:
            raise ValueError(f"penalty must be at least 0 and finite, not {penalty}")
        self.penalty = penalty

    def forward(self, prediction: Captioned, target: Tokens) -> Float[Tensor, ""]:
        """The loss; targets that are padding count in neither part."""
        loss = cross_entropy(prediction.logits, target, ignore_index=PADDING)
        if self.penalty == 0:
            return loss
        inside = target != PADDING
        return loss + self.penalty * doubly_stochastic_penalty(prediction.weights, inside)


def doubly_stochastic_penalty(
    weights: Float[Tensor, "batch time places"], inside: Bool[Tensor, "batch time"]
) -> Float[Tensor, ""]:
    """Σ_i (1 - Σ_t α_ti)², the mean over the batch: each place should be looked at once in all.

    Source: Xu et al. 2015, section 4.2.1. The weights of a step add up to 1; those of a place need
    not. There are as many looks as words, and places may be more, or fewer: the least that the
    penalty can be is L (1 - T/L)², for T words and L places.

    Args:
        weights: α_ti, of step t and place i.
        inside: True for the steps that count.
    """
    looks = (weights * inside[..., None]).sum(1)  # Σ_t α_ti: (B, places)
    return (1 - looks).square().sum(1).mean()
