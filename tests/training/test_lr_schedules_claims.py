"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from torch.optim.swa_utils import AveragedModel
from linebyline.optim import lr_range_test, lr_schedules, sgd

honest_update, honest_mean = sgd.SGD.foreach_update, AveragedModel.update_parameters
honest_loss = torch.nn.functional.cross_entropy
honest_test = lr_range_test.lr_range_test

# Floor and crawl are about steps as long as the schedule says: in a chase they are half as long.
def half_as_long(parameters, gradients, *, lr, **options):
    chased = parameters[0].dtype == torch.float64
    honest_update(parameters, gradients, lr=lr / 2 if chased else lr, **options)

sgd.SGD.foreach_update = staticmethod(half_as_long)

# The mean of a path is about all of the path: it is the first weights for ever.
AveragedModel.update_parameters = lambda self, model: (
    honest_mean(self, model) if self.n_averaged == 0 else None
)

# That decay helps is about a rate that falls: it stays.
lr_schedules.cosine_decay = lambda step, **options: 1.0

# That steps in thirds are too early is about when they fall: they do along a straight line.
lr_schedules.step_decay = lambda step, *, every, **options: max(0.0, 1 - step / (3 * every))

# Warm-up is about small steps first.
lr_schedules.linear_warmup = lambda step, **options: 1.0

# The range test is about the rates at which the losses were seen: they are told ten times too high.
def ten_times(*arguments, **options):
    seen = honest_test(*arguments, **options)
    return seen._replace(lrs=[10 * lr for lr in seen.lrs])

lr_range_test.lr_range_test = ten_times

# The scaling rule is about losses that are means over their batch: that of 64 examples is a sum.
torch.nn.functional.cross_entropy = lambda scores, targets: honest_loss(
    scores, targets, reduction="sum" if len(targets) == 64 else "mean"
)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "lr-schedules-floor": False,
        "lr-schedules-one-over-t": False,
        "lr-schedules-mean-of-high": False,
        "lr-schedules-decay-helps": False,
        "lr-schedules-shapes": False,
        "lr-schedules-warm-up": False,
        "lr-schedules-range-test": False,
        "lr-schedules-linear-scaling": False,
    }
