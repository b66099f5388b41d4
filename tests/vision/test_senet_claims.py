"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

layers = importlib.import_module("linebyline.layers.squeeze_excitation")
study = importlib.import_module("linebyline.studies.channel_gates")
true_load = study.load

# The far cue, the classes by depth and what holding costs are about gates that see the image: let
# them vary as much, but by the throw of dice.
def dice(self, x):
    return torch.randn(x.shape[:2], dtype=x.dtype)

layers.SqueezeExcitation.squeezed = dice

# Gain, excitation and squeeze are read off the study: store one in which gates help on digits, with
# ReLU as well as none, and in which a position's own gates do what global ones do.
def another():
    stored = true_load()
    digits, asked = stored["tasks"]["digits"], stored["tasks"]["asked"]
    digits["average"]["error"] = [error / 2 for error in digits["plain"]["error"]]
    digits["relu"]["error"] = digits["plain"]["error"]
    asked["position"]["error"] = asked["average"]["error"]
    return stored

study.load = another
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "senet-far-cue": False,
        "senet-squeeze": False,
        "senet-gain": True,
        "senet-relu": False,
        "senet-specific-with-depth": False,
        "senet-agnostic-early": False,
        "senet-early-is-class": False,
        "senet-specific-is-not-needed": False,
    }
