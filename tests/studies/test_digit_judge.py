"""The stored judges are those that the script makes: the first steps are made once more."""

import pytest
import torch

from linebyline.generative.metrics import confident_share
from linebyline.studies.digit_judge import (
    BATCH_SIZE,
    EPOCHS,
    RATE,
    SEED,
    SIDES,
    WEIGHT,
    WEIGHTS,
    WIDTHS,
    DigitJudge,
    digits,
    judged,
    load_judge,
    no_digits,
    train,
)


@pytest.mark.parametrize("side", SIDES)
def test_the_first_steps_are_as_stored(stored, side):
    losses = train(DigitJudge(side), digits(side).test, epochs=EPOCHS, stop=3)
    assert losses == pytest.approx(stored["sides"][str(side)]["first_losses"][:3], rel=1e-3)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "rate": RATE,
        "seed": SEED,
        "weight": WEIGHT,
        "widths": [*WIDTHS],
    }
    assert WEIGHTS.stat().st_size < 1_000_000


@pytest.mark.parametrize("side", SIDES)
def test_the_stored_judge_names_digits_and_knows_what_is_none(stored, side):
    judge = load_judge(side)
    assert not judge.training
    assert not any(p.requires_grad for p in judge.parameters())
    unseen = digits(side).train
    logits = judge(unseen.inputs)
    right = (logits.argmax(1) == unseen.targets).double().mean().item()
    assert right == pytest.approx(stored["sides"][str(side)]["right"], abs=0.002)
    assert right > 0.96
    assert confident_share(logits) > 0.9
    unlike = no_digits(unseen, torch.Generator().manual_seed(1))
    assert max(confident_share(judge(images)) for images in unlike.values()) < 0.25
    torch.testing.assert_close(
        judge.head(judge.features(unseen.inputs[:5])), judge(unseen.inputs[:5])
    )


def test_no_digits_are_made_of_the_digits_shown():
    images = torch.rand(6, 4, 4, generator=torch.Generator().manual_seed(0))
    shown = digits(14).train._replace(inputs=images, targets=torch.tensor([1, 1, 2, 2, 3, 3]))
    made = no_digits(shown, torch.Generator().manual_seed(0))
    sort = torch.sort
    assert torch.equal(sort(made["shuffled"].flatten(1)).values, sort(images.flatten(1)).values)
    assert not torch.equal(made["shuffled"], images)
    for overlaid in made["overlaid"]:
        parts = [(overlaid == image) for image in images]
        assert sum(bool((part | other).all()) for part in parts for other in parts) >= 2
    assert not made["blank"].any()


def test_refuses_other_images():
    with pytest.raises(ValueError, match=r"^side must be one of 14, 28, not 32"):
        load_judge(32)
    with pytest.raises(ValueError, match=r"^images must have the shape \(batch, 14, 14\), not"):
        load_judge(14).features(torch.zeros(2, 28, 28))


def test_images_are_judged_as_squares_and_as_rows():
    unseen = digits(14).train.inputs
    found = judged(unseen[:500])
    assert found == judged(unseen[:500].flatten(1))
    assert found["sure"] == pytest.approx(confident_share(load_judge(14)(unseen[:500])), abs=1e-4)
    assert sum(found["classes"]) == 500
    assert found["precision"] == 1  # they are among the real ones
    noise = judged(torch.rand(300, 14, 14, generator=torch.Generator().manual_seed(0)))
    assert noise["distance"] > 5 * found["distance"]
    assert noise["recall"] < 0.1
    assert judged(digits(28).train.inputs[:200], side=28)["sure"] > 0.85
