"""Each claim of the chapter turns when the thing that it is about is broken."""

from pathlib import Path

import pytest
from claims import claims_of
from execution import execute

CHAPTER = Path(__file__).parents[2] / "book/training/batch_normalization.md"

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
```{code-cell} ipython3
import importlib
import torch

batch_norm = importlib.import_module("linebyline.layers.batch_norm")
sgd = importlib.import_module("linebyline.optim.sgd")

# Depth, rates, smoothness, company and pairs are about rows that are normalized over the batch:
# only scale and shift them. For images, let each position have its own statistics: that a
# channel's positions share them is what saves two images.
def forward(self, x):
    if x.ndim == 2:
        return x * self.weight + self.bias
    return torch.nn.functional.batch_norm(x.flatten(1), None, None, training=True).view_as(x)

batch_norm.BatchNorm.forward = forward

# A layer's gradient is upset by the steps of the layers below it: let these make none. The angle
# per step is about weight decay: let there be none.
true_init = sgd.SGD.__init__

def init(self, params, lr, **options):
    params = list(params)
    for group in params:
        if isinstance(group, dict):
            group.pop("weight_decay", None)
    true_init(self, params, lr, **options)
    if not isinstance(params[-1], dict) and len(params[-1]) != 10:
        self.step = lambda: None

sgd.SGD.__init__ = init
```

"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(tmp_path):
    text = CHAPTER.read_text("utf8")
    first = text.index("```{code-cell}")
    broken = tmp_path / "batch_normalization.md"
    broken.write_text(text[:first] + DEFECTS + text[first:], "utf8")
    claims = claims_of(execute(broken, allow_errors=True))
    assert {claim.id.removeprefix("batch-normalization-"): claim.verdict for claim in claims} == {
        "deep": False,
        "factor": False,
        "eval": False,
        "last-batch": False,
        "rates": False,
        "noise": False,
        "shift": False,
        "smooth": False,
        "decay": False,
        "two": False,
        "two-images": True,  # expected not to hold: two images have many positions
    }
