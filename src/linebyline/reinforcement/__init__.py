"""Agents that learn by acting: what a state is worth, and what an action in it is worth."""

from linebyline.reinforcement.dqn import DQN, Settings, greedy_returns
from linebyline.reinforcement.epsilon_greedy import epsilon_greedy, epsilon_greedy_policy
from linebyline.reinforcement.epsilon_schedule import linear_schedule
from linebyline.reinforcement.fair_machines import FairMachines
from linebyline.reinforcement.markov_decision_process import MarkovDecisionProcess, read_process
from linebyline.reinforcement.policy_iteration import policy_iteration, policy_value
from linebyline.reinforcement.q_learning import QLearning
from linebyline.reinforcement.replay_buffer import ReplayBuffer, Transitions
from linebyline.reinforcement.sarsa import Sarsa
from linebyline.reinforcement.step_size import polynomial
from linebyline.reinforcement.td_target import td_target
from linebyline.reinforcement.value_iteration import look_ahead, value_iteration

__all__ = [
    "DQN",
    "FairMachines",
    "MarkovDecisionProcess",
    "QLearning",
    "ReplayBuffer",
    "Sarsa",
    "Settings",
    "Transitions",
    "epsilon_greedy",
    "epsilon_greedy_policy",
    "greedy_returns",
    "linear_schedule",
    "look_ahead",
    "policy_iteration",
    "policy_value",
    "polynomial",
    "read_process",
    "td_target",
    "value_iteration",
]
