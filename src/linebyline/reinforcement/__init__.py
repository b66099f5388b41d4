"""Agents that learn by acting: what a state is worth, and what an action in it is worth."""

from linebyline.reinforcement.epsilon_greedy import epsilon_greedy, epsilon_greedy_policy
from linebyline.reinforcement.markov_decision_process import MarkovDecisionProcess, read_process
from linebyline.reinforcement.policy_iteration import policy_iteration, policy_value
from linebyline.reinforcement.q_learning import QLearning
from linebyline.reinforcement.sarsa import Sarsa
from linebyline.reinforcement.step_size import polynomial
from linebyline.reinforcement.value_iteration import look_ahead, value_iteration

__all__ = [
    "MarkovDecisionProcess",
    "QLearning",
    "Sarsa",
    "epsilon_greedy",
    "epsilon_greedy_policy",
    "look_ahead",
    "policy_iteration",
    "policy_value",
    "polynomial",
    "read_process",
    "value_iteration",
]
