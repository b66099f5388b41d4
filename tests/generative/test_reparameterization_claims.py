"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # Little noise is what going through the throw brings: go through the dice.
    "path = path_gradients(bowl, mean": "path = score_gradients(bowl, mean",
    # The jump is found by values: look at slopes.
    "score = score_gradients(climb(tau), half, one, e, baseline=0.5)": (
        "score = path_gradients(climb(tau), half, one, e)"
    ),
    # That the plain score fails, and that a twin mends it, is about what the encoder gets: give the
    # one the path, and the other no twin.
    "vae = study.run(way, 32,": (
        'vae = study.run({"score": "path", "score, twin": "score"}.get(way, way), 32,'
    ),
    # Collapse comes from the weight of the squares: take no mean.
    "return w * error": "return error",
    # What a label brings is brought by the right one: tell another image's.
    "told = (batch.targets,)": "told = (batch.targets.flip(0),)",
    # The bound tightens, and loses its signal, because weights are added: add their logarithms.
    "bound = importance_bound(log_w)": "bound = log_w.mean(0)",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "reparameterization-noise": False,
        "reparameterization-step": False,
        "reparameterization-encoder": False,
        "reparameterization-twin": False,
        "reparameterization-collapse": False,
        "reparameterization-demand": False,
        "reparameterization-label": True,
        "reparameterization-tight": False,
        "reparameterization-signal": False,
    }
