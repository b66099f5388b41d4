"""Measures of segmentation against scikit-learn and brute force."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, jaccard_score

from linebyline.training.segmentation import (
    boundary_distance,
    iou,
    mean_iou,
    pixel_accuracy,
    pixel_confusion,
    share_apart,
    share_by_distance,
)


def masks(*shape, classes=3, seed=0):
    return torch.randint(classes, shape, generator=torch.Generator().manual_seed(seed))


def test_measures_are_scikit_learns():
    target, answer = masks(4, 6, 5), masks(4, 6, 5, seed=1)
    confusion = pixel_confusion(answer, target, classes=3)
    flat = target.flatten().numpy(), answer.flatten().numpy()
    np.testing.assert_allclose(iou(confusion), jaccard_score(*flat, average=None), rtol=1e-6)
    assert mean_iou(confusion).item() == pytest.approx(jaccard_score(*flat, average="macro"))
    assert pixel_accuracy(confusion).item() == pytest.approx(accuracy_score(*flat))


def test_rows_are_the_true_classes():
    target = torch.tensor([[[0, 0], [1, 1]]])
    answer = torch.tensor([[[0, 1], [1, 1]]])
    assert pixel_confusion(answer, target, classes=2).tolist() == [[1, 1], [0, 2]]


def test_scores_are_taken_by_their_largest():
    scores = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    target = masks(2, 4, 5)
    expected = pixel_confusion(scores.argmax(1), target, classes=3)
    assert torch.equal(pixel_confusion(scores, target, classes=3), expected)


def test_counts_of_parts_add_up():
    target, answer = masks(4, 6, 5), masks(4, 6, 5, seed=1)
    parts = sum(pixel_confusion(answer[i], target[i], classes=3) for i in (slice(1), slice(1, 4)))
    assert torch.equal(parts, pixel_confusion(answer, target, classes=3))


def test_an_absent_class_is_not_a_number_and_does_not_count():
    confusion = torch.tensor([[3, 1, 0], [0, 2, 0], [0, 0, 0]])
    values = iou(confusion)
    assert values[:2].tolist() == pytest.approx([3 / 4, 2 / 3])
    assert values[2].isnan()
    assert mean_iou(confusion).item() == pytest.approx((3 / 4 + 2 / 3) / 2)


def test_a_class_that_is_only_answered_counts_as_0():
    assert iou(torch.tensor([[3, 1], [0, 0]])).tolist() == pytest.approx([3 / 4, 0])


def test_distance_to_another_class_is_that_of_brute_force():
    target = masks(3, 7, 6)
    target[1, :4] = 2  # areas with an inside
    places = torch.cartesian_prod(torch.arange(7.0), torch.arange(6.0))
    apart = torch.cdist(places, places)
    for image, found in zip(target, boundary_distance(target), strict=True):
        labels = image.flatten()
        other = labels[:, None] != labels
        expected = apart.masked_fill(~other, torch.inf).min(1).values
        torch.testing.assert_close(found.flatten(), expected)


def test_one_class_has_no_outline():
    assert boundary_distance(torch.ones(1, 3, 3, dtype=torch.long)).isinf().all()


def test_shares_by_distance():
    distance = torch.tensor([[[1.0, 1.0, 2.0, 2.5, 3.0, 9.0]]])
    wrong = torch.tensor([[[True, False, True, True, False, True]]])
    shares = share_by_distance(wrong, distance, [0, 1, 3, 8])
    assert shares[:2].tolist() == pytest.approx([1 / 2, 2 / 3])
    assert shares[2].isnan()


def test_objects_stand_apart_or_not():
    rows = lambda *values: torch.tensor([values])  # noqa: E731
    instances = rows([1, 1, 0, 2, 2, 0, 3], [1, 1, 0, 2, 2, 0, 0])
    as_true = instances > 0
    assert share_apart(as_true, instances) == 1
    bridged = as_true | rows([0, 0, 1, 0, 0, 0, 0], [0] * 7).bool()
    assert share_apart(bridged, instances) == pytest.approx(1 / 3)
    assert share_apart(~as_true & False, instances) == 0
    without_one = as_true & (instances != 2)
    assert share_apart(without_one, instances) == pytest.approx(2 / 3)


def test_corners_do_not_connect_and_the_larger_piece_counts():
    instances = torch.tensor([[[1, 1, 0], [1, 0, 2], [0, 2, 2]]])
    assert share_apart(instances > 0, instances) == 1
    assert share_apart(torch.ones(1, 3, 3).bool(), instances) == 0
    split = torch.tensor([[[1, 1, 1, 0, 1, 0, 0, 2]]])
    claimed = torch.tensor([[[1, 1, 1, 0, 1, 1, 1, 1]]]).bool()
    assert share_apart(claimed, split) == 1


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    target = masks(2, 4, 4)
    with pytest.raises(ValueError, match=r"^prediction must be \(2, 4, 4\) or \(2, 3, 4, 4\)"):
        pixel_confusion(target[:, :3], target, classes=3)
    with pytest.raises(ValueError, match=r"^prediction must .* \(2, 4, 4, 4\)"):
        pixel_confusion(torch.zeros(2, 4, 4, 4), target, classes=3)
    with pytest.raises(ValueError, match=r"^target must hold classes from 0 to 1"):
        pixel_confusion(torch.zeros_like(target), target, classes=2)
    for measure in (iou, pixel_accuracy, mean_iou):
        with pytest.raises(ValueError, match=r"^confusion must be \(classes, classes\)"):
            measure(torch.ones(2, 3, dtype=torch.long))
        with pytest.raises(ValueError, match=r"^confusion counts no pixel"):
            measure(torch.zeros(2, 2, dtype=torch.long))
    with pytest.raises(ValueError, match=r"^target must be \(images, height, width\)"):
        boundary_distance(target[0])
    wrong, distance = target > 0, target.float()
    with pytest.raises(ValueError, match=r"^distance must have wrong's shape"):
        share_by_distance(wrong, distance[:1], [0, 1])
    for edges in ([1], [1, 1], [2, 1]):
        with pytest.raises(ValueError, match=r"^edges must be two or more that rise"):
            share_by_distance(wrong, distance, edges)
    with pytest.raises(ValueError, match=r"^claimed must have instances' shape"):
        share_apart(wrong[:1], target)
    with pytest.raises(ValueError, match=r"^instances must hold an object"):
        share_apart(wrong, torch.zeros_like(target))
