"""All ways begin alike and are reproducible; what is measured is what it is called."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from linebyline.data.examples import Examples
from linebyline.generative.gan import Generator
from linebyline.generative.semi_supervised_gan import midpoints
from linebyline.studies.few_labels_ways import (
    Setting,
    classifier,
    entropy,
    from_seed,
    learned,
    played,
    right,
    taken_for_data,
)

SMALL = Setting(sizes=(2, 8, 2), steps=40, labelled=4, batch_size=8, rate=0.02)


def clusters() -> Examples:
    points = 0.3 * torch.randn(60, 2, generator=from_seed(0))
    points[:30, 0] -= 1
    points[30:, 0] += 1
    return Examples(points, (torch.arange(60) >= 30).long())


def test_entropy_is_that_of_the_answers() -> None:
    logits = torch.randn(5, 3)
    wanted = torch.distributions.Categorical(logits=logits).entropy().mean()
    torch.testing.assert_close(entropy(logits), wanted)


def test_each_way_learns_and_can_be_run_again() -> None:
    data = clusters()
    few = Examples(*(part[[0, 59]] for part in data))
    ways = {
        "labels": {},
        "entropy": {"least_entropy": True},
        "midpoints": {"fakes": lambda count, draw: midpoints(data.inputs, count, draw)},
    }
    for options in ways.values():
        model, losses = learned(few, data.inputs, setting=SMALL, seed=1, **options)
        assert right(model, data) > 0.9
        assert losses[-1] < losses[0]
        again = learned(few, data.inputs, setting=SMALL, seed=1, stop=5, **options)[1]
        assert again == losses[:5]
    assert not model.training


def test_the_weight_is_that_of_what_is_unlabelled() -> None:
    data = clusters()
    none = replace(SMALL, weight=0.0)
    options = {"fakes": lambda count, draw: midpoints(data.inputs, count, draw)}
    alone = learned(data, data.inputs, setting=none, seed=1)[1]
    first = learned(data, data.inputs, setting=none, seed=1, **options)[1]
    assert first[0] == pytest.approx(alone[0])
    heavy = learned(data, data.inputs, setting=replace(SMALL, weight=2.0), seed=1, **options)[1]
    light = learned(data, data.inputs, setting=replace(SMALL, weight=1.0), seed=1, **options)[1]
    assert heavy[0] - first[0] == pytest.approx(2 * (light[0] - first[0]), rel=1e-3)


def test_the_game_is_played_by_both() -> None:
    data = clusters()
    few = Examples(*(part[[0, 59]] for part in data))
    made = Generator(2, (8,), (2,), generator=from_seed(3))
    before = [p.clone() for p in made.parameters()]
    model, losses = played(few, data.inputs, made, 2, setting=SMALL, seed=1)
    assert right(model, data) > 0.9
    assert len(losses) == SMALL.steps
    assert any((p != q).any() for p, q in zip(made.parameters(), before, strict=True))


def test_all_begin_with_the_same_weights() -> None:
    first, again = classifier(SMALL, 5), classifier(replace(SMALL, weight=3.0), 5)
    for p, q in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=0)


def test_what_is_taken_for_data() -> None:
    model = classifier(SMALL, 0)
    for p in model.parameters():
        nn.init.zeros_(p)  # two logits of 0: Z = 2, D = 2/3
    assert taken_for_data(model, torch.randn(4, 2)) == pytest.approx(2 / 3)
