"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # That a linear autoencoder learns the flat is about learning: take one step.
    "def settled(model, rows, steps=400):": "def settled(model, rows, steps=1):",
    # That the other flats are saddles is about the push: do not push.
    "p.data = place + 1e-3 * push": "p.data = place + 0 * push",
    # That the decoder draws is about which half is bent: exchange them.
    "Autoencoder(halves[encoder][0], halves[decoder][1])": (
        "Autoencoder(halves[decoder][0], halves[encoder][1])"
    ),
    # What depth brings is about the bends: take the flat in the deep network's place.
    '"deep": deep[8]}.items()': '"deep": found.network(8)}.items()',
    # What a code is worth is about what was learned: read random networks.
    'worth[f"{k} numbers"] = [read(model.encoder, n)': (
        'worth[f"{k} numbers"] = [read('
        'study.network("deep", k, seed).requires_grad_(False).encoder, n)'
    ),
    # What lies between is about the code: walk through the pixels.
    "return model.decoder((model.encoder(one) + model.encoder(two)) / 2)": "return (one + two) / 2",
    # Random codes fail because they are no image's codes: take those of images.
    "return z.mean(0) + noise @ root.T": "return z[:count]",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "autoencoder-span": False,
        "autoencoder-saddles": False,
        "autoencoder-decoder": False,
        "autoencoder-deep": False,
        "autoencoder-labels": False,
        "autoencoder-between": False,
        "autoencoder-random-codes": False,
    }
