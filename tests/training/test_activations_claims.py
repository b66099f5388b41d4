"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from torch.nn import functional
from linebyline.layers import exponential_linear, rectifiers
gain = __import__("importlib").import_module("linebyline.layers.gain")

# The half, and the race, are about starts that take a constant for a signal: let none do so.
of_all = gain.gain

def of_what_varies(bend):
    z = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
    mean = (bend(z).detach() * torch.exp(-(z**2) / 2)).sum() / 1000 / 2.50663
    return of_all(lambda z: bend(z) - mean)

gain.gain = of_what_varies

# Death is about a slope that is exactly zero: leave a little of it.
rectifiers.ReLU.forward = lambda self, x: functional.leaky_relu(x, 0.01)

# The fixed point is about the two constants: let both be 1.
exponential_linear.SELU.forward = lambda self, x: functional.elu(x)
"""

# The twins are about a mean that is not zero: let the twin have none either.
TWINS = {
    "layer.bias.data -= layer.weight.data.sum(1) / 2": "pass",
    "model.activation = Sigmoid()": "model.activation = Lowered()",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, replaced=TWINS) == {
        "activations-half": False,
        "activations-mean": False,
        "activations-dying": False,
        "activations-selu": False,
        "activations-race": False,
    }
