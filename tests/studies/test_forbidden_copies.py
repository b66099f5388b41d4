"""The stored study is the one that the script makes: some of its runs are made once more."""

import pytest
import torch
from torch import nn

from linebyline.data.examples import TrainTest
from linebyline.studies.forbidden_copies import (
    BATCH_SIZE,
    COUNTS,
    DRAWS,
    PENALTIES,
    RATES,
    RIVALS,
    STARTS,
    STEPS,
    STRENGTHS,
    TUNED_ON,
    WIDTH,
    described,
    flat_digits,
    forbidding,
    learned,
    probed,
    train,
    untrained,
)


@pytest.fixture(scope="module")
def data() -> TrainTest:
    return flat_digits(STARTS[0])


def judged(row, data, see) -> float:
    return probed(described(see, data), labels=100, penalty=row["penalty"], seed=STARTS[0])


def test_what_learns_nothing_ends_as_stored(stored, data):
    row = stored["rows"]["untrained"]
    found = judged(row, data, untrained(data.train.inputs, STARTS[0]).encoder)
    assert found == pytest.approx(row["right"]["100"][0], abs=0.01)


def test_a_code_ends_as_stored(stored, data):
    row = stored["rows"]["plain"]
    see = learned("plain", data.train.inputs, seed=STARTS[0], **row["setting"])
    assert judged(row, data, see) == pytest.approx(row["right"]["100"][0], abs=0.03)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "width": WIDTH,
        "steps": STEPS,
        "batch_size": BATCH_SIZE,
        "rates": [*RATES],
        "penalties": [*PENALTIES],
        "tuned_on": [*TUNED_ON],
        "starts": [*STARTS],
        "draws": DRAWS,
    }
    assert not set(TUNED_ON) & set(STARTS)
    assert list(stored["rows"]) == [*RIVALS, *STRENGTHS]
    for row in stored["rows"].values():
        assert all(len(row["right"][str(count)]) == len(STARTS) for count in COUNTS)


def test_settings_are_the_best_of_those_tried(stored):
    for name, row in stored["rows"].items():
        if name in STRENGTHS:
            best = max(range(len(row["strengths"])), key=row["strengths"].__getitem__)
            assert row["setting"]["strength"] == STRENGTHS[name][best]
            assert row["setting"]["rate"] == RATES[row["rates"].index(max(row["rates"]))]


def test_each_prohibition_has_its_price():
    model = untrained(torch.rand(10, 196, generator=torch.Generator().manual_seed(0)), 0)
    x = torch.rand(8, 196, generator=torch.Generator().manual_seed(1))
    free = forbidding("plain", 0.0, model, 0)(x).item()
    error = (model(x) - x).square().sum(1).mean().item()
    assert free == pytest.approx(error)
    for kind in STRENGTHS:
        if kind != "plain":
            assert abs(forbidding(kind, 0.5, model, 0)(x).item() - free) > 0.01, kind


def test_training_makes_the_loss_smaller_and_follows_its_seed():
    x = torch.rand(50, 4, generator=torch.Generator().manual_seed(0))

    def run(seed: int) -> list[float]:
        layer = nn.Linear(4, 4)
        nn.init.eye_(layer.weight)
        nn.init.ones_(layer.bias)
        loss = lambda b: (layer(b) - b).square().sum(1).mean()  # noqa: E731
        return train(layer.parameters(), loss, x, rate=0.1, seed=seed, steps=40)

    assert run(0) == run(0)
    assert run(0) != run(1)
    assert run(0)[-1] < 0.1 * run(0)[0]
