"""Machines that pay nothing on the mean: an environment in which no action is worth anything."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv


class FairMachines(VectorEnv[Any, Any, Any]):
    """Every step shows four random numbers and pays a random reward of mean 0, without an end.

    The contextual form of the example in van Hasselt (2010, section 5) where all actions are worth
    the same: the action value is 0 for every action, whatever the policy and the discount, so that
    any other guess is an error, and the mean of the guesses is their bias.

    Args:
        num_envs: how many are played side by side, 1 or more.
        machines: how many actions there are, 1 or more.

    Raises:
        ValueError: a number is below 1.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(self, num_envs: int, machines: int) -> None:
        for name, number in (("num_envs", num_envs), ("machines", machines)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        self.num_envs = num_envs
        self.single_observation_space = Box(-np.inf, np.inf, (4,))
        self.single_action_space = Discrete(machines)
        self._chance = np.random.default_rng()

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Random numbers for each environment; a seed begins them anew."""
        if seed is not None:
            self._chance = np.random.default_rng(seed)
        return self._see(), {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Other numbers, and a reward that no action has any influence on."""
        never = np.zeros(self.num_envs, dtype=bool)
        return self._see(), self._chance.standard_normal(self.num_envs), never, never.copy(), {}

    def _see(self) -> Any:
        return self._chance.standard_normal((self.num_envs, 4)).astype(np.float32)
