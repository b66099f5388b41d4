"""A memory of transitions from which a learner draws at random: experience replay."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Transitions(NamedTuple):
    """Some steps: what was seen, what was done, what it earned, what was seen then, and the end.

    `terminated` says that the episode ended there. One that was only cut off is not at its end.
    """

    observations: Float[Tensor, "batch features"]
    actions: Int[Tensor, " batch"]
    rewards: Float[Tensor, " batch"]
    next_observations: Float[Tensor, "batch features"]
    terminated: Bool[Tensor, " batch"]


class ReplayBuffer:
    """The latest `capacity` transitions, in a ring: a new one takes the place of the oldest.

    Source: Lin (1992) for experience replay; Mnih et al. (2013, algorithm 1) for the memory of
    fixed size from which batches are drawn uniformly. Here they are drawn with replacement.

    Args:
        capacity: how many transitions are kept, 1 or more.
        features: the length of an observation, 1 or more.
        device: where the tensors lie; what is added is copied there.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(self, capacity: int, features: int, *, device: torch.device | str = "cpu") -> None:
        for name, size in (("capacity", capacity), ("features", features)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        self.capacity = capacity
        self.added = 0
        self._kept = Transitions(
            torch.zeros(capacity, features, device=device),
            torch.zeros(capacity, dtype=torch.long, device=device),
            torch.zeros(capacity, device=device),
            torch.zeros(capacity, features, device=device),
            torch.zeros(capacity, dtype=torch.bool, device=device),
        )

    def __len__(self) -> int:
        """How many transitions are kept now."""
        return min(self.added, self.capacity)

    def add(self, new: Transitions) -> None:
        """Keep some more transitions, the last of them as the newest.

        Raises:
            ValueError: a part has another shape than the batch and the buffer ask for.
        """
        batch = len(new.actions)
        for name, part, kept in zip(new._fields, new, self._kept, strict=True):
            wanted = (batch, *kept.shape[1:])
            if tuple(part.shape) != wanted:
                raise ValueError(
                    f"{name} must have the shape {wanted}, as there are {batch} actions, "
                    f"not {tuple(part.shape)}"
                )
        new = Transitions(*(part[-self.capacity :] for part in new))  # the rest would be replaced
        self.added += batch - len(new.actions)
        places = (self.added + torch.arange(len(new.actions))) % self.capacity
        for part, kept in zip(new, self._kept, strict=True):
            kept[places] = part.to(kept)
        self.added += len(new.actions)

    def sample(self, batch: int, generator: torch.Generator) -> Transitions:
        """Draw transitions uniformly, with replacement.

        Args:
            batch: how many, 1 or more.
            generator: a CPU generator, whatever the device, so that a seed draws the same on all.

        Raises:
            ValueError: `batch` is below 1, or nothing has been added yet.
        """
        if batch < 1:
            raise ValueError(f"batch must be at least 1, not {batch}")
        if not self.added:
            raise ValueError("the buffer is empty: add transitions before you sample")
        places = torch.randint(len(self), (batch,), generator=generator)
        return Transitions(*(kept[places.to(kept.device)] for kept in self._kept))

    def latest(self, batch: int) -> Transitions:
        """The newest transitions, from the oldest of them to the newest.

        Raises:
            ValueError: so many are not kept.
        """
        if not 1 <= batch <= len(self):
            raise ValueError(f"batch must be from 1 to {len(self)}, what is kept, not {batch}")
        places = torch.arange(self.added - batch, self.added) % self.capacity
        return Transitions(*(kept[places] for kept in self._kept))

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later: the tensors, by name, and the count of what was added."""
        return {**self._kept._asdict(), "added": self.added}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a buffer of the same size.

        Raises:
            ValueError: the stored tensors have other shapes.
        """
        for name, kept in self._kept._asdict().items():
            if state[name].shape != kept.shape:
                raise ValueError(
                    f"{name} has the shape {tuple(state[name].shape)}, but this buffer's is "
                    f"{tuple(kept.shape)}: make one of the same capacity and features"
                )
            kept.copy_(state[name])
        self.added = int(state["added"])
