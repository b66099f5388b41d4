"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = '''\
import importlib
import subprocess
import tempfile
from pathlib import Path

placement = importlib.import_module("linebyline.training.placement").Placement
rounding = importlib.import_module("linebyline.training.rounding")
scaler = importlib.import_module("linebyline.training.loss_scaling").LossScaler

# Accumulation is about pieces that count by their shares: let each count whole.
placement.backward = lambda self, loss, share=1.0: self.fabric.backward(loss)

# Data parallelism is about processes that see all the data: let both take the first one's share.
first_share = Path(tempfile.mkdtemp()) / "first_share.py"
first_share.write_text("""
from linebyline.training.placement import Placement
from linebyline.training.train_digits import main

right = Placement.shares

def shares(self, batch, accumulation=1):
    rank, self.rank = self.rank, 0
    pieces = right(self, batch, accumulation)
    self.rank = rank
    return pieces

Placement.shares = shares
main()
""")
true_run = subprocess.run

def run(command, **options):
    at = command.index("linebyline.training.train_digits")
    return true_run([*command[: at - 1], str(first_share), *command[at + 1 :]], **options)

subprocess.run = run

# What is saved is about the factor: leave it out.
true_vanished = rounding.vanished
rounding.vanished = lambda x, dtype, factor=1.0: true_vanished(x, dtype)

# And so is what is learned.
true_init = scaler.__init__
scaler.__init__ = lambda self, optimizer, factor=1.0, patience=None: true_init(
    self, optimizer, factor=1.0, patience=None
)
'''


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "training-at-scale-accumulation": False,
        "training-at-scale-data-parallel": False,
        "training-at-scale-underflow": False,
        "training-at-scale-loss-scaling": False,
    }
