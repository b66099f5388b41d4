"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.generative.gan import Generator
from linebyline.studies.digit_judge import digits
from linebyline.studies.two_player_games import (
    BLUR,
    CRITICS,
    DECAY,
    DIGIT_RATE,
    DIGIT_ROUNDS,
    DIGIT_STARTS,
    RING_ROUNDS,
    RING_STARTS,
    SIDE,
    SPREAD,
    WEIGHTS,
    Blurred,
    counted,
    digit_game,
    digit_rounds,
    judged,
    made_digits,
    ring_game,
    ring_rounds,
    stored_generator,
)


@pytest.mark.parametrize("start", range(len(DIGIT_STARTS)))
def test_the_first_rounds_are_as_stored(stored, start):
    seed = DIGIT_STARTS[start]
    history = digit_rounds(digit_game(seed)[:2], seed, 5)
    assert history.critic_loss == pytest.approx(stored["digits"][start]["first_losses"], abs=0.002)


def test_the_stored_weights_make_what_was_judged(stored):
    made = made_digits(stored_generator())
    assert made.min() >= 0
    assert made.max() <= 1
    found = judged(made)
    assert found["sure"] == pytest.approx(stored["digits"][0]["sure"], abs=0.01)
    assert found["distance"] == pytest.approx(stored["digits"][0]["distance"], abs=0.3)
    assert WEIGHTS.stat().st_size < 300_000


def test_real_digits_are_judged_as_stored(stored):
    found, wanted = judged(digits(SIDE).test.inputs), dict(stored["real"])
    assert found.pop("classes") == wanted.pop("classes")
    assert found == pytest.approx(wanted, abs=0.01)


def test_samples_that_are_shown_are_good_enough(stored):
    for row in stored["digits"]:
        assert row["sure"] >= 0.8
        assert min(row["classes"]) > 50
        assert row["distance"] < row["last"]["distance"]


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "spread": SPREAD,
        "ring_starts": [*RING_STARTS],
        "digit_starts": [*DIGIT_STARTS],
        "ring_rounds": RING_ROUNDS,
        "digit_rounds": DIGIT_ROUNDS,
        "rate": DIGIT_RATE,
        "blur": BLUR,
        "decay": DECAY,
    }
    assert list(stored["ring"]) == [*CRITICS]
    for row in stored["ring"].values():
        assert all(len(figures) == len(RING_STARTS) for figures in row.values())


def test_a_game_on_the_ring_has_its_critic_and_its_seed():
    for name, critic in CRITICS.items():
        judge, made = ring_game(critic, 3)
        assert isinstance(judge.model, Blurred) == (name == "ahead, blurred")
        assert judge.optimizer.param_groups[0]["lr"] == critic.rate
        history = ring_rounds((judge, made), critic, 3, 2)
        assert len(history.critic_loss) == 2 * critic.steps
        count, spread, points = counted(made.model)
        assert count.shares.shape == (8,)
        assert points.shape == (2000, 2)
        assert spread == pytest.approx(points.var(0).sum().sqrt().item())


def test_a_blur_is_for_training_only():
    critic = Blurred(torch.nn.Identity(), 0.5)
    x = torch.zeros(2000, 1)
    torch.manual_seed(0)
    assert critic(x).std().item() == pytest.approx(0.5, rel=0.1)
    assert critic.eval()(x).equal(x)


def test_made_digits_leave_the_generator_as_it_was():
    made = digit_game(0)[1].model
    assert isinstance(made, Generator)
    assert made.training
    before = {name: value.clone() for name, value in made.state_dict().items()}
    assert made_digits(made, 5).shape == (5, SIDE, SIDE)
    assert made.training
    assert all(value.equal(before[name]) for name, value in made.state_dict().items())
