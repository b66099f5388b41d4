"""The stored study is the one that the script makes: some of its runs are made once more."""

import pytest
import torch

from linebyline.generative.gan import discriminator_loss
from linebyline.generative.wgan import critic_loss
from linebyline.studies import steady_critics as study
from linebyline.studies.steady_critics import NETWORKS, PASSES, RATES, STARTS, TUNED_ON, WAYS, Game


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "passes": PASSES,
        "rates": [*RATES],
        "tuned_on": [*TUNED_ON],
        "starts": [*STARTS],
    }
    assert not set(TUNED_ON) & set(STARTS)
    assert list(stored["ways"]) == [*WAYS]
    for row in stored["ways"].values():
        assert list(row["networks"]) == [*NETWORKS]
        for ends in row["networks"].values():
            assert all(len(values) == len(STARTS) for values in ends.values())


def test_settings_are_the_best_of_those_tried(stored):
    for name, way in WAYS.items():
        row = stored["ways"][name]
        grid = [(rate, setting) for setting in way.settings for rate in RATES]
        assert len(row["tried"]) == len(row["tracks_tried"]) == len(row["tried_deep"]) == len(grid)
        best = grid[row["tried"].index(min(row["tried"]))]
        assert best == (row["rate"], row["setting"])


def test_the_floor_is_as_stored(stored):
    assert study.floor() == pytest.approx(stored["floor"], abs=1e-3)


@pytest.mark.parametrize("name", ["GAN", "penalty"])
def test_a_game_begins_to_bring_samples_nearer(stored, name):
    row = stored["ways"][name]
    options = {"rate": row["rate"], "setting": row["setting"]}
    game = Game(name, networks=NETWORKS["two of 64"], seed=STARTS[0], **options)
    first = game.distance()
    game.play(game.rounds // 4)
    assert game.distance() < 0.7 * first


def test_games_are_paid_alike():
    for name, way in WAYS.items():
        game = Game(
            name, rate=1e-3, setting=way.settings[0], networks=NETWORKS["two of 16"], seed=0
        )
        spent = game.rounds * (way.steps * way.cost + 1)
        assert PASSES - 12 < spent <= PASSES
        plain = name == "GAN"
        assert game.critic.loss is (discriminator_loss if plain else critic_loss)
        assert (game.fine is None) == (name in ("GAN", "clip"))


def test_only_the_clipped_critic_stays_in_its_box():
    for name in WAYS:
        setting = 0.1 if name == "clip" else 1.0
        game = Game(name, rate=3e-3, setting=setting, networks=NETWORKS["two of 16"], seed=0)
        game.play(15)
        largest = max(theta.abs().max().item() for theta in game.critic.model.parameters())
        assert (largest <= 0.1 + 1e-6) == (name == "clip")


def test_the_gans_critic_may_be_faster():
    game = Game("GAN", rate=1e-3, setting=3.0, networks=NETWORKS["two of 16"], seed=0)
    rates = [player.optimizer.param_groups[0]["lr"] for player in (game.critic, game.generator)]
    assert rates == pytest.approx([3e-3, 1e-3])


def test_a_game_is_its_seeds():
    ends = []
    for seed in (3, 3, 4):
        found = Game("clip", rate=1e-3, setting=0.1, networks=NETWORKS["two of 16"], seed=seed)
        found.play(3)
        ends.append(found.samples(5))
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


def test_a_watched_game_spends_all_and_keeps_each_moment(monkeypatch):
    monkeypatch.setattr(study, "PASSES", 60)
    end = study.ended("penalty", "two of 16", rate=1e-3, setting=1.0, seed=0, moments=4)
    assert len(end.game.history.generator_loss) == end.game.rounds == 12
    assert len(end.distances) == len(end.losses) == 4
    assert end.distances[-1] == end.game.distance()
    last = end.game.history.critic_loss[-6:]  # three rounds of two steps
    assert end.losses[-1] == pytest.approx(-sum(last) / 6)


def test_a_track_is_the_correlation_of_ranks():
    rising = study.Ended(None, [1.0, 2.0, 3.0], [0.1, 0.2, 90.0])
    assert rising.track() == pytest.approx(1)
    assert study.Ended(None, [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]).track() == pytest.approx(-1)
    assert study.Ended(None, [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]).track() == 0
