"""Rewards have mean 0 and deviation 1, whatever is done, and a seed is a run."""

import numpy as np
import pytest

from linebyline.reinforcement.fair_machines import FairMachines


def test_nothing_is_worth_anything() -> None:
    machines = FairMachines(4000, 3)
    seen, _ = machines.reset(seed=0)
    assert seen.shape == (4000, 4)
    for action in range(3):
        _, rewards, terminated, truncated, _ = machines.step(np.full(4000, action))
        assert abs(rewards.mean()) < 0.06
        assert abs(rewards.std() - 1) < 0.05
        assert not terminated.any()
        assert not truncated.any()


def test_a_seed_is_a_run() -> None:
    runs = []
    for seed in (0, 0, 1):
        machines = FairMachines(2, 2)
        machines.reset(seed=seed)
        runs.append(machines.step(np.zeros(2, dtype=int))[1].tolist())
    assert runs[0] == runs[1] != runs[2]


def test_a_reset_without_a_seed_goes_on() -> None:
    runs = []
    for _ in range(2):
        machines = FairMachines(2, 2)
        machines.reset(seed=0)
        runs.append(machines.reset()[0].tolist())
    assert runs[0] == runs[1]


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="num_envs must be at least 1, not 0"):
        FairMachines(0, 2)
    with pytest.raises(ValueError, match="machines must be at least 1, not 0"):
        FairMachines(2, 0)
