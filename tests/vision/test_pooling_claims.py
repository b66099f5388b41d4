"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# Rare against common features is about a mean that counts: let it tell nothing.
DEFECTS = """\
import importlib
import torch

pooling = importlib.import_module("linebyline.layers.pooling")
pooling.AvgPool2d.forward = lambda self, x: torch.rand_like(pooling.MaxPool2d.forward(self, x))
"""

REPLACED = {
    # What a small shift leaves is about a shift: make none.
    "MaxPool2d(k)(maps), MaxPool2d(k)(moved(maps, d))": "(MaxPool2d(k)(maps),) * 2",
    # Steady answers, accuracy anywhere: both are about shifts. Make none.
    "read(shifted(test.inputs, 2 * seed + i))": "read(test.inputs)",
    # A stride without loss is about images that stand where they stood: shift them.
    "right(read(test.inputs)), (one": "right(read(shifted(test.inputs, 7))), (one",
    # The dense layer is about reading each position by itself: let it read their mean.
    'flat = kind == "flat"': "flat = False",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, REPLACED) == {
        "pooling-small-shift": True,
        "pooling-blur": False,
        "pooling-blur-accuracy": False,
        "pooling-strided": False,
        "pooling-global": False,
        "pooling-sparse": False,
    }
