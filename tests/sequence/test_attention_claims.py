"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

attention = importlib.import_module("linebyline.layers.attention")
decoders = importlib.import_module("linebyline.sequence.attention_decoder")
study = importlib.import_module("linebyline.studies.where_to_look")
true_attend, true_load = attention.attend, study.load

# Length, choice, alignment, explanation and what is right behind 억 are about weights that are
# chosen: let them all be even. The path is about what comes back through the mean: cut it off.
def even(scores, value, mask=None):
    context, weights = true_attend(0 * scores, value, mask)
    return context.detach(), weights

attention.attend = even

# The scores are read off the study: let the dot product be no better than a fixed vector.
def another():
    stored = true_load()
    stored["arms"]["dot"]["right"] = stored["arms"]["fixed"]["right"]
    return stored

study.load = another
"""


# The beam is about what is probable, and whether that is right: let it find the truth, which the
# model finds improbable.
ORACLE = {
    "    return [task.korean.decode(row) for row in best], beams.log_probs[:, 0]\n": (
        "    return truth, true_log_p\n"
    )
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, ORACLE) == {
        "attention-length": False,
        "attention-choice": False,
        "attention-scores": False,
        "attention-path": False,
        "attention-alignment": False,
        "attention-explains": False,
        "attention-beam": False,
        "attention-beam-better": True,
        "attention-longer": False,
    }
