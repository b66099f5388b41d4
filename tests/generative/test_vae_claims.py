"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # What is used depends on the price: let all linear networks pay 1.
    "negative_bound(beta), small": "negative_bound(), small",
    # The bound is tight for the posterior: let the encoder's variances be 1 from the beginning.
    "net = learn_linear(4, variance=noise, learned=True)\n": (
        "net = learn_linear(4, variance=noise, learned=True)\nnet.encoder.log_variance.zero_()\n"
    ),
    # A price makes codes small, and at last silent: let it stand still.
    "negative_bound(share * silence), x": "negative_bound(0.5), x",
    # Where a plain code lies is what the two claims about drawing turn on: exchange the two ways.
    'tried["N(0, I)"], tried["fitted"]': 'tried["fitted"], tried["N(0, I)"]',
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "vae-water": False,
        "vae-tight": False,
        "vae-price": False,
        "vae-silence": False,
        "vae-prior": False,
        "vae-fitted": False,
    }
