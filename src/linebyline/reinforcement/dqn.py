"""The deep Q-network: Q-learning with a network, a memory and a target that stands still."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import smooth_l1_loss

from linebyline.layers.mlp import MLP
from linebyline.reinforcement.epsilon_schedule import linear_schedule
from linebyline.reinforcement.replay_buffer import ReplayBuffer, Transitions
from linebyline.reinforcement.td_target import td_target
from linebyline.reinforcement.value_iteration import check_discount


@dataclass(frozen=True)
class Settings:
    """How a :class:`DQN` learns.

    Args:
        hidden: units of the hidden layers.
        discount: γ, in [0, 1).
        learning_rate: Adam's.
        batch_size: transitions in each update.
        capacity: of the replay buffer. If it is the batch size, the agent learns from its latest
            steps only, which is to have no replay.
        target_every: updates between two copies of the network to the target network. 1 is to have
            no target network.
        double: let the network choose the later action that the target network judges.
        updates: updates for each step of all environments.
        warm_up: transitions before the first update.
        epsilon: the probability of an action at random, after how many transitions.

    Raises:
        ValueError: a number is out of range.
    """

    hidden: tuple[int, ...] = (64, 64)
    discount: float = 0.98
    learning_rate: float = 2e-3
    batch_size: int = 128
    capacity: int = 50_000
    target_every: int = 100
    double: bool = False
    updates: int = 1
    warm_up: int = 1000
    epsilon: Callable[[int], float] = field(
        default_factory=lambda: linear_schedule(1.0, 0.05, 10_000)
    )

    def __post_init__(self) -> None:
        check_discount(self.discount)
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be above 0, not {self.learning_rate}")
        for name in ("batch_size", "target_every", "updates", "warm_up"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")


class DQN:
    """An agent whose guesses are a network's, learned from its own steps in several environments.

    Source: Mnih et al. (2013; 2015, algorithm 1); van Hasselt, Guez & Silver (2016) with `double`.
    Deviations: observations are numbers and not screens, so that the network is an MLP; Adam in the
    place of RMSProp; several environments are stepped side by side, and the network is
    updated `updates` times for each step of all of them. The Huber loss with its bend at 1 has the
    gradient that Mnih et al. (2015) get from clipping the error to [-1, 1].

    Attributes:
        network, target: Q and Q⁻, from observations to a value for each action.
        buffer: the replay buffer.
        steps, learned: transitions and updates so far.

    Args:
        environment: a vector environment with a box of numbers for an observation and discrete
            actions. After an end, its next step must only reset (Gymnasium's `NEXT_STEP`); that
            step is not a transition and is not stored.
        settings: how to learn.
        seed: of the first weights, the environment's chances and the agent's own.
        device: where the network and the buffer lie.

    Raises:
        ValueError: the environment has other spaces or another way to reset.
    """

    def __init__(
        self,
        environment: VectorEnv[Any, Any, Any],
        settings: Settings | None = None,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        self.settings = s = settings or Settings()
        features, actions = _sizes(environment)
        self.environment = environment
        self.device = torch.device(device)
        self._draw = torch.Generator().manual_seed(seed)
        self.network = MLP([features, *s.hidden, actions], generator=self._draw).to(device)
        self.target = copy.deepcopy(self.network).requires_grad_(False)
        weights = self.network.parameters()
        self.optimizer = torch.optim.Adam(weights, lr=s.learning_rate, fused=True)
        self.buffer = ReplayBuffer(s.capacity, features, device=device)
        self.steps = self.learned = 0
        self._actions = actions
        self._seen, _ = environment.reset(seed=seed)
        self._over = np.zeros(environment.num_envs, dtype=bool)
        self._earned = np.zeros(environment.num_envs)

    @torch.no_grad()
    def act(self, observations: Float[Tensor, "envs features"]) -> Int[Tensor, " envs"]:
        """For each environment the best action as far as one knows, and now and then any."""
        n = len(observations)
        best = self.network(observations.to(self.device)).argmax(1).cpu()
        anything = torch.randint(self._actions, (n,), generator=self._draw)
        dares = torch.rand(n, generator=self._draw) < self.settings.epsilon(self.steps)
        return torch.where(dares, anything, best)

    def loss(self, batch: Transitions) -> Float[Tensor, ""]:
        """The mean Huber loss between the guesses for what was done and their targets."""
        guess = self.network(batch.observations)  # (B, A)
        guess = guess.gather(1, batch.actions[:, None]).squeeze(1)  # (B,)
        target = td_target(
            batch.rewards,
            batch.next_observations,
            batch.terminated,
            judge=self.target,
            chooser=self.network if self.settings.double else None,
            discount=self.settings.discount,
        )
        return smooth_l1_loss(guess, target)

    def learn(self) -> float:
        """One update, from one batch; the loss before it.

        Raises:
            FloatingPointError: the loss is infinite or no number.
        """
        s = self.settings
        loss = self.loss(self.buffer.sample(s.batch_size, self._draw))
        value = loss.item()
        if not np.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} at update {self.learned + 1}, after {self.steps} "
                "transitions: lower learning_rate, or raise target_every"
            )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.learned += 1
        if self.learned % s.target_every == 0:
            self.target.load_state_dict(self.network.state_dict())
        return value

    def run(self, steps: int) -> list[float]:
        """Act and learn until `steps` more transitions are done; the returns of what ended.

        The last step of the environments is always whole, so there may be a few more.

        Raises:
            ValueError: `steps` is below 1.
            FloatingPointError: learning diverged.
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1, not {steps}")
        returns: list[float] = []
        until = self.steps + steps
        while self.steps < until:
            before = torch.as_tensor(self._seen, dtype=torch.float32)
            actions = self.act(before)
            after, reward, terminated, truncated, _ = self.environment.step(actions.numpy())
            new = Transitions(
                before,
                actions,
                torch.as_tensor(reward, dtype=torch.float32),
                torch.as_tensor(after, dtype=torch.float32),
                torch.as_tensor(terminated),
            )
            real = torch.from_numpy(~self._over)  # else the step was a reset, and no transition
            self.buffer.add(Transitions(*(part[real] for part in new)))
            self.steps += int(real.sum())
            self._earned = np.where(self._over, 0.0, self._earned + reward)
            self._seen, self._over = after, terminated | truncated
            returns += self._earned[self._over].tolist()
            if self.steps >= self.settings.warm_up:
                for _ in range(self.settings.updates):
                    self.learn()
        return returns


@torch.no_grad()
def greedy_returns(
    network: nn.Module, environment: VectorEnv[Any, Any, Any], *, seed: int = 0
) -> Float[Tensor, " envs"]:
    """What the network's best actions earn, undiscounted, in one episode of each environment.

    Args:
        network: gives each action of each observation a value.
        environment: with a limit of steps, so that all episodes end.
        seed: of the environments' chances.

    Raises:
        ValueError: the environment has other spaces or another way to reset.
    """
    _sizes(environment)
    device = next(network.parameters()).device
    seen, _ = environment.reset(seed=seed)
    earned = torch.zeros(environment.num_envs, dtype=torch.float64)
    alive = np.ones(environment.num_envs, dtype=bool)
    while alive.any():
        values = network(torch.as_tensor(seen, dtype=torch.float32, device=device))
        seen, reward, terminated, truncated, _ = environment.step(values.argmax(1).cpu().numpy())
        earned += torch.from_numpy(np.where(alive, reward, 0.0))
        alive &= ~(terminated | truncated)
    return earned


def _sizes(environment: VectorEnv[Any, Any, Any]) -> tuple[int, int]:
    """How many numbers an observation has, and how many actions there are."""
    if not isinstance(environment, VectorEnv):
        raise ValueError(
            f"environment must be a vector environment, made by gymnasium.make_vec, not "
            f"{type(environment).__name__}"
        )
    box, actions = environment.single_observation_space, environment.single_action_space
    if not (isinstance(box, spaces.Box) and len(box.shape) == 1):
        raise ValueError(f"observations must be a Box with one axis, not {box}")
    if not (isinstance(actions, spaces.Discrete) and actions.start == 0):
        raise ValueError(f"actions must be Discrete and start at 0, not {actions}")
    mode = environment.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
    if mode != AutoresetMode.NEXT_STEP:
        raise ValueError(
            f"the environment resets by {mode}, but must by AutoresetMode.NEXT_STEP: name it "
            "where you make the environment"
        )
    return int(box.shape[0]), int(actions.n)
