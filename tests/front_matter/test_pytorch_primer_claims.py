"""Each claim of the chapter turns when the thing that it is about is broken."""

from pathlib import Path

import pytest
from claims import claims_of
from execution import execute

CHAPTER = Path(__file__).parents[2] / "book/front_matter/pytorch_primer.md"

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
```{code-cell} ipython3
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
```

"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(tmp_path):
    text = CHAPTER.read_text("utf8")
    first = text.index("```{code-cell}")
    broken = tmp_path / "pytorch_primer.md"
    broken.write_text(text[:first] + DEFECTS + text[first:], "utf8")
    verdicts = {claim.id: claim.verdict for claim in claims_of(execute(broken, allow_errors=True))}
    assert verdicts == {
        "pytorch-primer-broadcast": False,
        "pytorch-primer-cheap-gradient": False,
    }
