"""The stored study is the one that the script makes: some of its runs are made once more."""

import math

import pytest
import torch
from torch import nn

from linebyline.data.examples import Examples, TrainTest
from linebyline.layers.linear import Linear
from linebyline.losses.nt_xent import nt_xent
from linebyline.self_supervised.simclr import ProjectionHead, SimCLR, Views
from linebyline.studies.contrast_settings import (
    ARMS,
    DRAWS,
    PENALTIES,
    RATES,
    STARTS,
    TUNED_ON,
    Arm,
    handwriting,
    learner,
    looks,
    loss_of,
    portrait,
    pretrain,
    read,
)


@pytest.fixture(scope="module")
def data() -> TrainTest:
    return handwriting(STARTS[0])


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_a_run_ends_as_stored(stored, data):
    name = "16 pairs, 300 steps"
    arm, row = ARMS[name], stored["arms"][name]
    model, losses = pretrain(arm, data.train, rate=row["rate"], seed=STARTS[0])
    assert sum(losses[-50:]) / 50 < 0.6 * losses[0]
    for place, see in looks(model).items():
        share = read(see, data, penalty=row["penalties"][place], seed=STARTS[0])
        assert share == pytest.approx(row["right"][place][0], abs=0.06)
    for what, value in portrait(model, data.test, arm.temperature).items():
        assert value == pytest.approx(row[what][0], rel=0.25, abs=0.05)


def test_an_arm_begins_with_what_its_name_says(data):
    """The first loss is known from the first weights and the first batch."""
    for name in ("as it is", "temperature 0.1", "256 pairs, 75 steps", "no head", "turn only"):
        arm = ARMS[name]
        _, (loss,) = pretrain(arm, data.train, rate=0.01, seed=STARTS[0], steps=1)
        draw = torch.Generator().manual_seed(STARTS[0])
        which = torch.randint(len(data.train.inputs), (arm.pairs,), generator=draw)
        model = learner(arm, STARTS[0])
        with torch.no_grad():
            expected = nt_xent(*model(data.train.inputs[which]), temperature=arm.temperature)
        assert loss == pytest.approx(expected.item(), rel=1e-4)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "rates": [*RATES],
        "penalties": [*PENALTIES],
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
        "draws": DRAWS,
    }
    assert TUNED_ON not in STARTS
    assert list(stored["arms"]) == [*ARMS]
    for row in stored["arms"].values():
        assert row["rate"] == RATES[row["tried"].index(min(row["tried"]))]
        assert set(row["right"]) == set(row["penalties"]) == {"part 2", "h", "z"}
        assert set(row["penalties"].values()) <= {*PENALTIES}
        for shares in row["right"].values():
            assert len(shares) == len(STARTS)


def test_arms_of_equal_images_and_of_equal_steps():
    images = {name: arm.pairs * arm.steps for name, arm in ARMS.items()}
    for name in ("16 pairs, 1200 steps", "256 pairs, 75 steps"):
        assert images[name] == images["as it is"]
    for name in ("16 pairs, 300 steps", "256 pairs, 300 steps"):
        assert ARMS[name].steps == Arm().steps


def test_a_learner_has_its_arms_head_and_views():
    heads = {"two layers": ProjectionHead, "linear": Linear, "none": nn.Identity}
    for arm in ARMS.values():
        model = learner(arm, 0)
        assert isinstance(model, SimCLR)
        assert isinstance(model.head, heads[arm.head])
        assert model.augment == arm.views
    first, other = (learner(Arm(), seed).head.output.weight for seed in (0, 1))
    assert first.equal(learner(Arm(), 0).head.output.weight)
    assert not first.equal(other)
    own = nn.Flatten()
    assert learner(Arm(), 0, own).encoder is own


def test_silent_wrong_answers_do_not_count():
    """Two pairs of one digit and one of another: each question of the first has two wrong ones."""
    views, digits = Views(random(3, 4), random(3, 4, seed=1)), torch.tensor([7, 7, 2])
    draw = torch.Generator().manual_seed(0)
    z = nn.functional.normalize(torch.cat(views), dim=1)
    e = (z @ z.T / 0.2).exp()
    each = []
    for i in range(6):
        j = (i + 3) % 6
        wrong = (2, 5) if i % 3 != 2 else (0, 1, 3, 4)
        each.append(math.log1p((e[i, list(wrong)].sum() / e[i, j]).item()))
    loss = loss_of(Arm(silent="same digit"), views, digits, draw)
    assert loss.item() == pytest.approx(sum(each) / 6, rel=1e-5)
    unlike = loss_of(Arm(silent="same digit"), views, torch.arange(3), draw)
    torch.testing.assert_close(unlike, nt_xent(*views, temperature=0.2))
    torch.testing.assert_close(loss_of(Arm(), views, digits, draw), unlike)


def test_as_many_others_are_silent():
    views, digits = Views(random(8, 4), random(8, 4, seed=1)), torch.arange(8) % 4
    arm = Arm(silent="as many others")
    losses = [
        loss_of(arm, views, digits, torch.Generator().manual_seed(s)).item() for s in range(5)
    ]
    alike = [
        loss_of(
            Arm(silent="same digit"),
            views,
            digits[torch.randperm(8, generator=torch.Generator().manual_seed(s))],
            torch.Generator(),
        ).item()
        for s in range(5)
    ]
    assert losses == pytest.approx(alike)
    assert len({round(value, 5) for value in losses}) > 1


def test_where_nobody_pushes_only_partners_count():
    a, b = random(5, 4), random(5, 4, seed=1)
    arm, none = Arm(silent="all", temperature=0.5), torch.Generator()
    loss = loss_of(arm, Views(a, b), torch.zeros(5), none)
    expected = -2 * nn.functional.cosine_similarity(a, b).mean()
    torch.testing.assert_close(loss, expected)


def test_a_portrait_of_known_vectors():
    """Partners coincide and all images are at right angles: 8 directions, all found."""

    class Corners(SimCLR):
        def forward(self, images):
            z = torch.eye(len(images))
            return Views(z, z)

    corners = Corners(nn.Flatten(), nn.Identity(), Arm().views)
    found = portrait(corners, Examples(torch.zeros(8, 1, 2, 2), torch.arange(8) % 4), 0.2)
    expected = {"found": 1, "apart": 0, "spread": 0, "dimensions": 7, "heard": 14, "same": 1 / 7}
    assert found == pytest.approx(expected, abs=1e-5)


def test_an_encoder_of_ones_own_is_trained():
    own = nn.Sequential(nn.Flatten(), nn.Linear(196, 64))
    before = own[1].weight.detach().clone()
    examples = Examples(torch.rand(64, 1, 14, 14), torch.arange(64) % 10)
    model, losses = pretrain(Arm(), examples, rate=0.01, seed=0, see=own, steps=3)
    assert len(losses) == 3
    assert not model.training
    assert not own[1].weight.equal(before)
