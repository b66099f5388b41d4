"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

batch_norm = importlib.import_module("linebyline.layers.batch_norm")
sgd = importlib.import_module("linebyline.optim.sgd")

# Depth, rates, smoothness, company and pairs are about rows that are normalized over the batch:
# only scale and shift them. For images, let each position have its own statistics: that a
# channel's positions share them is what saves two images.
def forward(self, x):
    if x.ndim == 2:
        return x * self.weight + self.bias
    return torch.nn.functional.batch_norm(x.flatten(1), None, None, training=True).view_as(x)

batch_norm.BatchNorm.forward = forward

# A layer's gradient is upset by the steps of the layers below it: let these make none. The angle
# per step is about weight decay: let there be none.
true_init = sgd.SGD.__init__

def init(self, params, lr, **options):
    params = list(params)
    for group in params:
        if isinstance(group, dict):
            group.pop("weight_decay", None)
    true_init(self, params, lr, **options)
    if not isinstance(params[-1], dict) and len(params[-1]) != 10:
        self.step = lambda: None

sgd.SGD.__init__ = init
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "batch-normalization-deep": False,
        "batch-normalization-factor": False,
        "batch-normalization-eval": False,
        "batch-normalization-last-batch": False,
        "batch-normalization-rates": False,
        "batch-normalization-noise": False,
        "batch-normalization-shift": False,
        "batch-normalization-smooth": False,
        "batch-normalization-decay": False,
        "batch-normalization-two": False,
        "batch-normalization-two-images": True,  # announced not to hold
    }
