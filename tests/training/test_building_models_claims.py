"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for two that are about one thing, all in one run of the chapter.
DEFECTS = """\
import torch
from torch import nn

true_setattr, true_sgd, true_load = nn.Module.__setattr__, torch.optim.SGD.__init__, torch.load

# The first claim is about lists that a module does not look into: let it.
def look_into_lists(self, name, value):
    if isinstance(value, list) and value and isinstance(value[0], nn.Module):
        value = nn.ModuleList(value)
    true_setattr(self, name, value)

nn.Module.__setattr__ = look_into_lists

# Tying is about words that mean the same in both places: read each word as another one. A model
# with two matrices does not notice.
elsewhere = torch.randperm(200, generator=torch.Generator().manual_seed(5))
nn.Embedding.forward = lambda self, word: nn.functional.embedding(elsewhere[word], self.weight)

# Both claims on fine-tuning are about which layer has which rate: deal them out upside down.
def upside_down(self, params, *args, **options):
    groups = list(params)
    if isinstance(groups[0], dict) and "lr" in groups[0]:
        rates = [group["lr"] for group in groups]
        groups = [{**group, "lr": lr} for group, lr in zip(groups, rates[::-1])]
    true_sgd(self, groups, *args, **options)

torch.optim.SGD.__init__ = upside_down

# The last is about a reader that refuses to run what is in a file: let it run all.
torch.load = lambda path, weights_only: true_load(path, weights_only=False)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "building-models-unregistered": False,
        "building-models-tying": False,
        "building-models-graded-rates": False,
        "building-models-input-shift": False,
        "building-models-pickle": False,
    }
