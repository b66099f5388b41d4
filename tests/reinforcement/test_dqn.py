"""The agent stores what happened and nothing else, learns by the loss, and ends at exact values."""

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from jaxtyping import TypeCheckError
from torch.nn.functional import smooth_l1_loss

from linebyline.reinforcement.dqn import DQN, Settings, greedy_returns
from linebyline.reinforcement.td_target import td_target

QUICK = Settings(hidden=(16,), batch_size=32, capacity=500, warm_up=32, target_every=20)


class Corridor(VectorEnv[Any, Any, Any]):
    """Walks of three fields: action 1 goes on, action 0 stays; a step costs 1, the end pays 4.

    With `limit`, a walk is cut off after so many steps. After an end the next step only resets, as
    Gymnasium's vector environments do; it pays 100, which nobody may learn from.
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(self, num_envs: int = 2, limit: int = 10) -> None:
        self.num_envs, self.limit = num_envs, limit
        self.single_observation_space = Box(0.0, 1.0, (4,))
        self.single_action_space = Discrete(2)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        self.at = np.zeros(self.num_envs, dtype=int)
        self.age = np.zeros(self.num_envs, dtype=int)
        self.over = np.zeros(self.num_envs, dtype=bool)
        return self.seen(), {}

    def seen(self) -> Any:
        return np.eye(4, dtype=np.float32)[self.at]

    def step(self, actions: Any) -> Any:
        resets = self.over
        self.at = np.where(resets, 0, self.at + actions)
        self.age = np.where(resets, 0, self.age + 1)
        terminated = (self.at == 3) & ~resets
        truncated = (self.age == self.limit) & ~resets
        reward = np.where(resets, 100.0, np.where(terminated, 4.0, -1.0))
        self.over = terminated | truncated
        return self.seen(), reward, terminated, truncated, {}


def cart_poles(count: int = 4) -> VectorEnv[Any, Any, Any]:
    return gymnasium.make_vec(
        "CartPole-v1", num_envs=count, vectorization_mode="vector_entry_point"
    )


def test_the_step_that_resets_is_no_transition() -> None:
    agent = DQN(Corridor(limit=3), replace(QUICK, warm_up=10_000))
    returns = agent.run(400)
    kept = agent.buffer.latest(len(agent.buffer))
    assert kept.rewards.max() == 4  # and never 100
    moved = kept.next_observations.argmax(1) - kept.observations.argmax(1)
    assert torch.equal(moved, kept.actions)  # a reset would lead back to the start
    assert agent.steps == agent.buffer.added >= 400
    assert set(returns) == {2.0, -3.0}
    # Ended and cut off: the third step is both at most.
    assert torch.equal(kept.terminated, kept.next_observations.argmax(1) == 3)


def test_cart_poles_are_stored_without_their_resets() -> None:
    agent = DQN(cart_poles(), replace(QUICK, warm_up=10_000))
    agent.run(400)
    kept = agent.buffer.latest(len(agent.buffer))
    assert (kept.rewards == 1).all()
    # In one step of 0.02 s the cart moves by 0.02 times its speed.
    moved = kept.next_observations[:, 0] - kept.observations[:, 0]
    assert torch.allclose(moved, 0.02 * kept.observations[:, 1], atol=1e-6)


@pytest.mark.parametrize("double", [False, True])
def test_the_loss_by_hand(double: bool) -> None:
    agent = DQN(Corridor(), replace(QUICK, double=double, discount=0.9, warm_up=10_000))
    agent.run(50)
    with torch.no_grad():
        for weight in agent.target.parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    batch = agent.buffer.latest(20)
    rows = torch.arange(20)
    guess = agent.network(batch.observations)[rows, batch.actions]
    chooser = agent.network if double else agent.target
    best = chooser(batch.next_observations).argmax(1)
    later = agent.target(batch.next_observations)[rows, best]
    target = batch.rewards + 0.9 * torch.where(batch.terminated, 0.0, later)
    error = (guess - target).abs()
    wanted = torch.where(error < 1, error**2 / 2, error - 0.5).mean()
    assert torch.allclose(agent.loss(batch), wanted)
    agent.loss(batch).backward()  # type: ignore[no-untyped-call]
    assert all(weight.grad is None for weight in agent.target.parameters())


def test_an_update_is_adams_and_the_target_stands_still_in_between() -> None:
    agent = DQN(Corridor(), replace(QUICK, target_every=3, warm_up=10_000), seed=3)
    agent.run(100)
    twin = DQN(Corridor(), replace(QUICK, target_every=3, warm_up=10_000), seed=3)
    first = [w.clone() for w in agent.target.parameters()]
    agent._draw.manual_seed(5)
    adam = torch.optim.Adam(twin.network.parameters(), lr=QUICK.learning_rate)
    draw = torch.Generator().manual_seed(5)
    for update in range(1, 4):
        agent.learn()
        batch = agent.buffer.sample(32, draw)
        target = td_target(*batch[2:], judge=twin.target, discount=QUICK.discount)
        guess = twin.network(batch.observations).gather(1, batch.actions[:, None])[:, 0]
        adam.zero_grad()
        smooth_l1_loss(guess, target).backward()
        adam.step()
        pairs = zip(agent.network.parameters(), twin.network.parameters(), strict=True)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in pairs)
        held = all(torch.equal(a, b) for a, b in zip(agent.target.parameters(), first, strict=True))
        assert held == (update < 3)
    assert all(
        torch.equal(a, b)
        for a, b in zip(agent.network.parameters(), agent.target.parameters(), strict=True)
    )


def test_it_ends_at_the_exact_values() -> None:
    """Q* of the corridor: 4 for the last step on, and a step costs 1, with a discount of 0.5."""
    settings = replace(QUICK, discount=0.5, learning_rate=1e-2, epsilon=lambda step: 1.0)
    agent = DQN(Corridor(limit=4), settings)
    agent.run(1000)
    v = [-1 + 0.5 * (-1 + 0.5 * 4), -1 + 0.5 * 4, 4.0]
    exact = torch.tensor([[-1 + 0.5 * v[0], v[0]], [-1 + 0.5 * v[1], v[1]], [-1 + 0.5 * 4, 4.0]])
    assert torch.allclose(agent.network(torch.eye(4)[:3]), exact, atol=0.15)
    assert greedy_returns(agent.network, Corridor(3)).tolist() == [2.0] * 3


def test_epsilon_is_the_share_of_steps_at_random() -> None:
    agent = DQN(cart_poles(200), replace(QUICK, epsilon=lambda step: 0.5))
    same = torch.zeros(200, 4)
    best = agent.network(same).argmax(1)
    share = torch.stack([agent.act(same) == best for _ in range(20)]).float().mean()
    assert abs(share - 0.75) < 0.03


def test_epsilon_is_asked_with_the_steps() -> None:
    asked: list[int] = []
    agent = DQN(Corridor(limit=3), replace(QUICK, epsilon=lambda step: asked.append(step) or 0.5))
    agent.run(30)
    assert asked[:4] == [0, 2, 4, 6]
    assert asked[4] == 6  # both walks were over: that step only reset them


def test_each_step_of_all_environments_is_followed_by_so_many_updates() -> None:
    corridor, steps = Corridor(limit=3), []
    step = corridor.step
    corridor.step = lambda actions: (steps.append(1), step(actions))[1]  # type: ignore
    agent = DQN(corridor, replace(QUICK, warm_up=1, updates=3))
    agent.run(50)
    assert agent.learned == 3 * len(steps)


def test_a_walk_that_is_over_earns_no_more() -> None:
    class Staggered(Corridor):
        def reset(self, **options: Any) -> Any:
            super().reset()
            self.at = np.arange(self.num_envs)
            return self.seen(), {}

    onward = torch.nn.Linear(4, 2)
    with torch.no_grad():
        onward.weight.zero_()
        onward.bias.copy_(torch.tensor([0.0, 1.0]))
    assert greedy_returns(onward, Staggered(3)).tolist() == [2.0, 3.0, 4.0]


def test_a_seed_is_a_run() -> None:
    a, b, c = (DQN(cart_poles(), QUICK, seed=seed) for seed in (0, 0, 1))
    assert a.run(300) == b.run(300) != c.run(300)


def test_divergence_stops_with_the_step() -> None:
    agent = DQN(Corridor(), QUICK)
    with torch.no_grad():
        agent.network.layers[0].weight.fill_(torch.nan)
    with pytest.raises(FloatingPointError, match="the loss is nan at update 1, after 32 trans"):
        agent.run(100)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be above 0, not 0.0"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"target_every": 0}, "target_every must be at least 1, not 0"),
        ({"discount": 1.0}, "discount"),
    ],
)
def test_bad_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)


def test_bad_environments_are_refused() -> None:
    with pytest.raises((ValueError, TypeCheckError), match="environment"):
        DQN(gymnasium.make("CartPole-v1"))  # type: ignore[arg-type]
    strange = Corridor()
    strange.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
    with pytest.raises(ValueError, match="name it where you make the environment"):
        DQN(strange)
    strange = Corridor()
    strange.single_action_space = Box(0.0, 1.0, (1,))
    with pytest.raises(ValueError, match="actions must be Discrete and start at 0"):
        DQN(strange)
    strange = Corridor()
    strange.single_observation_space = Discrete(3)
    with pytest.raises(ValueError, match="observations must be a Box with one axis"):
        DQN(strange)
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        DQN(Corridor(), QUICK).run(0)


def test_it_learns_where_it_is_told() -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    agent = DQN(Corridor(), replace(QUICK, epsilon=lambda step: 1.0), device=device)
    agent.run(200)
    assert agent.learned > 0
    assert next(agent.network.parameters()).device.type == device
