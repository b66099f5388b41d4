"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import importlib
import torch
from torch.nn.functional import avg_pool2d, interpolate
from linebyline.vision.unet import UNet

# Where and the paths are about what comes through the skips: let zeros come. The grid is about what
# a network without skips draws within a square: let it answer for whole squares. What touches is
# about weights in the gaps: let there be none.
true_decode = UNet.decode

def decode(self, maps):
    if self.skips:
        return true_decode(self, [torch.zeros_like(m) for m in maps[:-1]] + maps[-1:])
    return interpolate(avg_pool2d(true_decode(self, maps), 8), scale_factor=8)

UNet.decode = decode
module = importlib.import_module("linebyline.data.border_weights")
module.border_weights = lambda instances, **_: torch.zeros(instances.shape) + 1e-6
"""


@pytest.mark.timeout(900)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "unet-where": False,
        "unet-grid": True,
        "unet-paths": False,
        "unet-border": False,
    }
