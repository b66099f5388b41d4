"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch

# Broadcasting is about a column that meets a row: stand the row up.
minus = torch.Tensor.__sub__

def upright(a, b):
    stands = isinstance(b, torch.Tensor) and a.ndim == 2 and b.shape == a.shape[:1]
    return minus(a, b[:, None] if stands else b)

torch.Tensor.__sub__ = upright

# The cost is about one way back for all inputs: where it is counted, go it a second time.
from torch.utils._python_dispatch import _get_current_dispatch_mode

back = torch.Tensor.backward

def twice(self, *arguments, **settings):
    if _get_current_dispatch_mode() is not None:
        back(self, retain_graph=True)
    back(self, *arguments, **settings)

torch.Tensor.backward = twice
"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "pytorch-primer-broadcast": False,
        "pytorch-primer-cheap-gradient": False,
    }
