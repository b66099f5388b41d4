"""Stills show the angles; the film moves only when it is unfolded, once, and says what it shows."""

import math
import re

import pytest
import torch

from linebyline.plotting.cart_pole import cart_pole_film, cart_pole_strip

STATES = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.6, 0.0, math.pi / 6, 0.0], [-1.2, 0.0, -0.1, 0.0]])


def test_a_still_has_the_cart_at_its_place_and_the_pole_at_its_angle():
    ax = cart_pole_strip(STATES, [0, 1])
    assert [text.get_text() for text in ax.texts] == ["step 0", "step 1"]
    _, first, _, second = ax.lines
    assert first.get_xdata() == pytest.approx([0, 0])
    (x0, x1), (y0, y1) = second.get_xdata(), second.get_ydata()
    assert x0 == pytest.approx(3.2 + 0.6 / 2.4)
    assert math.atan2(x1 - x0, y1 - y0) == pytest.approx(math.pi / 6)
    assert ax.patches[1].get_x() + 0.3 == pytest.approx(x0)


def test_the_film_plays_once_when_it_is_open():
    film = cart_pole_film(STATES, seconds=3, label="A cart <moves>", every=1)
    assert "50.00%{transform:translateX(30.0px)}" in film
    assert "50.00%{transform:rotate(30.0deg)}" in film
    assert "100.00%{transform:rotate(-5.7deg)}" in film
    played = re.findall(r"([^{}]+)\{animation:[^}]*\}", film)
    assert len(played) == 2
    assert all(".film[open]" in selector for selector in played)
    assert film.index("prefers-reduced-motion:no-preference") < film.index("animation:")
    assert "3s linear 1 both" in film
    # The still: the pole turns about its foot, and the cart stands where the film begins.
    assert ".pole{transform-origin:0 0}" in film
    moved = cart_pole_film(STATES[1:], seconds=3, label="x")
    assert "}.film .cart{transform:translateX(30.0px)}" in moved
    assert "infinite" not in film
    assert 'role="img" aria-label="A cart &lt;moves&gt;"' in film
    assert "http" not in film
    assert "<script" not in film


def test_the_last_step_is_a_key_frame():
    assert "100.00%" in cart_pole_film(STATES[[0, 1, 2, 1]], seconds=1, label="x", every=2)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="at must name steps from 0 to 2, not"):
        cart_pole_strip(STATES, [3])
    with pytest.raises(ValueError, match="two steps or more, not 1"):
        cart_pole_film(STATES[:1], seconds=1, label="x")
    with pytest.raises(ValueError, match="seconds must be above 0 and at most 5, not 6"):
        cart_pole_film(STATES, seconds=6, label="x")
    with pytest.raises(ValueError, match="every must be at least 1, not 0"):
        cart_pole_film(STATES, seconds=1, label="x", every=0)
    with pytest.raises(ValueError, match="label must say what is seen"):
        cart_pole_film(STATES, seconds=1, label=" ")
