"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib

import torch
from torch.nn.functional import pad

augmentations = importlib.import_module("linebyline.data.augmentations")
mixup = importlib.import_module("linebyline.data.mixup")

# Invariance, worth and harm are about images that are changed: show them as they are.
def unchanged(self, images, generator):
    return images

for name in ("RandomAffine", "RandomFlip", "RandomErase"):
    getattr(augmentations, name).__call__ = unchanged

# Both claims of mixup are about mixing: let it move images instead, whole ones with whole labels.
def move(self, x):
    if not self.training:
        return x
    self.partner = torch.arange(len(x))
    right, down = (torch.randint(-2, 3, (), generator=self.generator).item() for _ in range(2))
    return pad(x, (right, -right, down, -down), value=x.min().item())

mixup.Mixup.forward = move
"""
# The leak is about choosing with the test set in view: look away.
LEAK = {"slice(None) if choose_from_all else slice(0, 40)": "slice(0, 40)"}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, replaced=LEAK) == {
        "data-pipeline-leak": False,
        "data-pipeline-invariance": False,
        "data-pipeline-worth": False,
        "data-pipeline-mixup-line": False,
        "data-pipeline-mixup-error": True,
        "data-pipeline-wrong": False,
    }
