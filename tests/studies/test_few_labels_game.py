"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.studies.few_labels_game import (
    CONTROLS,
    LABELS,
    NOISES,
    STARTS,
    WAYS,
    WEIGHTS,
    digits,
    fakes_of,
    from_seed,
    run,
    setting_of,
)
from linebyline.studies.few_labels_ways import Setting


@pytest.mark.parametrize("way", WAYS)
def test_the_first_steps_are_as_stored(stored, way):
    setting = setting_of(way, stored)
    losses = run(way, 100, STARTS[0], setting, digits(), stop=5)[2]
    assert losses == pytest.approx(stored["first_losses"][way], abs=0.002)


def test_everything_was_run(stored):
    for way in WAYS:
        counts = (100,) if way in CONTROLS else LABELS
        assert {key: len(row) for key, row in stored["right"][way].items()} == {
            str(count): len(STARTS) for count in counts
        }


def test_the_best_is_the_best_of_those_tried(stored):
    for name, values in {"noise": NOISES, **WEIGHTS}.items():
        tried = {float(value): share for value, share in stored["tried"][name].items()}
        assert set(tried) == set(values)
        assert tried[stored["best"][name]] == max(tried.values())
    assert setting_of("labels", stored).input_noise == stored["best"]["noise"]
    assert setting_of("matching", stored).weight == stored["best"]["matching"]
    assert setting_of("GAN", stored).weight == stored["best"]["midpoints"]


def test_samples_are_what_they_are_called() -> None:
    images = digits().train.inputs
    fakes = {way: fake(300, from_seed(0)) for way, fake in fakes_of(images).items()}
    distance = {way: torch.cdist(rows, images).amin(1).mean() for way, rows in fakes.items()}
    assert distance["digits"] < 1e-2
    assert distance["digits"] < distance["GAN"] < distance["noise"]
    assert 0.5 < distance["midpoints"] < distance["noise"]


def test_a_way_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="way must be one of labels, entropy"):
        run("luck", 100, 0, Setting(), digits())
