"""The stored study is the one that the script makes: some of its runs are made once more."""

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.generative.importance_weighted import normal_log_density
from linebyline.generative.vae import kl_to_prior
from linebyline.studies.encoder_gradients import (
    BATCH_SIZE,
    HIDDEN,
    RATES,
    STARTS,
    STEPS,
    THROWS,
    TUNED_ON,
    WAYS,
    WIDTHS,
    bill,
    digit_vae,
    flat_digits,
    loss_for,
    run,
)


def test_a_run_ends_as_stored(stored):
    digits, row = flat_digits(), stored["found"]["8"]["score, twin"]
    vae = run("score, twin", 8, digits, rate=row["rate"], seed=STARTS[0])
    found = bill(vae, digits.test.inputs)
    assert found == pytest.approx(row["nats"][0], abs=1.5)  # rounding differs by processor


def test_all_ways_have_the_same_mean():
    """A small model and many repetitions of one image: the encoder's gradients agree."""
    g = torch.Generator().manual_seed(0)
    vae = digit_vae(1, seed=0)
    with torch.no_grad():
        vae.decoder.layers[-1].weight.mul_(0.3)  # type: ignore[union-attr]
    x = torch.rand(1, 196, generator=g)
    many = Examples(x.expand(15_000, -1), torch.zeros(15_000))
    bias = vae.encoder.layers[-1].bias  # type: ignore[union-attr]
    found = {
        way: torch.autograd.grad(loss_for(way)(vae, many, g), bias)[0]
        for way in ("score, mean", "score, twin", "path")
    }
    for way in ("score, mean", "score, twin"):
        torch.testing.assert_close(found[way], found["path"], rtol=0, atol=0.05)
    assert found["path"].abs().max() > 0.1


def test_the_decoders_gradient_is_the_same_in_all_ways():
    x = Examples(torch.rand(5, 196, generator=torch.Generator().manual_seed(0)), torch.zeros(5))
    vae = digit_vae(3, seed=0)
    gradients = [
        torch.autograd.grad(
            loss_for(way)(vae, x, torch.Generator().manual_seed(1)), [*vae.decoder.parameters()]
        )
        for way in WAYS
    ]
    for other in gradients[:-1]:
        torch.testing.assert_close(other, gradients[-1])


def test_the_twin_is_judged_by_the_other_throw():
    x = torch.rand(4, 196, generator=torch.Generator().manual_seed(0))
    vae = digit_vae(2, seed=0)
    mean, log_variance = vae.encode(x)
    z = vae.sample(mean, log_variance, count=2, generator=torch.Generator().manual_seed(1)).detach()
    costs = vae.likelihood(vae.decode(z), x).detach()
    scores = normal_log_density(z, mean, log_variance)
    by_hand = ((costs[0] - costs[1]) * (scores[0] - scores[1]) / 2).mean()
    by_hand = by_hand + kl_to_prior(mean, log_variance).sum(-1).mean()
    loss = loss_for("score, twin")(vae, Examples(x, x), torch.Generator().manual_seed(1))
    parameters = [*vae.encoder.parameters()]
    torch.testing.assert_close(
        torch.autograd.grad(loss, parameters), torch.autograd.grad(by_hand, parameters)
    )


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "steps": STEPS,
        "batch_size": BATCH_SIZE,
        "throws": THROWS,
        "rates": [*RATES],
        "hidden": HIDDEN,
        "tuned_on": [*TUNED_ON],
        "starts": [*STARTS],
    }
    assert not set(TUNED_ON) & set(STARTS)
    assert [*stored["found"]] == [str(width) for width in WIDTHS]
    for rows in stored["found"].values():
        assert [*rows] == [*WAYS]
        for row in rows.values():
            assert len(row["nats"]) == len(STARTS)
            assert row["rate"] == RATES[row["tried"].index(min(row["tried"]))]
            assert row["rate"] not in (RATES[0], RATES[-1])  # the ends of the grid lose
