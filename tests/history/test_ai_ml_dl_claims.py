"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
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
"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "ai-ml-dl-loop": False,
        "ai-ml-dl-order": False,
        "ai-ml-dl-levels": False,
        "ai-ml-dl-features": True,
        "ai-ml-dl-moved": False,
    }
