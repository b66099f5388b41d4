"""Each claim of the chapter turns when the thing that it is about is broken."""

from pathlib import Path

import pytest
from claims import claims_of
from execution import execute

CHAPTER = Path(__file__).parents[2] / "book/history/ai_ml_dl.md"

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
```{code-cell} ipython3
import torch
from linebyline.layers import mlp
from linebyline.training import loop

# A network is more than a linear model: take away what stands between its layers.
mlp.MLP.__init__.__kwdefaults__["activation"] = lambda h: h

# Its levels bring out the classes: let them pass nothing on.
torch.relu = torch.zeros_like

# The loop and fit see the same batches: give fit another order.
draw = loop.batches
loop.batches = lambda examples, size, generator: draw(
    examples, size, generator=generator.manual_seed(generator.initial_seed() + 1)
)

# The measurements carry what a person knows: let the white pixels see ink at random.
torch.Tensor.cumsum = lambda self, axis: torch.randint(2, self.shape)

# The test images are moved: leave them where they are.
torch.nn.functional.pad = lambda images, by: images
```

"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(tmp_path):
    text = CHAPTER.read_text("utf8")
    first = text.index("```{code-cell}")
    broken = tmp_path / "ai_ml_dl.md"
    broken.write_text(text[:first] + DEFECTS + text[first:], "utf8")
    verdicts = {claim.id: claim.verdict for claim in claims_of(execute(broken, allow_errors=True))}
    assert verdicts == {
        "ai-ml-dl-loop": False,
        "ai-ml-dl-order": False,
        "ai-ml-dl-levels": False,
        "ai-ml-dl-features": True,
        "ai-ml-dl-moved": False,
    }
