"""Region proposals: each image by itself, sure and apart; the loss by its equation."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from linebyline.data.scenes import NOTHING
from linebyline.vision.boxes import clip, decode, encode, intersection_over_union
from linebyline.vision.non_maximum_suppression import non_maximum_suppression
from linebyline.vision.region_proposal_network import (
    Proposals,
    RegionProposalNetwork,
    proposal_loss,
)


def network(**options) -> RegionProposalNetwork:
    options = {"stride": 8, "sizes": (10, 16), "ratios": (1, 2), "proposals": 5} | options
    return RegionProposalNetwork(6, generator=torch.Generator().manual_seed(0), **options).double()


def features(count: int = 3) -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.randn(count, 6, 4, 5, dtype=torch.float64, generator=random)


def test_scores_and_codes_are_those_of_the_anchors_cell() -> None:
    rpn, x = network(), features()
    answer = rpn(x)
    assert answer.anchors.shape == (4 * 5 * 4, 4)
    hidden = functional.conv2d(x, rpn.conv.weight, rpn.conv.bias, padding=1).relu()
    for row, column, which in ((0, 0, 0), (1, 3, 2), (3, 4, 3)):
        place = (row * 5 + column) * 4 + which
        at = hidden[:, :, row, column]
        score = at @ rpn.score.weight[which, :, 0, 0] + rpn.score.bias[which]
        torch.testing.assert_close(answer.scores[:, place], score)
        own = slice(4 * which, 4 * which + 4)
        code = at @ rpn.code.weight[own, :, 0, 0].T + rpn.code.bias[own]
        torch.testing.assert_close(answer.codes[:, place], code)
        middle = (answer.anchors[place, :2] + answer.anchors[place, 2:]) / 2
        assert middle.tolist() == pytest.approx([8 * column + 4, 8 * row + 4])


@pytest.mark.parametrize("candidates", [12, 64, 500])
def test_proposals_are_what_suppression_leaves(candidates: int) -> None:
    rpn = network(candidates=candidates, threshold=0.4)
    with torch.no_grad():
        rpn.code.weight.mul_(30)
    answer = rpn(features())
    boxes = clip(decode(answer.codes, answer.anchors.expand_as(answer.codes)), 32, 40)
    for n in range(3):
        order = answer.scores[n].argsort(descending=True)[:candidates]
        kept = order[
            non_maximum_suppression(boxes[n, order], answer.scores[n, order], threshold=0.4)
        ]
        assert len(kept) >= 5
        torch.testing.assert_close(answer.boxes[n], boxes[n, kept[:5]])
        torch.testing.assert_close(answer.origins[n], answer.anchors[kept[:5]])
    assert not answer.boxes.requires_grad
    assert answer.scores.requires_grad


def test_each_image_gets_as_many_even_if_few_survive() -> None:
    rpn = network(threshold=0.0, proposals=40, candidates=40)
    answer = rpn(features())
    overlaps = intersection_over_union(answer.boxes, answer.boxes).triu(1)
    for n in range(3):
        places = [
            (answer.anchors == origin).all(1).nonzero().item() for origin in answer.origins[n]
        ]
        assert len(set(places)) == 40
        kept = (overlaps[n] == 0).all(0).long().cumprod(0).sum().item()
        score = answer.scores[n, places]
        for part in (score[:kept], score[kept:]):  # those that stay, then the rest, each by score
            assert (part.diff() <= 0).all()


def targets(boxes: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """Boxes in use have some class, which does not matter."""
    number = torch.where(present, torch.arange(boxes.shape[1]), NOTHING)
    return torch.cat([boxes, number[..., None].to(boxes)], dim=-1)


def test_loss_by_its_equation() -> None:
    answer = network()(features(2))
    boxes = torch.tensor(
        [[[3.0, 2, 15, 14], [20, 10, 36, 26]], [[12, 4, 23, 27], [0, 0, 0, 0]]]
    ).double()
    present = torch.tensor([[True, True], [True, False]])
    says, codes = [], []
    for n in range(2):
        truth = boxes[n, present[n]]
        overlaps = intersection_over_union(answer.anchors, truth)
        best = {overlaps[:, row].argmax().item(): row for row in range(len(truth))}
        for a, own in enumerate(overlaps):
            row = best.get(a, own.argmax().item())
            if a in best or own.max() >= 0.5:
                says.append(functional.softplus(-answer.scores[n, a]))
                off = answer.codes[n, a] - encode(truth[row], answer.anchors[a])
                off = off.abs()
                codes.append(torch.where(off < 0.1, off**2 / 0.2, off - 0.05).sum())
            elif own.max() < 0.3:
                says.append(functional.softplus(answer.scores[n, a]))
    expected = torch.stack(says).mean() + torch.stack(codes).mean()
    torch.testing.assert_close(proposal_loss(answer, targets(boxes, present)), expected)


def test_loss_without_any_box_is_finite() -> None:
    answer = network()(features(2))
    none = torch.zeros(2, 1, 4).double()
    loss = proposal_loss(answer, targets(none, torch.zeros(2, 1, dtype=torch.bool)))
    loss.backward()
    assert loss.isfinite()


def test_gradient_of_the_loss() -> None:
    answer = network()(features(1))
    boxes = torch.tensor([[[3.0, 2, 15, 14], [20, 10, 36, 26]]]).double()

    def of(codes, scores):
        return proposal_loss(
            Proposals(answer.anchors, codes, scores, answer.boxes, answer.origins),
            targets(boxes, torch.ones(1, 2, dtype=torch.bool)),
        )

    leaves = [part.detach().clone().requires_grad_() for part in answer[1:3]]
    assert torch.autograd.gradcheck(of, leaves)


def test_it_learns_where_the_boxes_are() -> None:
    rpn = RegionProposalNetwork(
        6, stride=8, sizes=(12,), proposals=3, generator=torch.Generator().manual_seed(0)
    )
    x = features(4).float()
    corner = torch.tensor([[4.0, 5], [17, 3], [9, 15], [22, 14]])[:, None]
    boxes = torch.cat([corner, corner + torch.tensor([11.0, 13])], dim=-1)
    present = torch.ones(4, 1, dtype=torch.bool)
    optimizer = torch.optim.Adam(rpn.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        proposal_loss(rpn(x), targets(boxes, present)).backward()
        optimizer.step()
    first = rpn(x).boxes[:, :1]
    assert intersection_over_union(first, boxes).min() > 0.8


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses() -> None:
    for proposals in (0, 65):
        with pytest.raises(ValueError, match=f"proposals must be from 1 to 64, not {proposals}"):
            network(proposals=proposals)
    with pytest.raises(ValueError, match="proposals must be at most 4, the anchors, not 5"):
        network()(features()[:, :, :1, :1])
    with pytest.raises(ValueError, match="sizes must be one or more positive numbers"):
        network(sizes=(0,))(features())
