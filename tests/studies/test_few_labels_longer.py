"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest

from linebyline.studies import few_labels_game as shorter
from linebyline.studies.few_labels_longer import BATCH_SIZE, STARTS, STEPS, WAYS, setting_of


@pytest.mark.parametrize("way", WAYS)
def test_the_first_steps_are_as_stored(stored, way):
    start = STARTS[0]
    losses = shorter.run(way, 100, start, setting_of(way), shorter.digits(), stop=5)[2]
    assert losses == pytest.approx(stored["first_losses"][way], abs=0.002)


def test_everything_was_run(stored):
    assert {way: len(row) for way, row in stored["right"].items()} == dict.fromkeys(
        WAYS, len(STARTS)
    )
    assert len(stored["samples"]) == len(STARTS)


def test_only_the_length_differs_from_the_shorter_runs():
    for way in WAYS:
        before, now = shorter.setting_of(way, shorter.load()), setting_of(way)
        assert now.steps * now.batch_size == 5 * before.steps * before.batch_size
        assert (now.steps, now.batch_size) == (STEPS, BATCH_SIZE)
        assert (now.rate, now.input_noise) == (before.rate, before.input_noise)
