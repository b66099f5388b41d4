"""The stored weights make what was judged, and the game is the one that the script begins."""

import pytest

from linebyline.studies import grown_digits as grown
from linebyline.studies import longer_growth
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


def test_rates_fall_over_the_second_half(monkeypatch):
    seen, saved = [], []
    monkeypatch.setattr(longer_growth, "let_rates_fall", lambda *a, **k: seen.append((a, k)))
    monkeypatch.setattr(grown, "play_way", lambda players, legs, *_: {"legs": legs})
    monkeypatch.setattr(longer_growth, "save_file", lambda weights, path: saved.append(path))
    legs = longer_growth.study()["digits"]["legs"]
    total = sum(leg.rounds for leg in legs)
    ((players, rounds), options) = seen[0]
    assert [type(player.model).__name__ for player in players] == [
        "ProgressiveCritic",
        "ProgressiveGenerator",
    ]
    assert (rounds, options) == (total, {"after": total / 2})
    assert legs[: len(grown.GROWING)] == [*grown.GROWING]
    assert saved == [WEIGHTS]
