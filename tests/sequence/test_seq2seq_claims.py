"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import importlib
import torch

decoder = importlib.import_module("linebyline.sequence.decoder")
study = importlib.import_module("linebyline.studies.one_vector")

# Reading the vector at every step, and what becomes of a rounded or of a misled decoder: let every
# decoder get an empty vector, so that all of them know nothing and nothing can be lost.
begin = decoder.ContextDecoder.begin

def empty(self, encoded, state):
    return begin(self, encoded._replace(context=0 * encoded.context), 0 * state)

decoder.ContextDecoder.begin = empty

# Of the stored study: the controls are mixed up.
load = study.load

def mixed():
    stored = load()
    arms = stored["arms"]
    for name in ("narrow", "lengths"):
        names, rows = [*stored[name]], [*stored[name].values()]
        stored[name] = dict(zip(names, rows[::-1]))
    return stored

study.load = mixed
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "seq2seq-length": False,
        "seq2seq-every-step": False,
        "seq2seq-room": False,
        "seq2seq-own-words": False,
    }
