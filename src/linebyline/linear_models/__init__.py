"""Models whose score is a weighted sum of the inputs."""

from linebyline.linear_models.perceptron import MistakeLog, Perceptron
from linebyline.linear_models.separability import Separability, mistake_bound, separability
from linebyline.linear_models.threshold_unit import ThresholdUnit
from linebyline.linear_models.voted_perceptron import AveragedPerceptron, VotedPerceptron

__all__ = [
    "AveragedPerceptron",
    "MistakeLog",
    "Perceptron",
    "Separability",
    "ThresholdUnit",
    "VotedPerceptron",
    "mistake_bound",
    "separability",
]
