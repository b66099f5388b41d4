"""Drawings of encoder-decoders are judged by what is on the axes."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from linebyline.plotting.encoder_decoder import AGAIN, encoder_decoder
from linebyline.plotting.style import INK

SOURCE, TARGET = ["a", "b", "c"], ["x", "y", "<end>"]


def arrows(ax, color):
    patches = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    return [patch for patch in patches if to_hex(patch.get_edgecolor()) == color]


def test_every_token_is_written_once_and_all_goes_through_one_box():
    ax = encoder_decoder(SOURCE, TARGET)
    texts = [text.get_text() for text in ax.texts]
    assert sorted(texts) == sorted([*SOURCE, *TARGET, "<begin>", "c"])
    assert len([patch for patch in ax.patches if isinstance(patch, Rectangle)]) == 1
    plt.close("all")


def test_every_word_is_read_every_state_handed_on_and_every_word_said():
    ax = encoder_decoder(SOURCE, TARGET)
    read, chained, through, written = 3 + 1, 2 + 2, 2, 3  # the decoder's first token, then dashed
    assert len(arrows(ax, INK)) == read + chained + through + written
    plt.close("all")


def test_what_is_said_is_read_at_the_next_step():
    ax = encoder_decoder(SOURCE, TARGET)
    assert len(arrows(ax, AGAIN)) == 2  # the end is read by nobody
    plt.close("all")


def test_a_teacher_brings_the_token_before():
    ax = encoder_decoder(SOURCE, TARGET, taught=True)
    assert not arrows(ax, AGAIN)
    texts = [text.get_text() for text in ax.texts]
    assert (texts.count("x"), texts.count("y"), texts.count("<end>")) == (2, 2, 1)
    plt.close("all")


def test_the_vector_goes_to_every_step():
    once, again = (encoder_decoder(SOURCE, TARGET, every_step=each) for each in (False, True))
    assert len(arrows(again, INK)) == len(arrows(once, INK)) + 2
    plt.close("all")


def test_it_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert encoder_decoder(SOURCE, TARGET, ax=ax) is ax
    plt.close("all")


@pytest.mark.parametrize(("source", "target"), [([], ["x"]), (["a"], []), (["a"] * 5, ["x"] * 5)])
def test_refuses_what_has_no_room(source, target):
    with pytest.raises(ValueError, match="source and target must have at least one token each"):
        encoder_decoder(source, target)
