"""The stored networks are those that the script makes: the first steps are made once more."""

import pytest
import torch

from linebyline.data.mnist import mnist_5k
from linebyline.layers.linear import Linear
from linebyline.layers.receptive_field import receptive_field
from linebyline.studies.scene_vision import (
    BATCH_SIZE,
    CONVOLUTIONS,
    RATE,
    ROWS,
    SEED,
    SIDE,
    STEPS,
    WEIGHTS,
    WIDTHS,
    labelled,
    network,
    train,
    trained,
)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_the_first_steps_are_as_stored(stored, kind):
    head = Linear(WIDTHS[-1], 14, generator=torch.Generator().manual_seed(SEED))
    losses = train(
        network(kind, SEED), head, mnist_5k(seed=0).train, steps=STEPS, seed=SEED, stop=3
    )
    assert losses == pytest.approx(stored["kinds"][kind]["first_losses"][:3], rel=0.05)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "steps": STEPS,
        "batch_size": BATCH_SIZE,
        "rate": RATE,
        "seed": SEED,
        "side": SIDE,
        "widths": [*WIDTHS],
        "convolutions": CONVOLUTIONS,
    }
    assert WEIGHTS.stat().st_size < 1_000_000


@pytest.mark.parametrize(("kind", "size"), [("near", 22), ("far", 54)])
def test_sees_so_far(kind, size):
    layers = [layer for layer in network(kind, 0) if hasattr(layer, "kernel_size")]
    field = receptive_field(layers)
    assert (field.size, field.jump) == (size, SIDE // ROWS)
    assert network(kind, 0)(torch.zeros(2, 3, SIDE, SIDE)).shape == (2, WIDTHS[-1], ROWS, ROWS)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_stored_weights_are_frozen_and_see_where_a_digit_is(stored, kind):
    assert stored["kinds"][kind]["class"] > 0.85
    assert stored["kinds"][kind]["color"] > 0.97
    model = trained(kind)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    images, _, _ = labelled(mnist_5k(seed=0).test, 4, 0)
    assert torch.equal(model(images)[:2], model(images[:2])) or torch.allclose(
        model(images)[:2], model(images[:2]), atol=1e-5
    )


def test_refuses_another_kind():
    with pytest.raises(ValueError, match=r"^kind must be one of near, far, not 'middle'"):
        network("middle", 0)
