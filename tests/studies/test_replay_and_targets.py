"""The stored figures are those of this code, and the policy is the one that was judged."""

import pytest
import torch

from linebyline.studies import replay_and_targets as study


def test_the_first_steps_of_the_study_again() -> None:
    """Until the first update nothing is trained, so a start is the same on every machine."""
    agent = study.DQN(study.cart_poles(), study.BASE, seed=0)
    agent.run(study.BASE.warm_up - 8)
    assert agent.learned == 0
    raw = agent.buffer.latest(100).observations * torch.from_numpy(study.SCALE)
    assert raw[:, 0].abs().max() < 2.4
    assert raw[:, 2].abs().max() < 0.21


def test_the_stored_returns_have_their_shapes() -> None:
    stored = study.load()
    for rates in stored["returns"].values():
        assert list(rates) == [f"{rate:g}" for rate in study.RATES]
        for runs in rates.values():
            assert torch.tensor(runs).shape == (len(study.STARTS), study.PARTS)
    assert len(stored["solved"]) == len(study.STARTS)


def test_the_stored_policy_does_what_was_recorded() -> None:
    policy, episode = study.load_policy()
    assert episode.shape == (500, 4)
    assert torch.allclose(study.recorded(policy, 20), episode[:20], atol=1e-4)
    assert study.judged(policy, 20) >= 475


def test_what_is_said_is_compared_with_what_is_earned() -> None:
    """A network that always says 20 and pushes to the left: its pole falls after some ten steps."""
    network = study.MLP([4, 2])
    with torch.no_grad():
        network.layers[0].weight.zero_()
        network.layers[0].bias.copy_(torch.tensor([20.0, 0.0]))
    said, earned = study.said_and_earned(network, study.cart_poles(20), 0.9, steps=150)
    assert torch.allclose(said, torch.full_like(said, 20.0))
    assert earned.min().item() == pytest.approx(1.0)  # in the last step
    assert earned.max() < (1 - 0.9**11) / (1 - 0.9)


def test_the_last_states_of_an_episode_that_goes_on_are_left_out() -> None:
    policy, _ = study.load_policy()
    said, earned = study.said_and_earned(policy, study.cart_poles(5), 0.9, steps=150)
    assert len(said) == 5 * 50  # from the other hundred steps too little is seen of what comes
    assert torch.allclose(earned, torch.full_like(earned, 10.0), atol=1e-3)


def test_the_best_network_on_the_way_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, seen = iter([30.0, 90.0, 60.0]), []

    def judged(network: torch.nn.Module, episodes: int, *, seed: int) -> float:
        assert (episodes, seed) == (50, study.CHOSEN)
        seen.append(network.layers[0].weight.detach().clone())  # type: ignore[index, union-attr]
        return next(scores)

    monkeypatch.setattr(study, "judged", judged)
    monkeypatch.setattr(study, "BETWEEN", 1100)
    best, way = study.solved(0, tries=3)
    assert way == [30.0, 90.0, 60.0]
    assert torch.equal(best.layers[0].weight, seen[1])
    assert not torch.equal(seen[1], seen[2])
    scores = iter([500.0])
    assert study.solved(0, tries=3)[1] == [500.0]  # there is no more to find


class Idle:
    """An agent that only notes how it was asked to learn."""

    made: list["Idle"] = []  # noqa: RUF012

    def __init__(self, environment: object, settings: study.Settings, *, seed: int) -> None:
        self.settings, self.seed, self.steps = settings, seed, 0
        self.network = study.load_policy()[0]
        Idle.made.append(self)

    def run(self, steps: int) -> None:
        self.steps += steps


def test_each_agent_learns_as_its_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "DQN", Idle)
    monkeypatch.setattr(study, "judged", lambda network: 7.0)
    Idle.made.clear()
    for variant in study.VARIANTS:
        assert study.ablation(variant, 0.5, 3) == [7.0] * 5
    made = Idle.made
    assert [agent.settings.target_every for agent in made] == [50, 1, 50, 1]
    assert [agent.settings.capacity for agent in made] == [50_000, 50_000, 128, 128]
    for agent in made:
        assert agent.settings.learning_rate == 0.5
        assert (agent.seed, agent.steps) == (3, study.load()["settings"]["budget"])
    Idle.made.clear()
    for double in (False, True):
        study.overrated(double, 0)
    assert [agent.settings.double for agent in Idle.made] == [False, True]
    for agent in Idle.made:  # as the chapter tells it
        assert (agent.settings.discount, agent.settings.target_every) == (0.95, 25)
    assert (study.SOLVED.double, study.SOLVED.updates, study.SOLVED.target_every) == (True, 2, 100)


def test_a_variant_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="variant must be one of both, no target network"):
        study.ablation("none", 1e-3, 0)
