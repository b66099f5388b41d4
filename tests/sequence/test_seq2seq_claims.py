"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import importlib

study = importlib.import_module("linebyline.studies.one_vector")

# What length costs, and what it is worth to read the vector again: let all decoders read it again.
for arm in study.ARMS.values():
    arm["every_step"] = True

# Reading backwards: each order has the other one's results.
results = study.load()
orders = results["orders"]
pair = ("backwards, start", "forwards, start")
results["orders"] = dict(zip(pair, (orders[name] for name in pair[::-1])))
study.load = lambda: results
"""

REPLACED = {
    "    levels = 2**bits\n": "    levels = 2**20\n",  # nothing is rounded
    "step = 1 + torch.arange(len(y)) % 7": "step = 0 * torch.arange(len(y))",  # nothing planted
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, REPLACED) == {
        "seq2seq-length": False,
        "seq2seq-every-step": False,
        "seq2seq-kept": False,
        "seq2seq-backwards": False,
        "seq2seq-room": False,
        "seq2seq-own-words": False,
    }
