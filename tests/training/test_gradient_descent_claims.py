"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for two of them, all in one run of the chapter.
DEFECTS = """\
import sklearn.datasets
import torch
from linebyline.optim import sgd
from linebyline.training import batches as pieces

_load, _update, _batches = sklearn.datasets.load_diabetes, sgd.sgd_foreach, pieces.batches
_tanh, _randint = torch.tanh, torch.randint

# What units cost is about inputs in units: all are scaled already.
sklearn.datasets.load_diabetes = lambda **_: _load(return_X_y=True, scaled=True)

# The rate of convergence and the edge are about the step: it is half of what it is said to be.
sgd.SGD.foreach_update = staticmethod(
    lambda parameters, gradients, *, lr, weight_decay: _update(parameters, gradients, lr=lr / 2)
)

# The way out of the saddle is about the curvature at zero: the units are twice as steep there.
torch.tanh = lambda z: _tanh(2 * z)

# The noise and the floor are about independent examples: a batch is one of them, again and again.
torch.randint = lambda high, size, **settings: (
    _randint(high, (*size[:-1], 1), **settings).expand(size)
)

# What a batch size is worth is about large batches: there are none.
pieces.batches = lambda examples, size, **settings: _batches(examples, min(size, 4), **settings)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "gradient-descent-standardize": False,
        "gradient-descent-rate": False,
        "gradient-descent-edge": False,
        "gradient-descent-noise": False,
        "gradient-descent-floor": False,
        "gradient-descent-batch-size": False,
        "gradient-descent-saddle": False,
    }
