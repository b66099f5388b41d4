"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import torch
from linebyline.vision.residual_blocks import PaddingShortcut, ResidualBlock

# Degradation, growth, shattering and lesions are about the want of a shortcut: give the plain
# network one. That the short paths carry the gradient is about an identity that loses nothing on
# the way: let each shortcut of the residual network halve what it carries.
true_carried = ResidualBlock.carried

def carried(self, x):
    if self.shortcut == "none":
        conv = self.conv1
        stride = conv.stride if isinstance(conv.stride, int) else conv.stride[0]
        return PaddingShortcut(conv.in_channels, conv.out_channels, stride=stride)(x)
    return 0.5 * true_carried(self, x)

ResidualBlock.carried = carried
ResidualBlock.forward = lambda self, x: torch.relu(self.residual(x) + self.carried(x))
"""


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "resnet-degradation": False,
        "resnet-cure": False,
        "resnet-growth": False,
        "resnet-shattered": False,
        "resnet-shift": False,
        "resnet-short-paths": False,
        "resnet-lesion": False,
    }
