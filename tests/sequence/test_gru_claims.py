"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

cells = importlib.import_module("linebyline.sequence.gru")
coupled = importlib.import_module("linebyline.sequence.coupled_gates")
study = importlib.import_module("linebyline.studies.gated_units")

# Gates as seen from outside: the slow units are called fast, and shut are the resets of the fast.
watch = cells.GRU.watch

def another(self, x):
    r, z, candidate = watch(self, x)
    return cells.Inside(0.2 * z, 1 - z, candidate)

cells.GRU.watch = another

# The comparison is read off the study: store one in which the GRU is far better than both others
# on text, and the plain network as good at adding as an LSTM.
true_load = study.load

def other_results():
    stored = true_load()
    text, adding = stored["tasks"]["text"], stored["tasks"]["adding"]
    text["gru"]["error"] = [error - 0.5 for error in text["gru"]["error"]]
    adding["rnn"]["error"] = adding["lstm"]["error"]
    return stored

study.load = other_results

# An LSTM whose gates are said to be coupled, and are not.
coupled.couple_gates = lambda lstm: lstm
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    replaced = {
        '    if kind == "GRU":\n        return GRU(2, 8, update_bias=3.0, generator=g)\n': (
            '    if kind == "LSTM":\n        return GRU(2, 8, update_bias=3.0, generator=g)\n'
            '    if kind == "GRU":\n        kind = "LSTM"\n'
        ),
        's if kind == "GRU" else s[1] for s in states': (
            "s if isinstance(s, torch.Tensor) else s[1] for s in states"
        ),
    }
    assert verdicts(DEFECTS, replaced) == {
        "gru-update-long": False,
        "gru-reset-short": True,
        "gru-comparable": False,
        "gru-better-adding": False,
        "gru-better-text": True,
        "gru-cannot-count": False,
        "gru-coupling": False,
    }
