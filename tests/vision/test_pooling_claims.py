"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# The largest against the mean, and rare against common features: let the mean be the largest, too.
DEFECTS = """\
import importlib

pooling = importlib.import_module("linebyline.layers.pooling")
pooling.AvgPool2d.forward = pooling.MaxPool2d.forward
"""

REPLACED = {
    # What a small shift leaves is about a shift: make none.
    "MaxPool2d(k)(maps), MaxPool2d(k)(moved(maps, d))": "(MaxPool2d(k)(maps),) * 2",
    # The steadiness of blurred answers is about two shifts: make it one, seen twice.
    "read(shifted(test.inputs, 2 * seed + i))": "read(shifted(test.inputs, 2 * seed))",
    # Accuracy without a blur, and with a stride, is about images that stand where they stood.
    "right(read(test.inputs)), (one": "right(read(shifted(test.inputs, 7))), (one",
    # The dense layer is about reading each position by itself: let it read their mean.
    'flat = kind == "flat"': "flat = False",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, REPLACED) == {
        "pooling-small-shift": True,
        "pooling-blur": False,
        "pooling-blur-accuracy": True,
        "pooling-strided": False,
        "pooling-max-mean": False,
        "pooling-global": False,
        "pooling-sparse": False,
    }
