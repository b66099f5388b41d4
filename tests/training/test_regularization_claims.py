"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

max_norm = importlib.import_module("linebyline.optim.max_norm")
penalties = importlib.import_module("linebyline.losses.penalties")
proximal = importlib.import_module("linebyline.optim.proximal")
sgd = importlib.import_module("linebyline.optim.sgd")
weight_average = importlib.import_module("linebyline.optim.weight_average")

# What the data do not determine goes because weights decay: let them be.
class NoDecay(sgd.SGD):
    def __init__(self, params, lr, *, weight_decay=0.0):
        super().__init__(params, lr)

sgd.SGD = NoDecay

# Zeros come from a threshold: shrink by a factor, as L2 does.
proximal.soft_threshold = lambda values, threshold: values / (1 + threshold)

# Noise is a penalty if it falls on the inputs: let it fall on nothing.
torch.normal = lambda mean, std, generator: mean

# The wall stands in the way after every step: take it away.
max_norm.constrain = lambda *_, **__: None

# The network resists wrong labels because weights cost: make them free.
penalties.l2_penalty = lambda weights: 0.0 * weights[0].sum()

# The average is better because the past is in it: forget it.
true_init = weight_average.WeightAverage.__init__

def forgets(self, model, *, decay=0.999, buffers="copy"):
    true_init(self, model, decay=0.0, buffers=buffers)

weight_average.WeightAverage.__init__ = forgets
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "regularization-decay": False,
        "regularization-sparsity": False,
        "regularization-input-noise": False,
        "regularization-max-norm": False,
        "regularization-static-noise": False,
        "regularization-average": False,
    }
