"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

DEFECTS = """\
import torch
from linebyline.layers.roi_align import RoIAlign
from linebyline.vision import two_stage_detector
from linebyline.vision.region_proposal_network import RegionProposalNetwork

# RoI align that rounds after all.
true_points = RoIAlign.points
RoIAlign.points = lambda self, boxes: true_points(
    self, (boxes / self.stride).round() * self.stride
)

# The first look, once it has learned, names the places where it is least sure. With it goes what
# the second look adds, and what two stages have before one.
true_choose = RegionProposalNetwork.choose
RegionProposalNetwork.choose = lambda self, boxes, scores: true_choose(
    self, boxes, scores if self.training else -scores
)
"""


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "two-stage-detection-proposals": False,
        "two-stage-detection-regression": False,
        "two-stage-detection-against-one": False,
        "two-stage-detection-rounding": False,
    }
