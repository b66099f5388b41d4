"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import torch
from linebyline.layers.multi_head_attention import KeyValue
from linebyline.studies import all_at_once as study
from linebyline.studies import where_to_look
from linebyline.transformer.block import Block
from linebyline.transformer.decoder import Decoder

# Who waits is about words that come all at once: let the decoder take one after the other, where
# the chapter counts (four texts, or one that a teacher knows).
true_continue = Decoder.continue_from

def one_by_one(self, state, x):
    if len(x) != 4 and x.shape[:2] != (1, 100):
        return true_continue(self, state, x)
    answers = []
    for piece in x.split(1, dim=1):
        answer, state = true_continue(self, state, piece)
        answers.append(answer)
    return torch.cat(answers, dim=1), state

Decoder.continue_from = one_by_one

# The last block's gradient and warm-up are about where the normalization stands: swap the two.
true_init = Block.__init__

def swapped(self, config, **options):
    true_init(self, config, **options)
    self.norm_first = not config.norm_first

Block.__init__ = swapped

# The cache is about what is kept: let it forget all of the text that the chapter lets be written.
true_extended = KeyValue.extended
KeyValue.extended = lambda self, more: (
    more if len(self.key) == 1 else true_extended(self, more)
)

# Smoothing is read off the study, and the cost beside another one: let the smoothed labels do no
# harm, and the recurrent translator be a bad one.
true_load, other_load = study.load, where_to_look.load

def harmless():
    stored = true_load()
    rows = stored["cost"]["smoothing"]
    stored["cost"]["smoothing"] = [[right, loss, right, loss] for right, loss, _, _ in rows]
    return stored

def worse():
    stored = other_load()
    stored["arms"]["bahdanau"]["right"] = [0.02, 0.02]
    return stored

study.load, where_to_look.load = harmless, worse
"""

# The shaking is of the chapter's own stack, whose orders are swapped here.
SWAPPED = {
    "        x = x + part(norm(x)) if pre else norm(x + part(x))\n": (
        "        x = norm(x + part(x)) if pre else x + part(norm(x))\n"
    )
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, SWAPPED) == {
        "transformer-wait": False,
        "transformer-last-block": False,
        "transformer-shake": False,
        "transformer-warm-up": False,
        "transformer-cost": True,
        "transformer-smoothing": False,
        "transformer-cache": False,
        "transformer-decoder-waits": False,
    }
