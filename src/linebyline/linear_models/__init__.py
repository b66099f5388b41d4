"""Models whose score is a weighted sum of the inputs."""

from linebyline.linear_models.logistic_regression import (
    LogisticRegression,
    fit_gradient,
    fit_newton,
)
from linebyline.linear_models.one_vs_rest import OneVsRest, one_vs_rest
from linebyline.linear_models.perceptron import MistakeLog, Perceptron
from linebyline.linear_models.separability import Separability, mistake_bound, separability
from linebyline.linear_models.softmax_regression import SoftmaxRegression, fit_softmax
from linebyline.linear_models.threshold_unit import ThresholdUnit
from linebyline.linear_models.voted_perceptron import AveragedPerceptron, VotedPerceptron

__all__ = [
    "AveragedPerceptron",
    "LogisticRegression",
    "MistakeLog",
    "OneVsRest",
    "Perceptron",
    "Separability",
    "SoftmaxRegression",
    "ThresholdUnit",
    "VotedPerceptron",
    "fit_gradient",
    "fit_newton",
    "fit_softmax",
    "mistake_bound",
    "one_vs_rest",
    "separability",
]
