"""The averages that batch norms use in evaluation: held as they are, or taken afresh."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from linebyline.layers.batch_norm import BatchNorm

NORMS = (BatchNorm, nn.modules.batchnorm._BatchNorm)
"""This book's and PyTorch's, in any number of dimensions."""

Model = TypeVar("Model", bound=nn.Module)


def hold_statistics(model: Model) -> Model:
    """Let batch norms use the averages that they have, and keep them; scale and shift may learn.

    Call it after `train()`, which undoes it.

    Returns:
        `model`, changed in place.
    """
    for module in model.modules():
        if isinstance(module, NORMS):
            module.eval()
    return model


@torch.no_grad()
def settle_statistics(model: Model, inputs: Tensor) -> Model:
    """Take the averages of all batch norms afresh, from these inputs as one batch.

    For a control with random weights: in evaluation mode a fresh norm would divide by 1, whatever
    comes in.

    Returns:
        `model`, changed in place, in evaluation mode.
    """
    norms = [module for module in model.modules() if isinstance(module, NORMS)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0  # the batch replaces what was there
    model.train()(inputs)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    return model.eval()
