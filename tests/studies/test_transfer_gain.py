"""The stored study is the one that the script makes: some of its runs are made once more."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.studies.transfer_gain import (
    AUGMENT,
    BATCH_SIZE,
    COUNTS,
    DRAWS,
    LETTERS,
    PARTS,
    RATES,
    STEPS,
    TUNED_ON,
    WAYS,
    WIDTHS,
    adapt,
    few,
    handwriting,
    learn,
    letters,
    network,
    pretrained,
    probe,
    right,
)


@pytest.fixture(scope="module")
def source() -> nn.Sequential:
    return pretrained(letters(DRAWS[0]), DRAWS[0])


@pytest.mark.parametrize("way", WAYS)
def test_a_run_with_ten_labels_ends_as_stored(stored, source, way):
    data = handwriting(DRAWS[0])
    row = stored["ways"][way]["10"]
    options = {"rate": row["rate"], "augment": AUGMENT if row["augmented"] else None}
    some = few(data.train, 10, DRAWS[0])
    share = right(adapt(way, source, some, seed=DRAWS[0], **options), data.test)
    assert share == pytest.approx(row["right"][0], abs=0.05)  # rounding differs by processor


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "counts": [*COUNTS],
        "rates": [*RATES],
        "steps": STEPS,
        "batch_size": BATCH_SIZE,
        "widths": [*WIDTHS],
        "tuned_on": [*TUNED_ON],
        "draws": [*DRAWS],
    }
    assert not set(TUNED_ON) & set(DRAWS)
    assert list(stored["ways"]) == [*WAYS]
    for way, rows in stored["ways"].items():
        assert list(rows) == [str(count) for count in COUNTS]
        for row in rows.values():
            assert len(row["right"]) == len(DRAWS)
            assert len(row["tried"]) == len(RATES) * (1 if way == "probe" else 2)


def test_settings_are_the_best_and_no_rate_the_last_one_tried(stored):
    for rows in stored["ways"].values():
        for row in rows.values():
            best = row["tried"].index(max(row["tried"]))
            assert row["rate"] == RATES[best % len(RATES)]
            assert row["augmented"] == (best >= len(RATES))
            assert row["rate"] not in (RATES[0], RATES[-1])


def test_few_are_as_many_of_each_class():
    train = handwriting(0).train
    some, same, other = (few(train, 30, seed) for seed in (1, 1, 2))
    assert torch.bincount(some.targets).tolist() == [3] * 10
    assert some.inputs.equal(same.inputs)
    assert not some.inputs.equal(other.inputs)
    whole = {image.numpy().tobytes() for image in train.inputs}
    assert all(image.numpy().tobytes() in whole for image in some.inputs)


def test_images_have_fourteen_pixels_a_side():
    assert letters(0, 52).inputs.shape == (52, 1, 14, 14)
    assert letters(0, 52).targets.tolist() == [*range(26)] * 2
    data = handwriting(0)
    assert data.train.inputs.shape == (4000, 1, 14, 14)
    assert data.train.inputs.max() <= 1
    assert network(10, 0)(data.test.inputs[:3]).shape == (3, 10)


def test_it_learns_and_is_left_in_use():
    data = handwriting(3)
    model = learn(network(10, 3), few(data.train, 200, 3), rate=0.01, seed=3)
    assert not model.training
    assert right(model, data.test) > 0.75


def test_the_first_step_is_adams_and_the_rate_falls_to_nothing():
    some = few(handwriting(0).train, 20, 0)
    model, start = network(10, 0), network(10, 0)
    learn(model, some, rate=0.01, factor=2, steps=1)
    for place, (now, then) in enumerate(zip(model, start, strict=True)):
        moved = [
            (a - b).abs().max() for a, b in zip(now.parameters(), then.parameters(), strict=True)
        ]
        assert max(moved).item() == pytest.approx(0.01 / 2 ** (PARTS - place), rel=1e-2)
    ours = learn(network(10, 0), some, rate=0.01, steps=4)
    theirs = network(10, 0)
    optimizer = torch.optim.Adam(theirs.parameters())
    for step in range(4):  # all examples in each step, so that their order does not matter
        optimizer.param_groups[0]["lr"] = 0.01 * (1 - step / 4)
        optimizer.zero_grad()
        cross_entropy(theirs(some.inputs), some.targets).backward()
        optimizer.step()
    x = some.inputs
    torch.testing.assert_close(ours(x), theirs.eval()(x), rtol=1e-2, atol=1e-2)


def test_held_norms_keep_their_averages_and_a_probe_keeps_everything(source):
    some = few(handwriting(0).train, 20, 0)
    before = {name: value.clone() for name, value in source.state_dict().items()}
    held = adapt("tune", source, some, seed=0, rate=0.01, hold=True)
    free = adapt("tune", source, some, seed=0, rate=0.01)
    probed = adapt("probe", source, some, seed=0, rate=0.01)
    for name, value in before.items():
        assert source.state_dict()[name].equal(value)
        if int(name[0]) == PARTS:
            continue
        assert probed.state_dict()[name].equal(value)
        assert held.state_dict()[name].equal(value) == ("running" in name or "tracked" in name)
        assert not free.state_dict()[name].equal(value)
    assert all(p.requires_grad for p in probed.parameters())


def test_with_the_head_first_the_head_has_learned_before_the_rest_moves(source):
    some = few(handwriting(0).train, 100, 0)
    barely = {"seed": 0, "rate": 1e-9, "steps": 1, "hold": True}
    first, once = (adapt(way, source, some, **barely) for way in ("head first", "tune"))
    assert right(first, some) > 0.7 > right(once, some)


def test_augmentation_reaches_the_images():
    some = few(handwriting(0).train, 20, 0)
    seen = []

    def blank(images, generator):
        seen.append(len(images))
        return torch.zeros_like(images)

    learn(network(10, 0), some, rate=0.01, steps=3, augment=blank)
    assert seen == [20, 20, 20]


def test_a_probe_is_a_linear_classifier_on_frozen_features(source):
    some = few(handwriting(0).train, 50, 0)
    model = adapt("tune", source, some, seed=0, rate=1e-9, steps=1, hold=True)
    averages = [m.running_mean.clone() for m in model.modules() if isinstance(m, BatchNorm2d)]
    probe(model, some, seed=0)
    after = [m.running_mean for m in model.modules() if isinstance(m, BatchNorm2d)]
    assert all(a.equal(b) for a, b in zip(averages, after, strict=True))
    assert right(model, some) > 0.7


def test_refuses_by_name():
    some = Examples(torch.zeros(10, 1, 14, 14), torch.arange(10))
    with pytest.raises(ValueError, match=r"^way must be one of scratch, probe.*, not 'freeze'"):
        adapt("freeze", network(len(LETTERS), 0), some, seed=0, rate=0.1)
