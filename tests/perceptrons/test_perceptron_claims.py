"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch
from linebyline.linear_models import perceptron

# The package re-exports a function of this name: the module has to be asked for.
separability = importlib.import_module("linebyline.linear_models.separability")

# The theorem is about a start at zero: start far away instead.
rule, one = perceptron.mistakes, perceptron.with_one
far = torch.Generator().manual_seed(0)
perceptron.mistakes = lambda x, y, w, orders: rule(
    x, y, w + 100 * torch.randn(w.shape, generator=far, dtype=w.dtype), orders
)

# The vote is about how long weights survived: count only the last ones.
whole_run = perceptron.MistakeLog.__init__

def only_the_last(self, *arguments, **settings):
    whole_run(self, *arguments, **settings)
    self.survived = torch.zeros_like(self.survived)
    self.survived[-1] = 1

perceptron.MistakeLog.__init__ = only_the_last

# XOR is about two inputs: smuggle in their product where the constant 1 is.
def with_product(x):
    return one(x) if x.shape[-1] != 2 else one(torch.cat([x, x[..., :1] * x[..., 1:]], dim=-1))

perceptron.with_one = separability.with_one = with_product

# The labels are about tossing a coin: let it always fall on one side.
torch.randint = lambda high, size, generator: torch.ones(size, dtype=torch.long)
"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "perceptron-mistake-bound": False,
        "perceptron-voting": False,
        "perceptron-xor": False,
        "perceptron-random-labels": False,
    }
