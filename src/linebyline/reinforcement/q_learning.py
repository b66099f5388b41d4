"""Q-learning with a table: what each action is worth in each state, learned from acting."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import torch
from gymnasium import Env
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.reinforcement.epsilon_greedy import check_epsilon, epsilon_greedy
from linebyline.reinforcement.markov_decision_process import discrete_sizes
from linebyline.reinforcement.value_iteration import check_discount


class QLearning:
    """An agent with a table of guesses ``Q[s, a]``, each corrected by the guess one step later.

    Source: Watkins (1989); Watkins and Dayan (1992); Sutton and Barto (2018, section 6.5).
    Deviation: the next action is drawn before the correction and not after it, so that this agent
    and :class:`~linebyline.reinforcement.sarsa.Sarsa` differ in one line. The table is a list of
    lists: the loop touches one number at a time, and a tensor would take ten times as long for it.

    Args:
        environment: a Gymnasium environment with discrete spaces. Only the states, rewards and ends
            that it answers with are looked at.
        discount: in [0, 1).
        step_size: a number in (0, 1], or a function of how often the pair of state and action has
            been corrected, this time included, such as ``polynomial(0.8)``.
        epsilon: the probability of an action at random, in [0, 1].
        start: the first guess for every pair.
        seed: of the environment's chances and of the agent's own.

    Raises:
        ValueError: an argument is out of range, or the environment's spaces are not discrete.
    """

    def __init__(
        self,
        environment: Env[Any, Any],
        *,
        discount: float,
        step_size: float | Callable[[int], float] = 0.1,
        epsilon: float = 0.1,
        start: float = 0.0,
        seed: int = 0,
    ) -> None:
        check_discount(discount)
        check_epsilon(epsilon)
        states, actions = discrete_sizes(environment)
        self.environment = environment
        self.discount = discount
        self.epsilon = epsilon
        self.step_size = step_size if callable(step_size) else lambda n: step_size
        self._step(1)  # refuses a bad step size before anything is run
        self.q = [[float(start)] * actions for _ in range(states)]
        self.counts = [[0] * actions for _ in range(states)]
        self._draw = random.Random(seed)
        self._first: int | None = seed

    @property
    def table(self) -> Float[Tensor, "states actions"]:
        """A copy of the guesses as they are now, in float64."""
        return torch.tensor(self.q, dtype=torch.float64)

    @property
    def visits(self) -> Int[Tensor, "states actions"]:
        """How often each guess has been corrected."""
        return torch.tensor(self.counts)

    def choose(self, state: int) -> int:
        """An action for this state: mostly the best as far as the table knows."""
        return epsilon_greedy(self.q[state], self.epsilon, self._draw)

    def later_guess(self, state: int, action: int) -> float:
        """What the later state is worth: its best action, whether taken or not."""
        return max(self.q[state])

    def correct(self, state: int, action: int, target: float) -> None:
        """Move the guess for a pair towards the target, by this visit's step size."""
        self.counts[state][action] += 1
        step = self._step(self.counts[state][action])
        self.q[state][action] += step * (target - self.q[state][action])

    def run(self, episodes: int) -> list[float]:
        """Act and learn for some more episodes; the sum of rewards, undiscounted, of each.

        An episode that ends (`terminated`) has no future, and its last target is the reward alone.
        One that is cut off (`truncated`), by a limit of steps, has a future that nobody saw: its
        last target contains the guess for it like every other.

        Raises:
            ValueError: `episodes` is below 1, or a step size is not in (0, 1].
        """
        if episodes < 1:
            raise ValueError(f"episodes must be 1 or more, not {episodes}")
        returns = []
        for _ in range(episodes):
            state, _ = self.environment.reset(seed=self._first)
            self._first = None  # seeded once: later episodes go on in the same stream
            action, total, over = self.choose(state), 0.0, False
            while not over:
                after, reward, terminated, truncated, _ = self.environment.step(action)
                next_action = self.choose(after)
                future = 0.0 if terminated else self.later_guess(after, next_action)
                self.correct(state, action, float(reward) + self.discount * future)
                state, action, total = after, next_action, total + float(reward)
                over = terminated or truncated
            returns.append(total)
        return returns

    def _step(self, n: int) -> float:
        """The step size for the n-th correction of a pair."""
        step = self.step_size(n)
        if not 0 < step <= 1:
            raise ValueError(f"step_size is {step} at correction {n}; it must be in (0, 1]")
        return step
