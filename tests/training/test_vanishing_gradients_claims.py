"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import math
import torch

mlp = importlib.import_module("linebyline.layers.mlp")
linear = importlib.import_module("linebyline.layers.linear")
clipping = importlib.import_module("linebyline.optim.clipping")
true_clip, true_reset = clipping.clip_by_norm, linear.Linear.reset_parameters

# The factor, the deaf layers, Adam's whisper and the closing top are about a product of J = D W:
# give every layer a shortcut, so that it is a product of I + D W.
def with_shortcuts(self, x):
    *hidden, last = self.layers
    h = x
    for layer in hidden:
        centre = 0.5 if self.activation is torch.sigmoid else 0.0
        h = h + self.activation(layer(h)) - centre
        yield h
    yield last(h)

mlp.MLP.layer_outputs = with_shortcuts

# The lag is about weights that shrink what they recall: let them return it as it is.
def keep(self, generator=None):
    true_reset(self, generator)
    if self.bias is None and self.in_features == self.out_features:
        with torch.no_grad():
            self.weight.copy_(torch.eye(self.in_features))

linear.Linear.reset_parameters = keep

# Clipping is about a threshold: measure the norm and shorten nothing.
clipping.clip_by_norm = lambda parameters, max_norm: true_clip(parameters, math.inf)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "vanishing-gradients-factor": False,
        "vanishing-gradients-top-only": False,
        "vanishing-gradients-adam": False,
        "vanishing-gradients-closing": False,
        "vanishing-gradients-lag": False,
        "vanishing-gradients-clipping": False,
    }
