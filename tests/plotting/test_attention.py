"""Weights are drawn where they belong, under tokens that can be read."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from linebyline.plotting.attention import DIM, VEIL, attention_map, attention_over_image
from linebyline.plotting.style import PALETTE, SEQUENTIAL

WEIGHTS = torch.tensor([[0.9, 0.1, 0.0], [0.0, 0.25, 0.75]])


def test_rows_are_written_and_columns_read() -> None:
    ax = attention_map(WEIGHTS, ["twenty", "-", "one"], ["이", "십"], title="numbers")
    (shown,) = ax.images
    np.testing.assert_allclose(shown.get_array(), WEIGHTS)
    assert shown.get_clim() == (0, 1)
    assert shown.get_cmap() is SEQUENTIAL
    assert [text.get_text() for text in ax.get_xticklabels()] == ["twenty", "-", "one"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["i", "sip"]
    assert ax.get_title(loc="left") == "numbers"
    assert ax.yaxis_inverted()  # the first that is written stands above


def test_padding_is_left_out_and_axes_may_be_given() -> None:
    _, (left, right) = plt.subplots(1, 2)
    assert attention_map(WEIGHTS, ["a", "b"], ["c"], ax=right) is right
    assert right.images[0].get_array().shape == (1, 2)
    assert not left.images


def test_tokens_do_not_overlap(overlapping: Callable) -> None:
    """As long as numbers and dates get."""
    weights = np.full((20, 36), 1 / 36)
    words = ["hundred", "-", "thousand", ","] * 9
    ax = attention_map(weights, words, ["만", " "] * 10)
    assert not overlapping(ax.get_xticklabels())
    assert not overlapping(ax.get_yticklabels())
    letters = attention_map(
        weights, list("Donnerstag, 5. März 2026 der Welt  ab"[:36]), list("2026-03-05")
    )
    assert not overlapping(letters.get_xticklabels())
    assert letters.get_xticklabels()[0].get_rotation() == 0


def test_nothing_is_the_page_and_all_is_blue(pixels: Callable) -> None:
    ax = attention_map(torch.tensor([[0.0, 1.0]]), ["a", "b"], ["c"])
    drawn = pixels(ax.figure)
    points = ax.transData.transform([(0.2, 0.2), (1.2, 0.2)])
    scale = drawn.shape[1] / ax.figure.bbox.width
    empty, full = (drawn[round(drawn.shape[0] - y * scale), round(x * scale)] for x, y in points)
    assert empty[3] < 10
    np.testing.assert_allclose(full[:3], np.array(to_rgb(PALETTE[0])) * 255, atol=3)


def image() -> torch.Tensor:
    return torch.linspace(0, 1, 3 * 4 * 6).reshape(3, 4, 6)


def test_an_image_is_dark_where_a_word_did_not_look() -> None:
    weights = torch.zeros(2, 2, 3)
    weights[0, 0, 1] = 1.0
    weights[1] = 1 / 6
    axes = attention_over_image(image(), weights, ["빨간색", "3"])
    assert [ax.get_title() for ax in axes] == ["image", "ppalgansaek", "3"]
    whole, one, even = (np.asarray(ax.images[0].get_array()) for ax in axes)
    np.testing.assert_allclose(whole, image().permute(1, 2, 0))
    np.testing.assert_allclose(one[:2, 2:4], (1 - VEIL) * whole[:2, 2:4] + VEIL)
    np.testing.assert_allclose(one[2:], DIM * whole[2:])
    np.testing.assert_allclose(even, (1 - VEIL) * whole + VEIL)  # it looked at all alike


def test_boxes_are_drawn_for_words_that_name_something() -> None:
    weights = torch.full((2, 2, 3), 1 / 6)
    axes = attention_over_image(image(), weights, ["a", "3"], boxes=[None, [1, 0, 4, 3]], columns=3)
    assert [len(ax.patches) for ax in axes] == [0, 0, 1]
    assert axes[2].patches[0].get_width() == 3
    tops = {round(ax.get_position().y1, 3) for ax in axes}
    assert len(tops) == 1


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_map(WEIGHTS, list("abcd"), ["c"]), "read must be from 1 to 3 tokens"),
        (lambda: attention_map(WEIGHTS, ["a"], []), "written must be from 1 to 2 .* not 0"),
        (
            lambda: attention_map(2 * WEIGHTS, list("abc"), list("ab")),
            "weights must be from 0 to 1",
        ),
        (lambda: attention_map(WEIGHTS - 0.1, list("abc"), list("ab")), "reach from -0.1 to 0.8"),
        (lambda: attention_map(WEIGHTS[0], ["a"], ["b"]), "weights must have shape"),
        (
            lambda: attention_over_image(image(), torch.zeros(2, 2, 3), ["a"]),
            "words has 1 entries for 2 weights",
        ),
        (
            lambda: attention_over_image(image(), torch.zeros(1, 2, 3), ["a"], boxes=[]),
            "words has 1 entries for 1 weights and 0 boxes",
        ),
        (
            lambda: attention_over_image(image(), torch.zeros(1, 3, 3), ["a"]),
            "weights must have a grid that divides the image, 4 x 6 pixels, evenly, not one of 3 x",
        ),
        (lambda: attention_over_image(image()[:1], torch.zeros(1, 2, 3), ["a"]), "image must have"),
    ],
)
def test_refuses(call: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
