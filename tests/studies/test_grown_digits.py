"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch
from torch import nn

from linebyline.layers.cost import layer_costs, total
from linebyline.studies import grown_digits as study
from linebyline.studies.grown_digits import (
    BATCH_SIZE,
    CHANNELS,
    GROWING,
    NOISE_SIZE,
    PENALTY,
    RATES,
    RING_STARTS,
    ROUNDS,
    STARTS,
    LazyPenalty,
    Leg,
    cost,
    game,
    made_digits,
    round_cost,
    rounds,
    sizes,
    ways,
)
from linebyline.studies.spread_ring import PLACES


@pytest.mark.parametrize("name", ["grown", "at once"])
def test_the_first_rounds_are_as_stored(stored, name):
    players = game(STARTS[0], rate=stored["settings"]["best"][name])
    first = ways(players)[name][0]
    rounds(players, sizes(), first._replace(rounds=5), STARTS[0], LazyPenalty())
    found = stored["digits"][name][0]["first_losses"]
    assert players.history.critic_loss == pytest.approx(found, abs=0.002)


def test_the_stored_settings_are_the_scripts(stored):
    settings = stored["settings"]
    assert settings["starts"] == [*STARTS]
    assert settings["rates"] == [*RATES]
    assert settings["rounds"] == ROUNDS
    assert settings["decay"] == game(0).average.decay
    assert settings["batch_size"] == BATCH_SIZE
    assert settings["penalty"] == PENALTY
    assert settings["channels"] == [*CHANNELS]
    players = game(0)
    assert settings["round_costs"] == [round_cost(players, stage) for stage in range(3)]
    for name, rows in stored["digits"].items():
        assert len(rows) == len(STARTS)
        tried = stored["rates"][name]
        assert len(tried) == len(RATES)
        assert settings["best"][name] == RATES[tried.index(min(tried))]
    assert list(stored["ring"]) == [*PLACES]
    for row in stored["ring"].values():
        assert all(len(figures) == len(RING_STARTS) for figures in row.values())


def test_the_sizes_are_means_of_squares():
    small, middle, full = sizes(5)
    assert [part.shape[-1] for part in (small, middle, full)] == [7, 14, 28]
    torch.testing.assert_close(small[:, :, 2, 3], full[:, :, 8:12, 12:16].mean((2, 3)))
    assert full.min() == -1
    assert full.max() == 1


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_costs_are_those_of_layers_by_torch(stage):
    """Counted by the book's instrument, on torch's layers of the same shapes."""
    side, width = 7 * 2**stage, CHANNELS
    made, judge = game(0).generator.model, game(0).critic.model
    convolutions = nn.ModuleList()
    count = NOISE_SIZE * width[0] * 49
    for own in range(stage + 1):
        before = width[max(own - 1, 0)]
        layer = nn.Conv2d(before, width[own], 3, padding=1)
        count += total(layer_costs(layer, (before, 7 * 2**own, 7 * 2**own)), "multiply_adds")
        convolutions.append(layer)
    assert cost(made, stage) == count + width[stage] * side**2
    count -= NOISE_SIZE * width[0] * 49
    count += 9 * width[0] * 49  # the channel of the spread
    count += width[stage] * side**2 + width[0] * 49 * 64 + 64
    assert cost(judge, stage) == count


def test_both_ways_cost_the_same():
    players = game(0)
    prices = [round_cost(players, stage) for stage in range(3)]
    for longer in (1, 3):
        spent = [
            sum(leg.rounds * prices[leg.stage] for leg in way)
            for way in ways(players, longer).values()
        ]
        assert spent[1] == longer * ROUNDS * prices[2]
        assert 0 <= spent[1] - spent[0] < prices[2]
    assert tuple(ways(players)["grown"][: len(GROWING)]) == GROWING
    assert tuple(ways(players, 3)["grown"][: len(GROWING)]) == GROWING


def test_alpha_rises_by_pieces():
    players, seen = game(0), []
    model = players.generator.model
    grow = model.grow
    model.grow = lambda stage, alpha: (seen.append((stage, alpha)), grow(stage, alpha))
    rounds(players, sizes(40), Leg(1, 50, 0.0, 1.0), 0)
    assert seen == [(1, 0.4), (1, 0.8), (1, 1.0)]
    assert len(players.history.generator_loss) == 50


def test_a_way_is_judged_at_each_look(monkeypatch):
    """By the running mean; the work is counted leg by leg, at each size's price."""
    players, seen = game(0, decay=0.5), []

    def judged_digits(model):
        weight = model.to_image[0].weight.detach().clone()
        seen.append(torch.equal(weight, players.average.values["to_image.0.weight"]))
        seen.append(torch.equal(weight, now[0]))
        return {"distance": 1.0, "classes": [3, 1, 2]}

    now = [torch.zeros(0)]
    step = players.generator.optimizer.register_step_post_hook
    weights = players.generator.model.to_image[0].weight
    step(lambda *_: now.__setitem__(0, weights.detach().clone()))
    monkeypatch.setattr(study, "judged_digits", judged_digits)
    rows = study.play_way(players, [Leg(0, 3), Leg(1, 2)], 0, sizes(40))
    assert players.average.decay == 0.5
    assert seen == [True, False] * 2
    prices = [round_cost(players, stage) for stage in range(3)]
    work = [3 * prices[0] / prices[2], (3 * prices[0] + 2 * prices[1]) / prices[2]]
    assert rows["cost"] == pytest.approx(work, abs=0.06)
    assert rows["fewest"] == [1, 1]
    assert rows["side"] == [7, 14]
    assert len(rows["first_losses"]) == 5


def test_the_penalty_is_asked_for_in_every_round():
    players, penalty = game(0), LazyPenalty()
    rounds(players, sizes(40), Leg(1, 25, 0.0, 1.0), 0, penalty)
    assert penalty.steps == 25


def test_the_penalty_comes_every_eighth_step():
    penalty, critic = LazyPenalty(), nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, 4.0]]))
    found = [penalty(critic, torch.ones(4, 2), torch.ones(4, 2)).item() for _ in range(16)]
    assert found[:7] + found[8:15] == [0] * 14
    assert found[7] == found[15] == pytest.approx(8 * 25)  # the slope is 5 everywhere


def test_made_digits_are_images():
    players = game(0)
    made = made_digits(players.generator.model, 10)
    assert made.shape == (10, 7, 7)
    assert 0 <= made.min() <= made.max() <= 1
    assert torch.equal(made, made_digits(players.generator.model, 10))
