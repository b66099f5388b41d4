import math

import pytest
import torch
from matplotlib.colors import same_color

from linebyline.plotting.reliability import LARGEST, reliability_diagram
from linebyline.plotting.style import PALETTE

CONFIDENCE = torch.tensor([math.nan, 0.4, 0.9])
ACCURACY = [math.nan, 0.5, 0.6]
COUNTS = torch.tensor([0, 25, 75])


def test_a_dot_for_each_bin_that_is_not_empty_as_large_as_it_is_full():
    ax = reliability_diagram(CONFIDENCE, ACCURACY, COUNTS)
    _, dots = ax.collections
    assert dots.get_offsets().tolist() == [pytest.approx([0.4, 0.5]), pytest.approx([0.9, 0.6])]
    small, large = dots.get_sizes() - 6
    assert large == pytest.approx(3 * small)
    assert small + large == pytest.approx(LARGEST)
    assert same_color(dots.get_facecolor()[0], PALETTE[0])


def test_strokes_reach_from_the_diagonal_to_the_dots():
    ax = reliability_diagram(CONFIDENCE, ACCURACY, COUNTS, color=PALETTE[1])
    (diagonal,) = ax.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    strokes = [segment[:, 1].tolist() for segment in ax.collections[0].get_segments()]
    assert strokes == [pytest.approx([0.4, 0.5]), pytest.approx([0.6, 0.9])]
    assert same_color(ax.collections[1].get_facecolor()[0], PALETTE[1])
    assert same_color(ax.collections[0].get_color()[0], PALETTE[1])


def test_certainty_is_a_confidence_as_well():
    ax = reliability_diagram([0.0, 1.0], [1, 0], [1, 2])
    assert ax.collections[1].get_offsets().tolist() == [[0, 1], [1, 0]]


def test_both_axes_are_probabilities_and_names_are_given():
    ax = reliability_diagram(CONFIDENCE, ACCURACY, COUNTS)
    assert ax.get_xlim() == ax.get_ylim() == (0, 1.04)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("confidence", "right")
    assert reliability_diagram(CONFIDENCE, ACCURACY, COUNTS, ax=ax) is ax


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (([0.5], [0.5, 0.6], [1, 1]), "accuracy has 2 values, but confidence has 1"),
        (([0.5, 0.6], [0.5], [1, 1]), "accuracy has 1 values, but confidence has 2"),
        (([0.5], [0.5], [1, 1]), "counts has 2 values"),
        (([0.5], [0.5], [0]), "counts holds no prediction"),
        (([0.5], [1.5], [1]), "accuracy must be from 0 to 1"),
        (([0.5], [-0.1], [1]), "accuracy must be from 0 to 1"),
        (([1.5], [0.5], [1]), "confidence must be from 0 to 1"),
        (([math.nan], [0.5], [1]), "confidence must be from 0 to 1"),
        (([], [], []), "confidence is empty"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(ValueError, match=message):
        reliability_diagram(*values)
