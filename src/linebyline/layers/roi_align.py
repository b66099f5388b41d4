"""Features of a region: cut a box out of a feature map, at the same size whatever the box's."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Pair, pair


class RegionLayer(nn.Module):
    """What `RoIPool` and `RoIAlign` share: a map and boxes in, a small map for each box out.

    Args:
        output_size: rows and columns of cells (bins) that each box is divided into.
        stride: pixels of the image from one position of the map to the next. Position (i, j) of the
            map stands for the pixels from stride · i down and from stride · j to the right.

    Raises:
        ValueError: a number is below 1; the map and the boxes are not of the same images.
    """

    def __init__(self, output_size: Pair, *, stride: int) -> None:
        super().__init__()
        self.output_size = pair("output_size", output_size, least=1)
        if stride < 1:
            raise ValueError(f"stride must be at least 1, not {stride}")
        self.stride = stride

    def check(self, x: Tensor, boxes: Tensor) -> None:
        """Refuse what is no batch of maps with boxes for each."""
        if x.ndim != 4 or boxes.ndim != 3 or boxes.shape[2] != 4 or len(x) != len(boxes):
            raise ValueError(
                "x must be (batch, channels, height, width) and boxes (batch, regions, 4), but "
                f"they are {tuple(x.shape)} and {tuple(boxes.shape)}"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.output_size}, stride={self.stride}"


class RoIPool(RegionLayer):
    """The largest value of each bin of a box that is rounded to whole positions of the map.

    Source: Girshick 2015, "Fast R-CNN", section 2.1: spatial pyramid pooling (He et al. 2014) with
    one level. Deviations: a box reaches from the position that its left edge rounds to up to, and
    without, that of its right edge, as boxes lie between pixels here; in the paper's code a box
    names its last pixel, and reaches a position further. A box is cut to the map, and keeps at
    least one position. Along n positions bin i of O covers those from floor(i·n / O) up to, and
    without, ceil((i + 1)·n / O), as there. No gradient goes to the boxes: rounding has none.

    Arguments and errors: see `RegionLayer`.
    """

    def rounded(
        self,
        x: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch regions 4"],
    ) -> tuple[Tensor, Tensor]:
        """First positions (across, down) and numbers of positions, (batch, regions, 2) each."""
        size = torch.tensor([x.shape[3], x.shape[2]], device=boxes.device)
        low, high = (boxes.detach() / self.stride + 0.5).floor().long().split(2, dim=-1)
        low = torch.minimum(low.clamp(min=0), size - 1)
        return low, (torch.minimum(high, size) - low).clamp(min=1)

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch regions 4"],
    ) -> Float[Tensor, "batch regions channels rows columns"]:
        """All boxes at once: the largest along the rows of a bin, then along its columns."""
        self.check(x, boxes)
        first, length = self.rounded(x, boxes)
        columns, rows = (
            self._bins(first[..., axis], length[..., axis], self.output_size[1 - axis], cells)
            for axis, cells in enumerate((x.shape[3], x.shape[2]))
        )
        # Row of bins by row of bins, for all at once would take much memory.
        bands = (x[:, None].where(row[:, :, None, :, None], -torch.inf) for row in rows.unbind(2))
        y = torch.stack([band.max(-2).values for band in bands], dim=3)  # (N, R, C, rows, W)
        return y[..., None, :].where(columns[:, :, None, None], -torch.inf).max(-1).values

    @staticmethod
    def _bins(first: Tensor, length: Tensor, count: int, cells: int) -> Tensor:
        """(N, R, bins, cells), bool: which positions of an axis each bin covers."""
        i, n = torch.arange(count, device=first.device), length[..., None]
        begin, end = first[..., None] + i * n // count, first[..., None] - (-(i + 1) * n) // count
        at = torch.arange(cells, device=first.device)
        return (at >= begin[..., None]) & (at < end[..., None])

    def explicit(
        self,
        x: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch regions 4"],
    ) -> Float[Tensor, "batch regions channels rows columns"]:
        """Box by box: cut the rounded box out, and pool what is there."""
        self.check(x, boxes)
        first, length = self.rounded(x, boxes)
        cuts = [
            image[:, top : top + height, left : left + width]
            for image, corners, sizes in zip(x, first.tolist(), length.tolist(), strict=True)
            for (left, top), (width, height) in zip(corners, sizes, strict=True)
        ]
        pooled = [functional.adaptive_max_pool2d(cut, self.output_size) for cut in cuts]
        return torch.stack(pooled).unflatten(0, boxes.shape[:2])


class RoIAlign(RegionLayer):
    """The mean of a few points in each bin of a box, each read off between the map's positions.

    Source: He et al. 2017, "Mask R-CNN", section 3: nothing is rounded. A value of the map stands
    in the middle of its cell of `stride` pixels, and between four such middles the map is bilinear;
    beyond the outermost it goes on as it is there. (The paper's first code left the half cell out,
    and read all maps half a position too far to the lower right.) The gradient goes to the map, and
    to the boxes as well, for the answer moves as they do.

    Args:
        output_size: see `RegionLayer`.
        stride: see `RegionLayer`.
        samples: points along each side of a bin, evenly spaced; 2 is the paper's choice.

    Raises:
        ValueError: see `RegionLayer`; `samples` is below 1.
    """

    def __init__(self, output_size: Pair, *, stride: int, samples: int = 2) -> None:
        super().__init__(output_size, stride=stride)
        if samples < 1:
            raise ValueError(f"samples must be at least 1, not {samples}")
        self.samples = samples

    def points(
        self, boxes: Float[Tensor, "batch regions 4"]
    ) -> tuple[Float[Tensor, "batch regions down"], Float[Tensor, "batch regions across"]]:
        """Where the boxes are read: pixels down and pixels across, for all bins."""
        low, high = boxes[..., :2], boxes[..., 2:]
        places = []
        for axis, size in enumerate(self.output_size):
            count = size * self.samples
            parts = (torch.arange(count, device=boxes.device, dtype=boxes.dtype) + 0.5) / count
            start, end = low[..., 1 - axis, None], high[..., 1 - axis, None]
            places.append(start + (end - start) * parts)
        return places[0], places[1]

    def forward(
        self,
        x: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch regions 4"],
    ) -> Float[Tensor, "batch regions channels rows columns"]:
        """One call of the fused kernel for all points of all boxes, then the mean of each bin."""
        self.check(x, boxes)
        down, across = self.points(boxes)  # (N, R, rows · samples), (N, R, columns · samples)
        height, width = (cells * self.stride for cells in x.shape[2:])
        v = (2 * down / height - 1)[..., :, None].expand(-1, -1, -1, across.shape[-1])
        u = (2 * across / width - 1)[..., None, :].expand(-1, -1, down.shape[-1], -1)
        grid = torch.stack([u, v], dim=-1)  # (N, R, rows, columns, 2), from -1 to 1
        read = functional.grid_sample(
            x, grid.flatten(1, 2), padding_mode="border", align_corners=False
        )
        read = read.unflatten(2, grid.shape[1:3]).transpose(1, 2)  # (N, R, C, points, points)
        return self._means(read)

    def explicit(
        self,
        x: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch regions 4"],
    ) -> Float[Tensor, "batch regions channels rows columns"]:
        """The same, written out: along each axis two neighbours, each by its nearness."""
        self.check(x, boxes)
        weights = []
        for places, cells in zip(self.points(boxes), x.shape[2:], strict=True):
            at = (places / self.stride - 0.5).clamp(0, cells - 1)  # in positions of the map
            middle = torch.arange(cells, device=x.device, dtype=x.dtype)
            weights.append((1 - (at[..., None] - middle).abs()).clamp(min=0))  # (N, R, P, cells)
        read = torch.einsum("nrph, nchw, nrqw -> nrcpq", weights[0], x, weights[1])
        return self._means(read)

    def _means(self, read: Tensor) -> Tensor:
        rows, columns = self.output_size
        bins = read.unflatten(-2, (rows, self.samples)).unflatten(-1, (columns, self.samples))
        return bins.mean((-3, -1))
