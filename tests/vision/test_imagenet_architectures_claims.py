"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

alexnet = importlib.import_module("linebyline.vision.alexnet")
conv2d = importlib.import_module("linebyline.layers.conv2d")
googlenet = importlib.import_module("linebyline.vision.googlenet")
inception = importlib.import_module("linebyline.vision.inception")
true_conv, true_relu = conv2d.Conv2d.__init__, inception.ConvRelu.__init__
true_forward = inception.ConvRelu.forward

# The neurons are those of the 96 and 256 channels of 2012: take the narrower form of 2014.
alexnet.CHANNELS[2012] = alexnet.CHANNELS[2014]

# The stack saves because 7 x 7 has 49 weights: let no kernel of side 7 have more than 25.
def smaller(self, inputs, outputs, kernel_size, **options):
    true_conv(self, inputs, outputs, 5 if kernel_size == 7 else kernel_size, **options)

conv2d.Conv2d.__init__ = smaller

# A bottleneck is narrower than what it serves: halve all but the bottlenecks. That makes the
# network so much smaller that it has twelve times fewer parameters than AlexNet.
googlenet.MODULES = {
    name: inception.Widths(*(n if i in (1, 3) else n // 2 for i, n in enumerate(widths)))
    for name, widths in googlenet.MODULES.items()
}

# The heads' losses are left out.
googlenet.auxiliary_loss = lambda scores, target, weight: (
    torch.nn.functional.cross_entropy(scores[0], target)
)

# Normalization is about scale: leave it out where it is asked for.
def without(self, *sizes, batch_norm=False, **options):
    true_relu(self, *sizes, **options)

inception.ConvRelu.__init__ = without

# The large kernels win because they learn: let them answer nothing.
def silent(self, x):
    y = true_forward(self, x)
    return 0 * y if self.conv.kernel_size == (5, 5) else y

inception.ConvRelu.forward = silent

# Tanh keeps up because it is not saturated: saturate it.
torch.nn.Tanh.forward = lambda self, x: torch.tanh(x + 20)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "imagenet-architectures-alexnet": False,
        "imagenet-architectures-three": False,
        "imagenet-architectures-bottleneck": False,
        "imagenet-architectures-twelve": True,
        "imagenet-architectures-heads": False,
        "imagenet-architectures-depth": True,
        "imagenet-architectures-normalized": False,
        "imagenet-architectures-relu": True,
    }
