"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from linebyline.layers import mlp
from linebyline.losses import binary_cross_entropy, cross_entropy, kl_divergence

true_sigmoid, true_forward = torch.Tensor.sigmoid, mlp.MLP.forward
true_yes_no = binary_cross_entropy.binary_cross_entropy
true_cross_entropy = cross_entropy.cross_entropy
true_divergence = kl_divergence.kl_divergence

# Which loss is best is about the noise: let none have long tails.
torch.Tensor.exponential_ = lambda x, *_, generator: x.normal_(generator=generator)

# The wall is the slope p (1 - p) of the ten answers: let it never fade.
torch.Tensor.sigmoid = lambda z: (
    true_sigmoid(z) + 0.03 * z if z.shape[-1:] == (10,) else true_sigmoid(z)
)

# A proper score counts a yes like a no: on single answers let it count twice.
def unfair(z, y, *, reduction="mean"):
    if z.ndim != 2 or z.shape[1] != 1:
        return true_yes_no(z, y, reduction=reduction)
    losses = (1 + y) * true_yes_no(z, y, reduction="none")
    return losses.mean() if reduction == "mean" else losses

binary_cross_entropy.binary_cross_entropy = unfair

# Two classes are one logit because the softmax knows no third: smuggle one in.
# Smoothing is about the targets: leave them as they are.
def third_and_hard(z, y, *, label_smoothing=0.0, **options):
    if z.shape[1] == 2:
        z = torch.cat([z, 0 * z[:, :1]], dim=1)
    return true_cross_entropy(z, y, **options)

cross_entropy.cross_entropy = third_and_hard

# The direction of a divergence: turn it round.
kl_divergence.kl_divergence = lambda *, target_log_probs, prediction_log_probs: true_divergence(
    target_log_probs=prediction_log_probs, prediction_log_probs=target_log_probs
)

# A loss that rises beside a steady accuracy is about growing confidence: bound it.
mlp.MLP.forward = lambda self, x: (
    true_forward(self, x).tanh() if len(self.layers) == 4 else true_forward(self, x)
)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "losses-noise": False,
        "losses-two-class-softmax": False,
        "losses-confidently-wrong": False,
        "losses-proper-score": False,
        "losses-smoothing": False,
        "losses-kl-direction": False,
        "losses-accuracy": False,
    }
