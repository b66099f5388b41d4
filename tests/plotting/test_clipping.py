import numpy as np
import pytest

from linebyline.plotting.clipping import clip

LOW, HIGH = np.array([-1.0, -2.0]), np.array([3.0, 2.0])


def test_a_line_enters_and_leaves_on_the_box_and_is_inside_between():
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        start, along = generator.normal(0, 3, size=(2, 2))
        inside = clip(start, along, LOW, HIGH)
        ts = np.linspace(-50, 50, 20001)
        points = start + ts[:, None] * along
        really = ((points >= LOW) & (points <= HIGH)).all(axis=1)
        if inside is None:
            assert not really.any()
            continue
        found += 1
        strictly = (ts > inside[0] + 1e-9) & (ts < inside[1] - 1e-9)
        np.testing.assert_array_equal(really, strictly)
        for t in inside:  # both ends lie on a side
            end = start + t * along
            assert min(np.abs(end - LOW).min(), np.abs(end - HIGH).min()) < 1e-9
    assert 20 < found < 180


@pytest.mark.parametrize(
    ("start", "along", "expected"),
    [
        ((0, -9), (0, 1), (7, 11)),  # vertical
        ((5, 0), (-2, 0), (1, 3)),  # horizontal, leftward
        ((4, 0), (0, 1), None),  # vertical, beside the box
        ((0, 3), (1, 0), None),  # horizontal, above it
    ],
)
def test_lines_along_the_axes(start, along, expected):
    assert clip(np.array(start, float), np.array(along, float), LOW, HIGH) == expected
