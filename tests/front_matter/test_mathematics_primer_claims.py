"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import statistics

import torch

# The best rank is about the first directions: begin with the last.
whole = torch.linalg.svd

def backwards(matrix, *arguments, **settings):
    u, s, vt = whole(matrix, *arguments, **settings)
    return (u, s, vt.flip(0)) if len(matrix) > 2 else (u, s, vt)

torch.linalg.svd = backwards

# The step is about the rounding of float64: round more.
exact = torch.exp
torch.exp = lambda x: exact(x).float().double()

# The standard error is about independent draws: draw once and repeat.
draw = torch.randint
torch.randint = lambda high, size, **settings: draw(high, (size[0], 1), **settings).expand(size)

# The interval is about 1.96 standard errors: take one.
statistics.NormalDist.inv_cdf = lambda self, share: 1.0

# Pairing is about the same images: answer for the neighbour.
largest = torch.Tensor.argmax
torch.Tensor.argmax = lambda self, *axis: largest(self, *axis).roll(1)
"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "mathematics-primer-best-rank": False,
        "mathematics-primer-step": False,
        "mathematics-primer-standard-error": False,
        "mathematics-primer-interval": False,
        "mathematics-primer-pairing": False,
    }
