"""How long a layer takes beside torch's: norms and dropout, forward and backward, on both paths.

Ratios are made as in `comparison.py`, torch's time divided by ours. Our `forward` calls the
kernel that torch's layer calls, so all that can differ is what stands around it; `explicit` is the
mathematics written out, one kernel for each operation, and is shown for what that costs.

    python benchmarks/layers.py [--device cuda] [--repetitions 20]
"""

from collections.abc import Iterator

from comparison import Run, compare_all, options, passes, record
from torch import nn

from linebyline.layers.batch_norm import BatchNorm1d, BatchNorm2d
from linebyline.layers.dropout import Dropout, SpatialDropout
from linebyline.layers.group_norm import GroupNorm
from linebyline.layers.layer_norm import LayerNorm
from linebyline.layers.rms_norm import RMSNorm

NAMES = ("batch_norm", "dropout", "group_norm", "layer_norm", "rms_norm")
MEASURED = [f"src/linebyline/layers/{name}.py" for name in NAMES]
PASSES = 40

ROWS, IMAGES, TOKENS = (64, 256), (32, 32, 14, 14), (16, 64, 128)
LAYERS: dict[str, tuple[nn.Module, nn.Module, tuple[int, ...]]] = {
    "BatchNorm1d": (BatchNorm1d(256), nn.BatchNorm1d(256), ROWS),
    "BatchNorm1d, evaluation": (BatchNorm1d(256).eval(), nn.BatchNorm1d(256).eval(), ROWS),
    "BatchNorm2d": (BatchNorm2d(32), nn.BatchNorm2d(32), IMAGES),
    "BatchNorm2d, evaluation": (BatchNorm2d(32).eval(), nn.BatchNorm2d(32).eval(), IMAGES),
    "GroupNorm": (GroupNorm(8, 32), nn.GroupNorm(8, 32), IMAGES),
    "LayerNorm": (LayerNorm(128), nn.LayerNorm(128), TOKENS),
    "RMSNorm": (RMSNorm(128), nn.RMSNorm(128), TOKENS),
    "Dropout": (Dropout(0.5), nn.Dropout(0.5), TOKENS),
    "SpatialDropout": (SpatialDropout(0.2), nn.Dropout2d(0.2), IMAGES),
}
"""Ours, torch's, and the shape of an input."""


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, torch's."""
    for name, (ours, theirs, shape) in LAYERS.items():
        ours.to(device)
        fused = passes(theirs.to(device), shape, device, PASSES)
        yield f"{name}, forward", passes(ours, shape, device, PASSES), fused
        yield f"{name}, explicit", passes(ours.explicit, shape, device, PASSES), fused


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=20)
    figures = {
        "setting": f"rows {ROWS}, images {IMAGES}, tokens {TOKENS}, float32, {PASSES} passes",
        "ratio": "torch's time divided by ours",
        "results": compare_all(pairs(asked.device), asked),
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
