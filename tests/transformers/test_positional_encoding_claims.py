"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
from functools import partial

encodings = importlib.import_module("linebyline.layers.positional_encoding")
block = importlib.import_module("linebyline.transformer.block")

# A table that is not added is no encoding: it cannot do as well as sinusoids.
encodings.LearnedEncoding.forward = lambda self, x, start=0: x

# The hands turn otherwise than the prediction has it, so that they agree elsewhere.
block.Rotary = partial(encodings.Rotary, base=30.0)
"""

REPLACED = {
    # Whoever has no encoding, looking both ways, sees the order all the same.
    'rotary, causal = arm == "rotary", "causal" in arm\n': (
        'rotary, causal = arm not in ("learned", "random"), "causal" in arm\n'
    ),
    # Sinusoids are no better and no worse than rotary: they stand moves and lengths.
    "    waves = SinusoidalEncoding(32)\n": "    waves = None\n",
    # Products do shrink with the distance.
    "[:, 0] * k).sum(1)\n": "[:, 0] * k).sum(1) / (1 + steps)\n",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, REPLACED) == {
        "positional-encoding-order": False,
        "positional-encoding-same": False,
        "positional-encoding-relative": False,
        "positional-encoding-extrapolate": True,
        "positional-encoding-further": False,
        "positional-encoding-alias": False,
        "positional-encoding-cure": False,
        "positional-encoding-causal": False,
        "positional-encoding-decay": True,
    }
