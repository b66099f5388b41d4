"""The stored decoder is the one that the script makes: the first steps are made once more."""

from __future__ import annotations

import pytest
import torch

from linebyline.generative.vae import negative_bound
from linebyline.studies import drawn_digits as study


def test_the_first_steps_are_as_stored(stored):
    x, unseen = (part.inputs for part in study.flat_digits())
    assert x.shape == (4000, 196)
    assert unseen.shape == (1000, 196)
    losses = study.learn(study.vae(), negative_bound(), x, stop=3)
    assert losses == pytest.approx(stored["vae"]["first_losses"][:3], rel=0.02)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "hidden": [*study.HIDDEN],
        "width": study.WIDTH,
        "widths": [*study.AUTOENCODER_WIDTHS],
        "steps": study.STEPS,
        "batch_size": study.BATCH_SIZE,
        "rate": study.RATE,
        "seed": study.SEED,
    }
    assert study.WEIGHTS.stat().st_size < 1_000_000


def test_the_stored_decoder_draws_what_was_judged(stored):
    model = study.stored_vae()
    assert not any(weight.requires_grad for weight in model.parameters())
    seen = study.judged(model.generate(1000, generator=torch.Generator().manual_seed(7)))
    assert seen["sure"] == pytest.approx(stored["vae"]["prior"]["sure"], abs=0.04)
    assert seen["sure"] > 0.75
    assert min(seen["classes"]) > 40


def test_fitted_codes_have_the_mean_and_covariance_of_the_codes():
    draw = torch.Generator().manual_seed(0)
    codes = torch.randn(500, 3, generator=draw) @ torch.randn(3, 3, generator=draw) + 2
    made = study.fitted_codes(codes, 50_000, generator=draw)
    torch.testing.assert_close(made.mean(0), codes.mean(0), rtol=0.05, atol=0.05)
    torch.testing.assert_close(torch.cov(made.T), torch.cov(codes.T), rtol=0.05, atol=0.05)


def test_an_autoencoder_is_judged_in_two_ways(monkeypatch):
    monkeypatch.setattr(study, "DRAWS", 50)
    x, _ = (part.inputs for part in study.flat_digits())
    plain = study.autoencoder(2, hidden=(16,), seed=0)
    losses = study.learn(plain, study.pixels_bill, x, steps=20)
    assert losses[-1] < losses[0]
    seen = study.two_ways(plain, x[:200])
    assert list(seen) == ["N(0, I)", "fitted"]
    assert sum(seen["fitted"]["classes"]) == 50
