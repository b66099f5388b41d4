"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# What the claims are about, broken; all in one run of the chapter.
DEFECTS = """\
import importlib
import math
import torch

# Words and their ends are about order: shuffle the letters, each with its mark.
together = importlib.import_module("linebyline.data.run_together")
true_run = together.run_together

def without_order(text):
    letters, ends = true_run(text)
    order = torch.randperm(len(letters), generator=torch.Generator().manual_seed(0))
    return together.RunTogether(letters[order], ends[order])

together.run_together = without_order

# Clipping is about a threshold: measure the norm and shorten nothing.
clipping = importlib.import_module("linebyline.optim.clipping")
true_clip = clipping.clip_by_norm
clipping.clip_by_norm = lambda parameters, max_norm: true_clip(parameters, math.inf)
"""

REPLACED = {
    # The power is about the same matrix at every step: take a fresh one each time. The bound, too,
    # wants a symmetric matrix that explodes.
    "same, slopes = look_back([U] * T, size)": "same, slopes = look_back("
    "[draw(kind) for _ in range(T)], size)",
    # Safety is about units that are flat: scale them down to where they are steep.
    "keeper = keeper.double()": "keeper = keeper.double()\n"
    "for p in keeper.recurrent.parameters():\n    p.data.mul_(0.3)",
    # The cut is about a distance that is longer than the chunk: let it be shorter.
    "def echo(count, steps, delay=8):": "def echo(count, steps, delay=2):",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, REPLACED) == {
        "rnn-word-starts": False,
        "rnn-both-ways": False,
        "rnn-power": False,
        "rnn-bound": False,
        "rnn-latch": False,
        "rnn-clipping": False,
        "rnn-truncated": False,
    }
