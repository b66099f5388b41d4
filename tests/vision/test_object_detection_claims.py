"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import linebyline.vision.multibox_loss as loss
from linebyline.vision.one_stage_detector import OneStageDetector

true_targets, true_focal = loss.anchor_targets, loss.focal_loss

# How many anchors answer for a digit: as many, whatever the rule.
loss.anchor_targets = lambda anchors, targets, **_: true_targets(anchors, targets)

# Mining: it takes all that there are.
loss.hard_negatives = lambda losses, positive, negative, **_: negative

# The prior: it is not believed.
OneStageDetector._expect = lambda self, prior: None

# That the focal loss gains nothing: against a cross-entropy that is told of no digit, it does.
loss.focal_loss = lambda logits, truth, *, gamma, **options: true_focal(
    logits, truth * (gamma > 0), gamma=gamma, **options
)
"""

REPLACED = {
    # Suppression: both lists are suppressed.
    '"raw": judged(ssd, overlap=None)': '"raw": judged(ssd)',
    # What windows cost: as if one were enough.
    "cost = 256 * total(": "cost = total(",
    # Neighbours: never near.
    "left + k * distance": "left + k * 28",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, REPLACED) == {
        "object-detection-suppression": False,
        "object-detection-many-answer": False,
        "object-detection-one-to-one": False,
        "object-detection-mining": False,
        "object-detection-prior": False,
        "object-detection-focal": True,
        "object-detection-windows": False,
        "object-detection-flock": False,
    }
