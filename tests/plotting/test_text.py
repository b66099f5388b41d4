"""Text in figures: letters in columns, and under each a bar as long as its number."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from linebyline.plotting.style import PALETTE
from linebyline.plotting.text import (
    BARS,
    COLUMNS,
    LETTERS,
    RETURN,
    text_with_bars,
    texts_below_names,
)

BLUE, CORAL = to_rgba(PALETTE[0]), to_rgba(PALETTE[1])


def letters(ax: Axes) -> list[tuple[str, float, float]]:
    return [(t.get_text(), *t.get_position()) for t in ax.texts]


def bars(ax: Axes) -> list[tuple[float, float, tuple[float, ...]]]:
    """Of each: its middle, its length upwards, and its colour."""
    found = []
    for line in ax.collections:
        for path, color in zip(line.get_paths(), line.get_facecolors(), strict=True):
            x, y = path.vertices[:4].T
            found.append((float(x.mean()), float(y[0] - y[2]) / BARS, tuple(color)))
    return found


def test_a_bar_under_each_character() -> None:
    ax = text_with_bars("ab c", [0.5, 1.0, 2.0, 0.0])
    assert [letter for letter, *_ in letters(ax)] == ["a", "b", "c"]  # a space has no ink
    assert [x for _, x, _ in letters(ax)] == [0.5, 1.5, 3.5]
    assert [x for x, *_ in bars(ax)] == pytest.approx([0.5, 1.5, 2.5, 3.5])
    assert [length for _, length, _ in bars(ax)] == pytest.approx([0.25, 0.5, 1.0, 0.0])
    assert {color for *_, color in bars(ax)} == {BLUE}


def test_below_zero_hangs_down_in_another_colour() -> None:
    ax = text_with_bars("abc", torch.tensor([1.0, -0.5, float("nan")]))
    assert [length for _, length, _ in bars(ax)] == pytest.approx([1, -0.5, 0])
    assert [color for *_, color in bars(ax)] == [BLUE, CORAL, BLUE]


def test_the_largest_can_be_given_and_cuts() -> None:
    ax = text_with_bars("abc", [1.0, 3.0, -9.0], largest=2.0)
    assert [length for _, length, _ in bars(ax)] == pytest.approx([0.5, 1, -1])


def test_all_zeros_are_no_division_by_zero() -> None:
    assert [length for _, length, _ in bars(text_with_bars("ab", [0, 0]))] == [0, 0]


def test_newlines_and_long_lines_break_and_keep_their_numbers() -> None:
    text = "ab\n\ncdefg\nh"
    values = np.arange(1, len(text) + 1) / len(text)
    ax = text_with_bars(text, values, columns=3)
    shown = letters(ax)
    assert "".join(letter for letter, *_ in shown) == f"ab{RETURN}{RETURN}cdefg{RETURN}h"
    heights = sorted({y for *_, y in shown})
    lines = ["".join(t for t, _, y in shown if y == height) for height in heights]
    assert lines == [f"ab{RETURN}", RETURN, "cde", f"fg{RETURN}", "h"]
    assert [length for _, length, _ in bars(ax)] == pytest.approx(values)


def test_letters_do_not_touch_and_stay_in_the_figure() -> None:
    ax = text_with_bars("M" * 75 + "\nWg", [1.0] * 78)
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts]
    first = boxes[:COLUMNS]
    assert all(one.x1 <= other.x0 + 0.5 for one, other in pairwise(first))
    assert all(box.x0 >= -0.5 and box.x1 <= ax.figure.bbox.width + 0.5 for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= ax.figure.bbox.height for box in boxes)


def test_texts_stand_below_their_names_without_the_sign() -> None:
    ax = texts_below_names({"one": "ab\nc", "two": "def"}, columns=8)
    shown = letters(ax)
    assert RETURN not in "".join(t for t, *_ in shown)
    rows = sorted({y for *_, y in shown})
    lines = ["".join(t for t, _, y in shown if y == row) for row in rows]
    assert lines == ["one", "ab", "c", "two", "def"]
    assert rows[3] - rows[2] == pytest.approx(LETTERS + BARS)
    assert ax.texts[0].get_color() == PALETTE[0]


def test_given_axes_are_used() -> None:
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    assert text_with_bars("ab", [1, 2], ax=ax) is ax
    ax = plt.subplots()[1]
    assert texts_below_names({"one": "ab"}, ax=ax) is ax


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("abc", [1.0, 2.0]), {}, "values has 2 numbers for 3 characters"),
        (("ab", [1.0, 2.0]), {"columns": 0}, "columns must be at least 1, not 0"),
        (("ab", [1.0, 2.0]), {"largest": 0.0}, "largest must be above 0, not 0"),
        (("", []), {}, "values is empty"),
    ],
)
def test_refuses_bars_by_name(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        text_with_bars(*arguments, **options)


@pytest.mark.parametrize(
    ("texts", "options", "message"),
    [
        ({}, {}, "texts is empty"),
        ({"one": ""}, {}, "text is empty"),
        ({"one": "a"}, {"columns": 0}, "columns must be at least 1, not 0"),
    ],
)
def test_refuses_texts_by_name(texts: dict, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        texts_below_names(texts, **options)
