"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

attention = importlib.import_module("linebyline.layers.attention")
decoders = importlib.import_module("linebyline.sequence.attention_decoder")
search = importlib.import_module("linebyline.decoding.beam_search")
study = importlib.import_module("linebyline.studies.where_to_look")
true_attend, true_search, true_load = attention.attend, search.beam_search, study.load

# Length, choice, alignment, explanation and what is right behind 억 are about weights that are
# chosen: let them all be even. The path is about what comes back through the mean: cut it off.
def even(scores, value, mask=None):
    context, weights = true_attend(0 * scores, value, mask)
    return context.detach(), weights

attention.attend = even

# The beam is about more than one beginning.
def narrow(*args, beam_size, **options):
    return true_search(*args, beam_size=1, **options)

search.beam_search = narrow

# The scores are read off the study: let the dot product be no better than a fixed vector.
def another():
    stored = true_load()
    stored["arms"]["dot"]["right"] = stored["arms"]["fixed"]["right"]
    return stored

study.load = another
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "attention-length": False,
        "attention-choice": False,
        "attention-scores": False,
        "attention-path": False,
        "attention-alignment": False,
        "attention-explains": False,
        "attention-beam": False,
        "attention-beam-better": False,
        "attention-longer": False,
    }
