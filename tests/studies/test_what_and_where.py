"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.data.cells import Cells
from linebyline.studies import what_and_where
from linebyline.studies.what_and_where import (
    ARMS,
    BATCH,
    EPOCHS,
    FIRST_STEPS,
    OUTLINE,
    RATES,
    STARTS,
    TEST,
    TRAIN,
    TUNED_ON,
    Between,
    images,
    judge,
    learn,
    network,
    nucleus_distance,
    unet,
)
from linebyline.training.segmentation import mean_iou, pixel_confusion

each_arm = pytest.mark.parametrize("arm", ARMS)


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("arm", ["coarse", "places", "skips", "coarsest", "no skips, code 1"])
def test_the_first_steps_are_those_that_are_stored(stored, first_losses, arm):
    record = stored["arms"][arm]

    losses = first_losses(
        lambda: learn(arm, STARTS[0], rate=record["rate"]),
        what_and_where,
        "cross_entropy",
        steps=FIRST_STEPS,
    )
    assert losses == pytest.approx(record["first_losses"], rel=2e-3)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "rates": [*RATES],
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
        "outline": [*OUTLINE],
        "images": [TRAIN, TEST],
        "batch": BATCH,
        "epochs": EPOCHS,
    }
    assert list(stored["arms"]) == [*ARMS]
    assert TUNED_ON not in STARTS
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12


@each_arm
def test_the_rate_is_the_best_and_not_the_last_one_tried(stored, arm):
    record = stored["arms"][arm]
    tried = {float(rate): iou for rate, iou in record["tried"].items()}
    assert tried[record["rate"]] == max(tried.values())
    place = RATES.index(record["rate"])
    assert {RATES[place - 1], RATES[place + 1]} <= set(tried), "a neighbour was not tried"


@each_arm
def test_parameters_are_the_networks(stored, arm):
    record = stored["arms"][arm]
    assert sum(p.numel() for p in network(arm, 0).parameters()) == record["parameters"]
    for name in ("iou", "kind", "where", "what"):
        assert len(record[name]) == len(STARTS)
    assert len(record["where"][0]) == len(OUTLINE) - 1


@each_arm
def test_every_arm_answers_for_every_pixel(arm):
    x = torch.randn(2, 1, 16, 24, generator=drawn())
    with torch.no_grad():
        scores = network(arm, 0).eval()(x)
    assert scores.shape == (2, 3, 16, 24)
    if arm == "coarse":
        assert torch.equal(scores[..., :8, :8], scores[..., :1, :1].expand(2, 3, 8, 8))


def test_near_sees_four_pixels_and_the_stack_fourteen():
    for arm, far in (("near", 4), ("stack", 14)):
        x = torch.randn(1, 1, 40, 40, generator=drawn()).requires_grad_()
        network(arm, 0).eval()(x)[0, 0, 20, 20].backward()
        rows = x.grad[0, 0].abs().sum(1).nonzero()
        assert (rows.min().item(), rows.max().item()) == (20 - far, 20 + far)


def test_what_is_not_kept_does_not_count():
    x = torch.randn(1, 1, 16, 16, generator=drawn())
    net = unet(drawn()).eval()
    everything = Between(net, (0, 1, 2), None, drawn())
    assert torch.equal(everything(x), net(x))
    maps = net.encode(x)
    kept = [torch.zeros_like(maps[0]), maps[1], torch.zeros_like(maps[2]), maps[3]]
    assert torch.equal(Between(net, (1,), None, drawn())(x), net.decode(kept))
    coded = Between(net, (), 1, drawn())
    assert coded.code[0].weight.shape == (1, 64, 1, 1)
    assert coded.code[1].weight.shape == (64, 1, 1, 1)


def by_hand():
    """A row of two cells: three pixels of the light kind, a gap, two of the dark one."""
    instances = torch.tensor([[[1, 1, 1, 0, 2, 2]]])
    nuclei = torch.tensor([[[True, False, False, False, False, True]]])
    masks = torch.tensor([[[1, 1, 1, 0, 2, 2]]])
    return Cells(torch.zeros(1, 1, 1, 6), masks, instances, nuclei)


def test_distance_to_the_own_nucleus():
    assert nucleus_distance(by_hand()).tolist() == [[[0, 1, 2, -1, 1, 0]]]
    blind = by_hand()._replace(nuclei=torch.zeros(1, 1, 6, dtype=torch.bool))
    assert (nucleus_distance(blind) == -1).all()


def test_errors_are_sorted_into_what_and_where():
    test = by_hand()
    found = judge(torch.tensor([[[1, 1, 2, 2, 2, 0]]]), test)
    # The gap, and the last pixel, are on the wrong side: distances 1 and 2 from the outline.
    assert found.where[0] == pytest.approx(1 / 3)
    assert found.where[1] == pytest.approx(1 / 2)
    # Of four pixels of cells that are taken for cells one is of the wrong kind, two steps away.
    assert found.kind == pytest.approx(1 / 4)
    assert found.what[:3] == [0, 0, 1]
    confusion = pixel_confusion(torch.tensor([[[1, 1, 2, 2, 2, 0]]]), test.masks, classes=3)
    assert found.iou == pytest.approx(mean_iou(confusion).item())


def test_it_learns_what_there_is_to_learn():
    run = learn("near", 7, rate=0.03, epochs=3)
    assert not run.model.training
    with torch.no_grad():
        found = judge(run.model(run.test.images).argmax(1), run.test)
    assert found.iou > 0.6
    assert found.what[1] < 0.1
    assert found.what[8] > 0.3
    train, test = images(7)
    assert torch.equal(run.test.images, test.images)
    assert len(train.images) == TRAIN
    assert len(run.losses) == 3 * TRAIN // BATCH


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^arm must be one of coarse, near, .* not 'far'"):
        network("far", 0)
