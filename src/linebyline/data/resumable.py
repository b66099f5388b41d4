"""Modules that draw: a checkpoint holds where their random numbers stand."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Resumable(nn.Module):
    """A module with a `generator` of its own, whose state is a part of the module's `state_dict`.

    A run that is resumed from a checkpoint so draws what it would have drawn.
    """

    generator: torch.Generator

    def get_extra_state(self) -> Tensor:
        """Where its random numbers stand, so that a run that is resumed goes on with the next."""
        return self.generator.get_state()

    def set_extra_state(self, state: Tensor) -> None:
        """Go on from there."""
        self.generator.set_state(state.cpu())
