"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

conv2d = importlib.import_module("linebyline.layers.conv2d")
saliency = importlib.import_module("linebyline.vision.saliency")
true_forward = conv2d.Conv2d.forward

# That a convolution wins, with random kernels too, and loses in disorder, is about neighbours:
# let the first layer see its pixels in a random order. What is in order is then in disorder, too.
mixed = torch.randperm(196, generator=torch.Generator().manual_seed(99))

def without_neighbours(self, x):
    if x.shape[1:] == (1, 14, 14):
        x = x.flatten(1)[:, mixed].view_as(x)
    return true_forward(self, x)

conv2d.Conv2d.forward = without_neighbours

# That training the kernels gains much (the paper says little) is about training: freeze them.
lenet = importlib.import_module("linebyline.vision.lenet")
true_init = lenet.LeNet.__init__

def frozen(self, *arguments, channels, **options):
    true_init(self, *arguments, channels=channels, **options)
    if channels == (32,):
        self.features.requires_grad_(False)

lenet.LeNet.__init__ = frozen

# The sanity check is about a backward pass that hands on what is positive only: hand on all.
saliency._positive = lambda _, gradients, __: gradients
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "lenet-same-size": False,
        "lenet-neighbours": False,
        "lenet-wiring": False,
        "lenet-random-filters": True,
        "lenet-sanity": False,
    }
