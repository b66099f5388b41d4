"""Handwritten digits as rows of 14 x 14 pixels, for networks without convolutions."""

from __future__ import annotations

from linebyline.data.examples import TrainTest
from linebyline.studies.transfer_gain import handwriting


def flat_digits(seed: int = 0) -> TrainTest:
    """4,000 and 1,000 rows of 196 pixels, each the mean of four of MNIST's.

    Args:
        seed: of the split. With 0 no digit that a judge (`digit_judge`) has learned is among the
            4,000.
    """
    parts = handwriting(seed)
    return TrainTest(*(part._replace(inputs=part.inputs.flatten(1)) for part in parts))
