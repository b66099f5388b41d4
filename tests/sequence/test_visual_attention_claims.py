"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import linebyline.sequence.captioning as captioning
import linebyline.studies.scene_captioners as study

# Pointing and the exchange are about where the looks fall: roll the grid out column by column.
# Quality is about the rival that has a single vector: let it look, too. Sight is about the second
# encoder: let it be the first. The penalty is about itself: let it be nothing.
true_looks, true_captioner, true_trained = study.looks, study.captioner, study.trained

def looks(model, seen):
    weights = true_looks(model, seen)
    if weights.shape[2] == 1:
        return weights
    return weights.unflatten(2, (6, 6)).transpose(2, 3).flatten(2)

def captioner(kind, language, seed):
    return true_captioner("looks" if kind == "mean" else kind, language, seed)

study.looks, study.captioner = looks, captioner
study.trained = lambda kind: true_trained("near")
study.SPREAD["far"] = study.SPREAD["near"]
captioning.doubly_stochastic_penalty = lambda weights, inside: 0 * weights.sum()
"""


@pytest.mark.timeout(900)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "visual-attention-quality": False,
        "visual-attention-pointing": False,
        "visual-attention-follows": False,
        "visual-attention-sight": False,
        "visual-attention-even": False,
    }
