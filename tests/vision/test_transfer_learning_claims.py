"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # Features are about what ImageNet taught: leave its weights out.
    'load_published(trained, imagenet_weights(), checksum="name")': "trained.eval()",
    # What is lost with another light: leave the light as it is.
    '("other", 0.3)': '("other", 0.0)',
    # What a start is worth, and a probe, are about letters that were learned: learn none.
    "source = study.pretrained(letters, seed)": "source = study.network(26, seed).eval()",
    # That the last part is specific is about another task: take the same one.
    '"from A": learn(network(5, number), A,': '"from A": learn(network(5, number), some,',
    # A cut does no harm, because what was above is found again: do not look for it.
    "rate=0.01, seed=number)\n    return right(above": (
        "rate=0.01, seed=number, steps=150 if k in (1, 4) else 1)\n    return right(above"
    ),
    # What tuning distorts, features that move: let them rest.
    '"tune": ("tune", {"rate": 0.003})': '"tune": ("probe", {"rate": 0.01})',
    # The head first: have it learn with all others.
    '("head first", {"rate": 0.003})': '("tune", {"rate": 0.003})',
    # To forget by looking takes averages that move: hold them.
    "model.train()(some.inputs)": "model.eval()(some.inputs)",
    # Two leashes together: leave one off.
    '"held, graded": ("tune", {"rate": 0.01, "hold": True, "factor": 2.6})': (
        '"held, graded": ("tune", {"rate": 0.01, "factor": 2.6})'
    ),
    # Negative transfer is about what was unlearned: let positions count.
    "return AUGMENT(turned(images, g).inputs, g)": "return AUGMENT(images, g)",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "transfer-learning-features": False,
        "transfer-learning-colour": False,
        "transfer-learning-labels": False,
        "transfer-learning-probe": False,
        "transfer-learning-specific": False,
        "transfer-learning-co-adaptation": True,
        "transfer-learning-distortion": False,
        "transfer-learning-head-first": False,
        "transfer-learning-norms": False,
        "transfer-learning-leashes": False,
        "transfer-learning-negative": False,
    }
