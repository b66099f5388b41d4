"""From one task to the next: which parts of a network are taken over, and how far they may move."""

from __future__ import annotations

from typing import Any

from torch import nn


def transplant(source: nn.Sequential, target: nn.Sequential, parts: int) -> nn.Sequential:
    """Copy the first parts of one network into another, the averages of their norms too.

    Source: Yosinski, Clune, Bengio & Lipson 2014, *How transferable are features in deep neural
    networks?*, figure 1, where the first n layers are copied and the others begin at random.

    Args:
        source: trained; it stays as it is.
        target: of the same first parts; changed in place.
        parts: n, how many.

    Returns:
        `target`.

    Raises:
        ValueError: one of the two has fewer parts, or the weights of a part have other shapes.
    """
    most = min(len(source), len(target))
    if not 0 <= parts <= most:
        raise ValueError(f"parts must be from 0 to {most}, not {parts}")
    for number in range(parts):
        theirs, ours = source[number].state_dict(), target[number].state_dict()
        for name, value in theirs.items():
            if name not in ours or ours[name].shape != value.shape:
                shape = tuple(ours[name].shape) if name in ours else "missing"
                raise ValueError(
                    f"target must have the source's first {parts} parts, but {name!r} of part "
                    f"{number} is {tuple(value.shape)} there and {shape} here"
                )
        target[number].load_state_dict(theirs)
    return target


def freeze(module: nn.Module) -> nn.Module:
    """Let nothing in it change any more: no parameter, no running average, no mask of dropout.

    `requires_grad_(False)` alone keeps the optimizer away, and leaves the averages to `forward`. A
    later call of `train()` on the whole model undoes the second half; call this after it.

    Returns:
        `module`, changed in place.
    """
    return module.requires_grad_(False).eval()


def graded_groups(model: nn.Sequential, rate: float, factor: float = 2.6) -> list[dict[str, Any]]:
    """Groups for an optimizer, one for each part: the last has the rate, each below less.

    Source: Howard & Ruder 2018, *Universal language model fine-tuning for text classification*,
    section 3.2, "discriminative fine-tuning": η of a layer is that of the layer above divided by
    2.6. Parts without parameters have no group, and count for no layer.

    Args:
        model: whose parts are its layers, from below upwards.
        rate: of the last part.
        factor: 1 gives all parts the same rate.

    Raises:
        ValueError: `rate` or `factor` is not above 0.
    """
    for name, value in (("rate", rate), ("factor", factor)):
        if not value > 0:
            raise ValueError(f"{name} must be above 0, not {value}")
    learning = [part for part in model if any(True for _ in part.parameters())]
    heights = range(len(learning) - 1, -1, -1)  # how many layers are above
    return [
        {"params": list(part.parameters()), "lr": rate / factor**above}
        for part, above in zip(learning, heights, strict=True)
    ]
