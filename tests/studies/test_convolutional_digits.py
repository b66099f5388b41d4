"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.studies import convolutional_digits as study
from linebyline.studies.digit_judge import digits, judged
from linebyline.studies.two_player_games import Blurred


def test_the_first_rounds_are_as_stored(stored):
    history = study.play_rounds(study.game(study.START, rules=study.RULES), study.START, 5)
    assert history.critic_loss == pytest.approx(stored["first_losses"], abs=0.003)


def test_the_stored_weights_make_what_was_judged(stored):
    made = study.drawn(study.stored_players()[0])
    assert made.min() >= 0
    assert made.max() <= 1
    found = judged(made, study.SIDE)
    assert found["sure"] == pytest.approx(stored["averaged"]["sure"], abs=0.01)
    assert found["distance"] == pytest.approx(stored["averaged"]["distance"], abs=0.5)
    assert study.WEIGHTS.stat().st_size < 1_000_000


def test_samples_that_are_shown_are_good_enough():
    G, D = study.stored_players()
    made = study.drawn(G, 1000)
    logits = D(2 * made - 1)
    shown = judged(made[logits >= logits.quantile(0.25)], study.SIDE)
    assert shown["sure"] >= 0.8
    assert min(shown["classes"]) > 30


def test_the_stored_critic_tells_data_from_noise():
    D = study.stored_players()[1]
    real = 2 * digits(study.SIDE).train.inputs[:200] - 1
    noise = torch.rand(real.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert D(real).mean() > D(noise).mean() + 0.5


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "rounds": study.ROUNDS,
        "rate": study.RATE,
        "blur": study.BLUR,
        "decay": study.DECAY,
        "start": study.START,
        "widths": [*study.WIDTHS],
        "noise_size": study.NOISE_SIZE,
        "batch_size": study.BATCH_SIZE,
        "beta": study.BETA,
        "hidden_units": study.RULES.hidden_units,
    }


def test_a_critic_may_see_sharply_and_rates_may_fall():
    sides = study.game(3, widths=(4, 4), rate=0.01, beta=0.9, blur=0)
    assert sides.critic.model is sides.D
    assert isinstance(study.game(3, widths=(4, 4)).critic.model, Blurred)
    assert sides.generator.optimizer.param_groups[0]["betas"] == (0.9, 0.999)
    study.let_rates_fall((sides.critic, sides.generator), 4)
    study.play_rounds(sides, 0, 2)
    for player in (sides.critic, sides.generator):
        assert player.optimizer.param_groups[0]["lr"] == pytest.approx(0.005)


def test_rates_may_stay_before_they_fall():
    sides, seen = study.game(0, widths=(4, 4), rate=0.01), []
    study.let_rates_fall([sides.critic], 8, after=4)
    for _ in range(8):
        seen.append(sides.critic.optimizer.param_groups[0]["lr"] / 0.01)
        sides.critic.optimizer.step()
    assert seen == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25])
    assert sides.critic.optimizer.param_groups[0]["lr"] == pytest.approx(0)
    assert sides.generator.optimizer.param_groups[0]["lr"] == 0.01


def test_drawing_leaves_the_generator_as_it_was():
    G = study.game(0, widths=(4, 4)).G
    before = {name: value.clone() for name, value in G.state_dict().items()}
    assert study.drawn(G, 5).shape == (5, study.SIDE, study.SIDE)
    assert G.training
    assert all(value.equal(before[name]) for name, value in G.state_dict().items())
