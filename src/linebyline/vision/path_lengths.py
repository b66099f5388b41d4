"""The gradient of a residual network, apart by the number of branches that it came through."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.vision.preactivation import PreActivationBlock
from linebyline.vision.residual_blocks import ResidualBlock


def gradient_by_path_length(
    blocks: Sequence[ResidualBlock],
    h: Float[Tensor, "batch channels height width"],
    loss: Callable[[Tensor], Tensor],
) -> Float[Tensor, "lengths batch channels height width"]:
    """Part i is the sum over all paths from h to the loss that pass exactly i branches.

    Source: Veit, Wilber & Belongie 2016, *Residual networks behave like ensembles of relatively
    shallow networks*, who sample paths of a given length. Here all of them are summed exactly. On
    its way down through a block the gradient along the shortcut keeps its length, the gradient
    through the branch J gets one more:

        g⁽ⁱ⁾ <- g⁽ⁱ⁾ + Jᵀ g⁽ⁱ⁻¹⁾.

    So n blocks take about n²/2 backward passes of one block, and not 2ⁿ. A projection or a padding
    counts as shortcut, and the ReLU behind the sum belongs to both ways. What came in is treated as
    given: no gradient reaches h itself or the parameters.

    Args:
        blocks: in their order, in the mode (training or evaluation) that you want; none of them
            plain, and none pre-activated, whose norm and ReLU may be part of both ways.
        h: what the first block is given.
        loss: what the last block's output comes to, a scalar.

    Returns:
        The n + 1 parts, which add up to the gradient of the loss by h.

    Raises:
        ValueError: there is no block, or one is plain or pre-activated.
    """
    if not blocks:
        raise ValueError("blocks must be at least one, but there is none")
    for place, block in enumerate(blocks):
        if block.shortcut == "none" or isinstance(block, PreActivationBlock):
            kind = "plain" if block.shortcut == "none" else "pre-activated"
            raise ValueError(
                f"blocks must add their branch and take the ReLU, but blocks[{place}] is {kind}"
            )
    steps = []
    h = h.detach()
    for block in blocks:
        h.requires_grad_()
        carried = block.carried(h).clone()  # else it may be h itself, which has no way to go back
        branch = block.residual(h)
        total = (carried + branch).detach()
        steps.append((h, carried, branch, total > 0))
        h = torch.relu(total)
    (top,) = torch.autograd.grad(loss(h.requires_grad_()), h)
    parts = [top]  # no branch passed so far
    for h, carried, branch, let_through in reversed(steps):
        bent = [part * let_through for part in parts]
        past = [torch.autograd.grad(carried, h, g, retain_graph=True)[0] for g in bent]
        through = [torch.autograd.grad(branch, h, g, retain_graph=True)[0] for g in bent]
        nothing = torch.zeros_like(h)
        parts = [a + b for a, b in zip([*past, nothing], [nothing, *through], strict=True)]
    return torch.stack(parts).detach()
