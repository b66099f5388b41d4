import matplotlib.pyplot as plt
import numpy as np
import pytest

from linebyline.plotting.column_space import projection_figure

COLUMNS, TARGET = np.array([[1, 0], [1, 1], [1, 2]]), np.array([1, 3, 2])
NAMES = ("ones", "x", "y", "foot")


@pytest.fixture
def tips():
    """Where each name's arrow ends."""
    ax = projection_figure(COLUMNS, TARGET, names=NAMES)
    yield {text.get_text(): np.array(text.xy) for text in ax.texts if text.get_text()}
    plt.close("all")


def test_the_foot_is_the_sum_of_columns_that_least_squares_says(tips):
    np.testing.assert_allclose(tips["foot"], 1.5 * tips["ones"] + 0.5 * tips["x"])


def test_the_perpendicular_is_upright_and_ends_at_the_target(tips):
    rise = tips["y"] - tips["foot"]
    assert abs(rise[0]) < 1e-9
    assert 1.0 < rise[1] < np.sqrt(1.5)  # seen from a little above


def test_the_columns_point_apart(tips):
    across = np.cross(np.append(tips["ones"], 0), np.append(tips["x"], 0))[2]
    assert across > 0.5


def test_refuses(without_shape_checks):
    with pytest.raises(ValueError, match=r"must be \(3, 2\) and \(3,\)"):
        projection_figure(COLUMNS.T, TARGET, names=NAMES)
    with pytest.raises(ValueError, match="names must be 4"):
        projection_figure(COLUMNS, TARGET, names=NAMES[:3])
    with pytest.raises(ValueError, match="on one line"):
        projection_figure(COLUMNS[:, [0, 0]], TARGET, names=NAMES)
    with pytest.raises(ValueError, match="lies in the plane"):
        projection_figure(COLUMNS, COLUMNS[:, 1], names=NAMES)
    plt.close("all")
