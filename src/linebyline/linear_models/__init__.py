"""Models whose score is a weighted sum of the inputs."""

from linebyline.linear_models.lasso import all_zero_from, lasso_regression
from linebyline.linear_models.leverage import left_out_errors, leverages
from linebyline.linear_models.linear_regression import (
    LinearFit,
    descent_path,
    design_matrix,
    least_squares,
    normal_equations,
)
from linebyline.linear_models.perceptron import MistakeLog, Perceptron
from linebyline.linear_models.polynomial_features import polynomial_columns
from linebyline.linear_models.ridge import ridge_error, ridge_regression
from linebyline.linear_models.separability import Separability, mistake_bound, separability
from linebyline.linear_models.threshold_unit import ThresholdUnit
from linebyline.linear_models.voted_perceptron import AveragedPerceptron, VotedPerceptron

__all__ = [
    "AveragedPerceptron",
    "LinearFit",
    "MistakeLog",
    "Perceptron",
    "Separability",
    "ThresholdUnit",
    "VotedPerceptron",
    "all_zero_from",
    "descent_path",
    "design_matrix",
    "lasso_regression",
    "least_squares",
    "left_out_errors",
    "leverages",
    "mistake_bound",
    "normal_equations",
    "polynomial_columns",
    "ridge_error",
    "ridge_regression",
    "separability",
]
