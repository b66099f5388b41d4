"""Features of regions: against SciPy's interpolation, torch's pooling of a cut, and on paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from torch.nn import functional

from linebyline.layers.roi_align import RoIAlign, RoIPool


def map_and_boxes(seed: int = 0, regions: int = 6):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, 6, 5, dtype=torch.float64, generator=g)
    corner = 30 * torch.rand(2, regions, 2, dtype=torch.float64, generator=g)
    size = 1 + 25 * torch.rand(2, regions, 2, dtype=torch.float64, generator=g)
    return x, torch.cat([corner, corner + size], dim=-1)  # some reach over the edge


def with_scipy(x, boxes, size, stride, samples):
    """Every point by itself."""
    rows, columns = size
    answer = np.zeros((*boxes.shape[:2], x.shape[1], rows, columns))
    for n, r in np.ndindex(*boxes.shape[:2]):
        left, top, right, bottom = boxes[n, r].tolist()
        for i, j in np.ndindex(rows, columns):
            ys = top + (bottom - top) * (i + (np.arange(samples) + 0.5) / samples) / rows
            xs = left + (right - left) * (j + (np.arange(samples) + 0.5) / samples) / columns
            at = np.stack(np.meshgrid(ys, xs, indexing="ij")).reshape(2, -1) / stride - 0.5
            for c in range(x.shape[1]):
                read = map_coordinates(x[n, c].numpy(), at, order=1, mode="nearest")
                answer[n, r, c, i, j] = read.mean()
    return torch.from_numpy(answer)


@pytest.mark.parametrize(("size", "samples"), [((2, 2), 2), ((3, 2), 1), ((4, 5), 3)])
def test_align_equals_scipy(size, samples) -> None:
    x, boxes = map_and_boxes()
    layer = RoIAlign(size, stride=8, samples=samples)
    expected = with_scipy(x, boxes, size, 8, samples)
    torch.testing.assert_close(layer(x, boxes), expected)
    torch.testing.assert_close(layer.explicit(x, boxes), expected)


@pytest.mark.parametrize("layer", [RoIAlign((3, 2), stride=8), RoIPool((3, 2), stride=8)])
def test_two_paths_are_one(layer) -> None:
    x, boxes = map_and_boxes(1)
    gradients = []
    for path in (layer, layer.explicit):
        leaves = x.clone().requires_grad_(), boxes.clone().requires_grad_()
        y = path(*leaves)
        by = leaves if isinstance(layer, RoIAlign) else leaves[:1]
        gradients.append((y, *torch.autograd.grad(y.pow(3).sum(), by)))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)
        assert other.abs().max() > 0


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_pool_equals_torch_on_what_is_cut_out(path) -> None:
    x, _ = map_and_boxes()
    # Edges at 11, 12 and 20 pixels of 8 round to 1, 2 and 3 positions; over the edge is cut off.
    boxes = torch.tensor([[11.0, 12, 20, 44]] * 2 + [[-9.0, 20, 90, 99]] * 2).double().view(2, 2, 4)
    boxes = boxes.transpose(0, 1)
    found = getattr(RoIPool((2, 3), stride=8), path)(x, boxes)
    cuts = x[:, :, 2:6, 1:3], x[:, :, 3:, :]
    for region, cut in enumerate(cuts):
        expected = functional.adaptive_max_pool2d(cut, (2, 3))
        torch.testing.assert_close(found[:, region], expected)


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_pool_of_a_box_without_a_position_takes_the_nearest(path) -> None:
    x, _ = map_and_boxes()
    boxes = torch.tensor([[[16.0, 17, 17, 18], [200, -50, 300, -40]]]).double().expand(2, -1, -1)
    found = getattr(RoIPool(2, stride=8), path)(x, boxes)
    for region, (row, column) in enumerate([(2, 2), (0, 4)]):
        expected = x[:, :, row, column, None, None].expand(-1, -1, 2, 2)
        torch.testing.assert_close(found[:, region], expected)


def test_align_reads_a_plane_exactly() -> None:
    # On f = 2 across + 3 down, the mean of a bin is the value in its middle.
    stride, (height, width) = 4, (6, 7)
    down = (torch.arange(height) + 0.5) * stride
    across = (torch.arange(width) + 0.5) * stride
    x = (3 * down[:, None] + 2 * across).double()[None, None]
    boxes = torch.tensor([[[5.0, 4, 17, 12]]]).double()
    found = RoIAlign(2, stride=stride)(x, boxes)[0, 0, 0]
    expected = [[2 * 8 + 3 * 6, 2 * 14 + 3 * 6], [2 * 8 + 3 * 10, 2 * 14 + 3 * 10]]
    torch.testing.assert_close(found, torch.tensor(expected).double())


def test_gradients_by_map_and_by_boxes() -> None:
    x, boxes = map_and_boxes(2, regions=2)
    boxes[..., 2:] = boxes[..., :2] + 9.3  # and no point on a kink
    leaves = x.requires_grad_(), boxes.requires_grad_()
    assert torch.autograd.gradcheck(RoIAlign(2, stride=8), leaves)
    assert torch.autograd.gradcheck(RoIAlign(2, stride=8).explicit, leaves)
    assert torch.autograd.gradcheck(lambda x: RoIPool(2, stride=8)(x, boxes), x)


def test_a_box_learns_where_to_look() -> None:
    # A bump in the map; descent on the box's four numbers finds its box by what is read there.
    at = (torch.arange(8.0) + 0.5) * 8
    bump = torch.exp(-((at[:, None] - 36) ** 2 + (at - 28) ** 2) / 200)[None, None]
    layer = RoIAlign(3, stride=8)
    wanted = layer(bump, torch.tensor([[[18.0, 26, 38, 46]]]))
    box = torch.tensor([[[10.0, 20, 34, 52]]], requires_grad=True)
    optimizer = torch.optim.Adam([box], lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        (layer(bump, box) - wanted).pow(2).sum().backward()
        optimizer.step()
    torch.testing.assert_close(box.detach(), torch.tensor([[[18.0, 26, 38, 46]]]), atol=0.5, rtol=0)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses() -> None:
    with pytest.raises(ValueError, match="output_size"):
        RoIPool(0, stride=8)
    with pytest.raises(ValueError, match="stride must be at least 1, not 0"):
        RoIAlign(2, stride=0)
    with pytest.raises(ValueError, match="samples must be at least 1, not 0"):
        RoIAlign(2, stride=8, samples=0)
    x, boxes = map_and_boxes()
    for layer in (RoIAlign(2, stride=8), RoIPool(2, stride=8)):
        with pytest.raises(ValueError, match=r"boxes \(batch, regions, 4\), but they are"):
            layer(x, boxes[0])
        with pytest.raises(ValueError, match="x must be"):
            layer(x[:1], boxes)
