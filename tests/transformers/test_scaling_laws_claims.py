"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # The control has no tail: give it one.
    "torch.full((1000,), 1e-3, dtype=torch.float64)": "world(1.0, 1000)",
    # What recovers the known exponents is the coupling: leave it out.
    "fit_scaling_law(*toy, delta=0.01, coupling=p_is)": "fit_scaling_law(*toy, delta=0.01)",
    # 6N leaves attention out: do not count it.
    "with sdpa_kernel(SDPBackend.MATH), FlopCounterMode": "with FlopCounterMode",
    # The honest interval knows trunks and scatter: take the one by runs.
    'said["trunks, scatter"] = said["trunks"] * noise.exp()': (
        'said["trunks, scatter"] = said["runs"]'
    ),
    # On the real text, too, the coupling is what predicts: leave it out.
    '"coupled": fit_scaling_law(*grid, delta=0.01, coupling=None).law': (
        '"coupled": fit_scaling_law(*grid, delta=0.01).law'
    ),
    # The narrow interval is that of a fit that stopped: let it arrive.
    "minimize(huber, whole, (weights, scale), **options)": (
        "minimize(huber, whole, (weights, 1e6), **options)"
    ),
    # What a run gains at its end is about cooling down: do not cool.
    "seed = start()\n": "seed = start()\nstudy.COOLED = 0.0\n",
    # The larger exponent is about what is counted: count the embedding.
    'ways["without embedding"] = {"size": "without_embedding"}': (
        'ways["without embedding"] = {"size": "parameters"}'
    ),
    # That the schedule leaves the exponent alone: exchange it for the counting.
    '"on the way": {"loss": "on_the_way"}': '"on the way": {"size": "without_embedding"}',
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "scaling-laws-tail": False,
        "scaling-laws-twice": False,
        "scaling-laws-six": False,
        "scaling-laws-unseen": False,
        "scaling-laws-coupled": False,
        "scaling-laws-narrow": False,
        "scaling-laws-schedule": False,
        "scaling-laws-embedding": False,
        "scaling-laws-decay": True,
    }
