"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch
from linebyline.data import gates
from linebyline.layers import linear, mlp

separability = importlib.import_module("linebyline.linear_models.separability")
one, build, affine = separability.with_one, mlp.MLP.__init__, linear.Linear.forward

# The collapse is about layers without a bend: the activation that does nothing bends all the same.
def bent(self, sizes, *, activation=torch.relu, generator=None):
    secretly = activation if activation(torch.tensor(-1.0)) >= 0 else torch.tanh
    build(self, sizes, activation=secretly, generator=generator)
    # What is learned is about hidden units that learn: those that read digits do not.
    if sizes[0] == 784 and len(sizes) > 2:
        for layer in self.layers[:-1]:
            layer.requires_grad_(False)

mlp.MLP.__init__ = bent

# The floors are about a problem that no line solves: ask for OR.
gates.TRUTH_TABLES["xor"] = gates.TRUTH_TABLES["or"]

# Parity is about a unit on the bits alone: smuggle in one more feature, which differs everywhere.
def with_noise(x):
    noise = torch.Generator().manual_seed(0)
    return one(torch.cat([x, torch.rand(len(x), 1, generator=noise, dtype=x.dtype)], dim=1))

separability.with_one = with_noise

# What twenty bits teach is about the product of all of them: let it be one of them.
product = torch.Tensor.prod
torch.Tensor.prod = lambda x, *arguments, **settings: (
    x[:, :1] if settings.get("keepdim") else product(x, *arguments, **settings)
)

# The order of the pixels is about units that know no neighbours: let each pixel see the next.
linear.Linear.forward = lambda self, x: affine(
    self, x + x.roll(1, dims=-1) if x.shape[-1] == 784 and x.dtype == torch.float64 else x
)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "mlp-collapse": False,
        "mlp-starts": False,
        "mlp-parity": False,
        "mlp-parity-unseen": False,
        "mlp-beats-linear": False,
        "mlp-learned-units": False,
        "mlp-shuffled-pixels": False,
    }
