"""The stored weights make what was judged, and the game is the one that the script begins."""

import pytest

from linebyline.studies import grown_digits as grown
from linebyline.studies.longer_growth import (
    DECAY,
    LONGER,
    NOISE_SIZE,
    RATE,
    START,
    WEIGHTS,
    game,
    stored_generator,
)


def test_the_stored_weights_make_what_was_judged(stored):
    found, row = grown.judged_digits(stored_generator()), stored["digits"]
    assert found["sure"] == pytest.approx(row["sure"][-1], abs=0.01)
    assert found["distance"] == pytest.approx(row["distance"][-1], abs=1)
    assert found["sure"] >= 0.8
    assert min(found["classes"]) > 50
    assert WEIGHTS.stat().st_size < 300_000


def test_the_first_rounds_are_as_stored(stored):
    players = game()
    first = grown.ways(players, LONGER)["grown"][0]._replace(rounds=5)
    grown.rounds(players, grown.sizes(), first, START, grown.LazyPenalty())
    assert players.history.critic_loss == pytest.approx(stored["digits"]["first_losses"], abs=0.002)


def test_the_stored_settings_are_the_scripts(stored):
    settings = {"start": START, "longer": LONGER, "rate": RATE}
    assert stored["settings"] == settings | {"noise_size": NOISE_SIZE, "decay": DECAY}
    assert stored["digits"]["cost"][-1] == pytest.approx(LONGER * grown.ROUNDS, abs=2)
    assert stored["digits"]["side"][-1] == 28
