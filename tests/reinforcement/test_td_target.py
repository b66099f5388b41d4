"""Targets by hand: who chooses, who judges, and what an end takes away."""

import pytest
import torch
from torch import nn

from linebyline.reinforcement.td_target import td_target

REWARDS = torch.tensor([1.0, 2.0, 3.0])
AFTER = torch.eye(3)
ENDED = torch.tensor([False, False, True])
JUDGE = torch.tensor([[1.0, 5.0], [4.0, 2.0], [9.0, 9.0]])
CHOOSER = torch.tensor([[3.0, 0.0], [1.0, 0.0], [0.0, 1.0]])


def test_the_judge_alone() -> None:
    target = td_target(REWARDS, AFTER, ENDED, judge=lambda x: x @ JUDGE, discount=0.5)
    assert target.tolist() == [3.5, 4.0, 3.0]


def test_one_chooses_and_the_other_judges() -> None:
    target = td_target(
        REWARDS,
        AFTER,
        ENDED,
        judge=lambda x: x @ JUDGE,
        chooser=lambda x: x @ CHOOSER,
        discount=0.5,
    )
    assert target.tolist() == [1.5, 4.0, 3.0]


def test_no_gradient_flows() -> None:
    network = nn.Linear(3, 2)
    for chooser in (None, network):
        target = td_target(REWARDS, AFTER, ENDED, judge=network, chooser=chooser, discount=0.5)
        assert not target.requires_grad


def test_a_bad_discount_is_refused() -> None:
    with pytest.raises(ValueError, match="discount"):
        td_target(REWARDS, AFTER, ENDED, judge=lambda x: x @ JUDGE, discount=1.0)
