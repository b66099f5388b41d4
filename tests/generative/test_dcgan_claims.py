"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # That norms let the gradient through is about norms: leave them out.
    '"normalized": untrained("inside")': '"normalized": untrained("none")',
    # That their absence collapses G is about their absence: count the games with all rules.
    'distance["no norms"] - distance["all rules"]': (
        'distance["no norms, sized"] - distance["all rules"]'
    ),
    # The edges are about norms at the edges: count the games without.
    'for name in ("norms everywhere", "no tanh", "beta 0.9")': (
        'for name in ("no norms, sized", "no tanh", "beta 0.9")'
    ),
    # That D knows the worst is about its order: turn it round.
    "samples[logit >= logit.quantile(0.25)]": "samples[logit <= logit.quantile(0.75)]",
    # Samples, walks and sums are about a generator that has learned: take an untrained one.
    "G, D = study.stored_players()\n": (
        "G, D = study.stored_players(); G = study.game(seed, rules=study.RULES).G.eval()\n"
        "G.requires_grad_(False)\n"
    ),
    # Features are about a trained discriminator: take another fresh one.
    "features(D, x)": "features(fresh, x)",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "dcgan-gradient": False,
        "dcgan-norms": False,
        "dcgan-edges": False,
        "dcgan-strides": True,
        "dcgan-sheet": False,
        "dcgan-walk": False,
        "dcgan-arithmetic": False,
        "dcgan-features": False,
    }
