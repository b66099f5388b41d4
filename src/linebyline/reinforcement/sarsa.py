"""SARSA: the later guess is that for the action that the agent will really take."""

from __future__ import annotations

from linebyline.reinforcement.q_learning import QLearning


class Sarsa(QLearning):
    """An agent that learns what its own way of acting is worth, its random actions included.

    Source: Rummery and Niranjan (1994), *modified connectionist Q-learning*, here with a table; the
    name is Sutton's, for state, action, reward, state, action (Sutton and Barto 2018, section 6.4).
    Arguments are those of :class:`~linebyline.reinforcement.q_learning.QLearning`.
    """

    def later_guess(self, state: int, action: int) -> float:
        """What the later state is worth: the action that really comes next there."""
        return self.q[state][action]
