"""Two networks that name single coloured digits; what they see is kept for captioners.

This writes `scene_vision.json` and `scene_vision.safetensors` beside the file::

    python -m linebyline.studies.scene_vision

A scene of 48 x 48 pixels holds one digit. The network is asked for its class and its colour, and is
never told where it lies: the largest value of each channel, wherever it stands, goes into one
linear layer. That layer is thrown away, and what is left gives a grid of 6 x 6 places. "near" sees
22 pixels around the middle of a place, about a digit; "far", with two more convolutions, sees 54,
nearly the whole scene.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.data.mnist import mnist_5k
from linebyline.data.scene_captions import ink_colors
from linebyline.data.scenes import COLORS, digit_scenes
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.init import he_normal_
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import MaxPool2d
from linebyline.studies import record

SIDE, ROWS = 48, 6
WIDTHS = (16, 32, 64)
CONVOLUTIONS = {"near": 3, "far": 5}
STEPS = 2000
BATCH_SIZE = 64
RATE = 0.01
SEED = 100
CHUNK = 50  # batches of scenes that are drawn at once
WEIGHTS = Path(__file__).with_suffix(".safetensors")


def network(kind: str, seed: int) -> nn.Sequential:
    """Convolutions of 3 x 3, the first three of them with a pooling by 2: untrained.

    Args:
        kind: "near" or "far".
        seed: of the weights.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in CONVOLUTIONS:
        raise ValueError(f"kind must be one of {', '.join(CONVOLUTIONS)}, not {kind!r}")
    draw = torch.Generator().manual_seed(seed)
    layers: list[nn.Module] = []
    before = 3
    for place in range(CONVOLUTIONS[kind]):
        after = WIDTHS[min(place, len(WIDTHS) - 1)]
        conv = Conv2d(before, after, 3, padding=1, bias=False, generator=draw)
        he_normal_(conv.weight, generator=draw)
        layers += [conv, BatchNorm2d(after), nn.ReLU()]
        if place < len(WIDTHS):
            layers.append(MaxPool2d(2))
        before = after
    return nn.Sequential(*layers)


def labelled(digits: Examples, count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Scenes of one digit, its class and its colour."""
    scenes = digit_scenes(digits, count=count, side=SIDE, most=1, seed=seed)
    return scenes.images, scenes.classes[:, 0], ink_colors(scenes)[:, 0]


def train(
    model: nn.Sequential, head: nn.Module, digits: Examples, *, steps: int, seed: int, stop: int
) -> list[float]:
    """Adam, with a rate that falls linearly to 0 at `steps`; no scene is seen twice.

    Args:
        model: from `network`, changed in place.
        head: from channels to classes and colours.
        digits: what is drawn into the scenes.
        steps: of the optimizer, as the rate counts them.
        seed: of the scenes.
        stop: after so many steps.

    Returns:
        The loss of each step.
    """
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.train()
    optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=RATE)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    losses = []
    for step in range(stop):
        if step % CHUNK == 0:
            drawn = labelled(digits, CHUNK * BATCH_SIZE, (seed + 1) * 10_000 + step)
        first = step % CHUNK * BATCH_SIZE
        images, classes, colors = (part[first : first + BATCH_SIZE] for part in drawn)
        of_class, of_color = answers(model, head, images)
        loss = cross_entropy(of_class, classes) + cross_entropy(of_color, colors)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
        losses.append(loss.item())
    return losses


def answers(model: nn.Module, head: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of the ten classes and of the colours."""
    grid = model(images.contiguous(memory_format=torch.channels_last))
    of_class, of_color = head(grid.amax((2, 3))).split([10, len(COLORS)], dim=1)
    return of_class, of_color


def trained(kind: str) -> nn.Sequential:
    """A stored network, for use: in evaluation mode, and frozen.

    Raises:
        ValueError: there is no such kind.
    """
    model = network(kind, SEED)
    stored = load_file(WEIGHTS)
    own = {
        name.removeprefix(f"{kind}."): value
        for name, value in stored.items()
        if name.startswith(f"{kind}.")
    }
    model.load_state_dict(own)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.eval().requires_grad_(False)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Train both, judge them on digits that they never saw, and store their weights."""
    data = mnist_5k(seed=0)
    weights: dict[str, Tensor] = {}
    found: dict[str, Any] = {}
    for kind in CONVOLUTIONS:
        model = network(kind, SEED)
        draw = torch.Generator().manual_seed(SEED)
        head = Linear(WIDTHS[-1], 10 + len(COLORS), generator=draw)
        losses = train(model, head, data.train, steps=STEPS, seed=SEED, stop=STEPS)
        images, classes, colors = labelled(data.test, 2000, 1)
        model.eval()
        with torch.no_grad():
            of_class, of_color = answers(model, head, images)
        found[kind] = {
            "first_losses": [round(loss, 4) for loss in losses[:5]],
            "class": round((of_class.argmax(1) == classes).double().mean().item(), 4),
            "color": round((of_color.argmax(1) == colors).double().mean().item(), 4),
        }
        weights |= {
            f"{kind}.{name}": value.contiguous() for name, value in model.state_dict().items()
        }
    save_file(weights, WEIGHTS)
    return {
        "settings": {"steps": STEPS, "batch_size": BATCH_SIZE, "rate": RATE, "seed": SEED}
        | {"side": SIDE, "widths": WIDTHS, "convolutions": CONVOLUTIONS},
        "kinds": found,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
