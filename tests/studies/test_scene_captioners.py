"""The stored study is the one that the script makes: one of its runs is made once more."""

import pytest
import torch

from linebyline.data.mnist import mnist_5k
from linebyline.layers.steered_attention import SteeredAttention
from linebyline.studies.scene_captioners import (
    BATCH_SIZE,
    DRAWS,
    EPOCHS,
    FEATURES,
    KINDS,
    LONGEST,
    PENALTIES,
    RATES,
    SCENES,
    SIDE,
    TESTED,
    TUNED_ON,
    captioner,
    hit_shares,
    learn,
    looks,
    right,
    see,
    steered,
    turn,
    vocabulary,
    written,
)


@pytest.fixture(scope="module")
def digits():
    return mnist_5k(seed=0)


@pytest.fixture(scope="module")
def unseen(digits):
    return see(digits.test, 60, seed=1)


def test_a_run_ends_as_stored(stored, digits):
    seed, row = DRAWS[0], stored["kinds"]["mean"]
    model = captioner("mean", "en", seed)
    learn(model, see(digits.train, SCENES, seed=2 * seed), rate=row["rate"], seed=seed)
    unseen = see(digits.test, TESTED, seed=2 * seed + 1)
    shares = right(written(model, unseen, "en"), unseen).tolist()
    assert shares == pytest.approx(row["right"][0], abs=0.08)  # rounding differs by processor


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "rates": [*RATES],
        "penalties": [*PENALTIES],
        "tuned_on": [*TUNED_ON],
        "draws": [*DRAWS],
        "scenes": SCENES,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "kinds": [*KINDS],
    }
    assert not set(TUNED_ON) & set(DRAWS)
    assert list(stored["kinds"]) == [*KINDS]
    assert list(stored["penalties"]) == [str(penalty) for penalty in PENALTIES]


def test_rates_are_the_best_and_none_the_last_one_tried(stored):
    for row in stored["kinds"].values():
        assert row["rate"] == RATES[row["tried"].index(max(row["tried"]))]
        assert row["rate"] not in (RATES[0], RATES[-1])


@pytest.mark.parametrize("language", LONGEST)
def test_captions_are_read_a_step_late_and_come_back(digits, language):
    seen = see(digits.test, 20, seed=3, language=language)
    words = vocabulary(language)
    for row, caption in zip(seen.said, seen.captions, strict=True):
        assert words.decode(row) == caption.text
    assert torch.equal(
        seen.read[:, 1:][seen.read[:, 1:] > 0], seen.said[:, :-1][seen.read[:, 1:] > 0]
    )
    assert seen.grids.shape == (20, FEATURES, 6, 6)
    assert seen.grids[:, -2, 0, 0].eq(-3).all()
    assert seen.grids[:, -2, 0, 5].eq(3).all()  # x grows to the right
    assert seen.grids[:, -1, 0, 5].eq(-3).all()


def test_mean_and_flat_see_one_place_and_share_the_decoder(unseen):
    sizes = {}
    for kind in KINDS:
        model = captioner(kind, "en", 0)
        sizes[kind] = {name: p.shape for name, p in model.decoder.named_parameters()}
        assert looks(model, unseen).shape[2] == (36 if kind == "looks" else 1)
    assert sizes["looks"] == sizes["mean"] == sizes["flat"]
    with pytest.raises(ValueError, match=r"^kind must be one of looks, mean, flat, not 'x'"):
        captioner("x", "en", 0)


def test_turned_looks_are_those_of_the_other_digit(unseen, monkeypatch):
    """With weights that say for each word where it stands, and an answer that repeats them."""
    model = captioner("looks", "en", 0)
    before, weights = model.decoder.attention, looks(model, unseen)
    free = turn(model, unseen, ())
    assert model.decoder.attention is before
    assert torch.equal(looks(model, unseen), weights)
    words = model.write(unseen.grids, unseen.read).logits.argmax(1)
    named = unseen.named
    ours = (words == unseen.said)[named.captions, named.steps].double().mean()
    assert abs(free[0].mean() - ours) < 0.5

    told = []
    true = SteeredAttention.steer

    def steer(self, given, where):
        told.append((given, where))
        true(self, given, where)

    monkeypatch.setattr(SteeredAttention, "steer", steer)
    turn(model, unseen, (0, 2))
    turn(model, unseen, (1, 3), "all")
    (exchanged, colors), (alike, digits) = told
    i = int(colors.any(1).nonzero()[0])  # "a red 3 left of a blue 7"
    first, second = colors[i].nonzero()[:, 0].tolist()
    assert torch.equal(exchanged[i, first], weights[i, second])
    assert torch.equal(exchanged[i, second], weights[i, first])
    assert digits[i].nonzero()[:, 0].tolist() == [first + 1, second + 1]
    assert torch.allclose(alike[digits], torch.full((1,), 1 / 36))


def test_told_its_own_looks_it_says_the_same_and_is_free_again(unseen):
    model = captioner("looks", "en", 0)
    before, weights = model.decoder.attention, looks(model, unseen)
    said = model.write(unseen.grids, unseen.read).logits.argmax(1)
    told = torch.ones(weights.shape[:2], dtype=torch.bool)
    assert torch.equal(steered(model, unseen, weights, told), said)
    elsewhere = torch.zeros_like(weights)
    elsewhere[..., 0] = 1
    assert not torch.equal(steered(model, unseen, elsewhere, told), said)
    assert torch.equal(steered(model, unseen, elsewhere, ~told), said)
    assert model.decoder.attention is before


def test_right_counts_whole_captions_by_their_digits(unseen):
    texts = [caption.text for caption in unseen.captions]
    assert right(texts, unseen).tolist() == [1, 1]
    two = [
        text + " of" if (classes >= 0).sum() == 2 else text
        for text, classes in zip(texts, unseen.scenes.classes, strict=True)
    ]
    assert right(two, unseen).tolist() == [1, 0]


def test_hits_are_those_of_weights_that_know(unseen):
    """A look at the cell around the middle of each word's box always hits a large one."""
    weights = torch.zeros(len(unseen.grids), LONGEST["en"], 36)
    weights[:, :, 0] = 1
    for scene, step, place, _, _ in zip(*unseen.named, strict=True):
        left, top, right_, bottom = unseen.scenes.boxes[scene, place].tolist()
        weights[scene, step] = 0
        x, y = (left + right_) / 2, (top + bottom) / 2
        weights[scene, step, int(y // (SIDE / 6)) * 6 + int(x // (SIDE / 6))] = 1
    found = hit_shares(weights, unseen)
    assert min(found["color_hits"], found["digit_hits"]) > 0.7
    assert found["color_hits"] == found["digit_hits"]
