"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

dropout = importlib.import_module("linebyline.layers.dropout")

# The penalty, the errors, the missing units, the samples and their spread are about noise: without
# any, training is plain and all samples are one.
dropout.Dropout.forward = lambda self, x: x
dropout.Dropout.noise = dropout.GaussianDropout.noise = lambda self, x: torch.ones_like(x)

# The geometric mean is about factors of mean one: of what is kept, scale nothing.
true_product = torch.cartesian_prod
torch.cartesian_prod = lambda *rows: true_product(*rows) / 2

# Calibration is about a temperature: offer none but 1.
torch.logspace = lambda low, high, steps: torch.ones(steps)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "dropout-penalty": False,
        "dropout-geometric": False,
        "dropout-error": False,
        "dropout-gaussian": False,
        "dropout-coadaptation": False,
        "dropout-average": False,
        "dropout-turned": False,
        "dropout-letters": False,
        "dropout-calibration": False,
        "dropout-data": False,
    }
