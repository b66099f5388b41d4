"""What a memory and a target network are worth on CartPole, and by how much a DQN overrates.

This writes `replay_and_targets.json` beside the file, and the weights of the agent that the chapter
shows as `replay_and_targets.safetensors`::

    python -m linebyline.studies.replay_and_targets

It asks three questions:

- *Ablation*, as in extended data table 3 of Mnih et al. (2015): the agent as it is, without replay
  (it learns from as many transitions as a batch has, its latest), without the target network (it is
  copied after every update), and without both. Each tries the same learning rates; every agent is
  judged by greedy episodes after each fifth of its budget.
- *Overrating*: what DQN and double DQN say of the states that they visit greedily, beside what they
  earn from there, as in van Hasselt, Guez & Silver (2016, figure 3).
- *Solved*: the best network that each of several agents had on its way.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.vector import VectorEnv
from gymnasium.wrappers.vector import TransformObservation
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from linebyline.layers.mlp import MLP
from linebyline.reinforcement.dqn import DQN, Settings, greedy_returns
from linebyline.studies import record

ENVIRONMENTS = 8
SCALE = np.array([2.4, 2.0, 0.21, 2.0], dtype=np.float32)
"""Position and angle by where an episode ends, the two speeds by a guess of the same order."""
BASE = Settings(target_every=50)
VARIANTS: dict[str, dict[str, Any]] = {
    "both": {},
    "no target network": {"target_every": 1},
    "no replay": {"capacity": BASE.batch_size},
    "neither": {"target_every": 1, "capacity": BASE.batch_size},
}
"""What each changes of `BASE`."""
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
STARTS = tuple(range(10))
BUDGET, PARTS = 15_000, 5
OVERRATED = Settings(discount=0.95, learning_rate=1e-3, target_every=25)
"""1 / (1 - 0.95) = 20 is the most that any state can be worth."""
SOLVED = Settings(learning_rate=2e-3, updates=2, double=True)
TRIES, BETWEEN = 30, 1000
"""How often the agent that shall solve the task is looked at, and after how many transitions."""
JUDGED, CHOSEN = 100_000, 200_000
"""The seed of the episodes that judge, and of those that choose; agents have small seeds."""


def cart_poles(count: int = ENVIRONMENTS) -> VectorEnv[Any, Any, Any]:
    """So many carts with poles, side by side; what is seen is measured in `SCALE`."""
    carts = gymnasium.make_vec(
        "CartPole-v1", num_envs=count, vectorization_mode="vector_entry_point"
    )
    return TransformObservation(carts, lambda seen: seen / SCALE)


def judged(network: nn.Module, episodes: int = 20, *, seed: int = JUDGED) -> float:
    """The mean return of greedy episodes that no agent has seen."""
    return greedy_returns(network, cart_poles(episodes), seed=seed).mean().item()


def ablation(variant: str, rate: float, seed: int, *, budget: int = BUDGET) -> list[float]:
    """One agent's mean greedy return after each part of its budget.

    Raises:
        ValueError: there is no such variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
    settings = replace(BASE, learning_rate=rate, **VARIANTS[variant])
    agent = DQN(cart_poles(), settings, seed=seed)
    found = []
    for _ in range(PARTS):
        agent.run(budget // PARTS)
        found.append(judged(agent.network))
    return found


@torch.no_grad()
def said_and_earned(
    network: nn.Module, environment: VectorEnv[Any, Any, Any], discount: float, *, steps: int = 400
) -> tuple[Float[Tensor, " states"], Float[Tensor, " states"]]:
    """The network's guess for each state of greedy episodes, and the discounted return from it.

    An episode that was not over after `steps` leaves out its last hundred states: from the others
    the return is known but for a share of `discount` to the power of 100.
    """
    seen, _ = environment.reset(seed=JUDGED)
    alive = np.ones(environment.num_envs, dtype=bool)
    guesses, rewards = [], []
    for _ in range(steps):
        best = network(torch.from_numpy(seen)).max(1)
        guesses.append(torch.where(torch.from_numpy(alive), best.values, torch.nan))
        seen, _, terminated, truncated, _ = environment.step(best.indices.numpy())
        rewards.append(torch.from_numpy(alive.astype(np.float32)))  # each step earns 1
        alive &= ~(terminated | truncated)
    earned, later = [], torch.zeros(environment.num_envs)
    for reward in reversed(rewards):
        later = reward + discount * later  # nothing is earned after the end
        earned.append(later)
    said, got = torch.stack(guesses), torch.stack(earned[::-1])
    kept = said.isfinite()
    kept[-100:, torch.from_numpy(alive)] = False
    return said[kept], got[kept]


def overrated(double: bool, seed: int, *, budget: int = BUDGET) -> list[float]:
    """What one agent says of the states that it visits on the mean, and what it earns from them."""
    agent = DQN(cart_poles(), replace(OVERRATED, double=double), seed=seed)
    agent.run(budget)
    said, earned = said_and_earned(agent.network, cart_poles(20), OVERRATED.discount)
    return [round(said.mean().item(), 3), round(earned.mean().item(), 3)]


def solved(seed: int, *, tries: int = TRIES) -> tuple[MLP, list[float]]:
    """The best of the networks that an agent had on its way, and what each earned where it counted.

    Networks are chosen by other episodes than those that judge them later. The first that earns
    all there is, 500, ends the search.
    """
    agent = DQN(cart_poles(), SOLVED, seed=seed)
    best, found = copy.deepcopy(agent.network), [0.0]
    while len(found) <= tries and max(found) < 500:
        agent.run(BETWEEN)
        found.append(judged(agent.network, 50, seed=CHOSEN))
        if found[-1] == max(found):
            best = copy.deepcopy(agent.network)
    return best, found[1:]


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def load_policy() -> tuple[MLP, Float[Tensor, "steps 4"]]:
    """The network of the best of the agents that solved CartPole, and an episode of it."""
    kept = load_file(Path(__file__).with_suffix(".safetensors"))
    episode = kept.pop("episode")
    network = MLP([4, *SOLVED.hidden, 2])
    network.load_state_dict(kept)
    return network.requires_grad_(False), episode


@torch.no_grad()
def recorded(network: nn.Module, steps: int = 500) -> Float[Tensor, "steps 4"]:
    """A greedy episode, in metres and radians and these for each second.

    It begins up to three times as far from rest as the episodes that agents learn from.
    """
    cart = cart_poles(1)
    seen, _ = cart.reset(seed=JUDGED, options={"low": -0.15, "high": 0.15})
    states = [seen[0] * SCALE]
    for _ in range(steps - 1):
        seen, *_ = cart.step(network(torch.from_numpy(seen)).argmax(1).numpy())
        states.append(seen[0] * SCALE)
    return torch.from_numpy(np.stack(states))


def study(starts: Sequence[int] = STARTS) -> dict[str, Any]:
    """All agents."""
    returns = {
        variant: {f"{rate:g}": [ablation(variant, rate, s) for s in starts] for rate in RATES}
        for variant in VARIANTS
    }
    rated = {
        "double DQN" if double else "DQN": [overrated(double, s) for s in starts]
        for double in (False, True)
    }
    found = [solved(s) for s in starts]
    ends = [judged(network, 100) for network, _ in found]
    best, _ = found[ends.index(max(ends))]
    kept = {**best.state_dict(), "episode": recorded(best)}
    save_file(kept, Path(__file__).with_suffix(".safetensors"))
    return {
        "settings": {"starts": starts, "rates": RATES, "budget": BUDGET, "parts": PARTS},
        "returns": returns,
        "said_and_earned": rated,
        "solved": ends,
        "on_the_way": [way for _, way in found],
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
