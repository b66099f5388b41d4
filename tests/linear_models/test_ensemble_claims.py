"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# A bag that answers with its first member, and a bound without its root.
DEFECTS = """
from linebyline.ensembles.adaboost import AdaBoost
from linebyline.ensembles.bagging import Bag

Bag.__call__ = lambda self, x: self.members(x)[0]
AdaBoost.bound = lambda self: (2 * self.errors * (1 - self.errors)).cumprod(0)
"""

REPLACED = {
    # The forest: let every node look at all features.
    '"features_tried": features_tried, "seed"': '"features_tried": 64, "seed"',
    # The margins: let there be only one more round after the last mistake.
    "boost.margins(x, y)[[zero, -1]]": "boost.margins(x, y)[[zero, zero + 1]]",
    # Shrinkage: let every step be a whole one.
    "gpu=1500), learning_rate=rate)": "gpu=1500), learning_rate=1.0)",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(defects=DEFECTS, replaced=REPLACED) == {
        "ensemble-bagging": False,
        "ensemble-forest": False,
        "ensemble-bound": False,
        "ensemble-margins": False,
        "ensemble-shrinkage": False,
        "ensemble-bias": False,
    }
