"""Handwritten digits of 8 x 8 pixels, from scikit-learn: real data that trains in a second."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from sklearn.datasets import load_digits

from linebyline.data.examples import Examples, TrainTest, only_classes
from linebyline.data.splits import split


def digits(
    *, test_fraction: float = 0.25, classes: Sequence[int] | None = None, seed: int = 0
) -> TrainTest:
    """Optical Recognition of Handwritten Digits: Alpaydin and Kaynak (1998), UCI repository.

    1,797 images, 174 to 183 of each digit: the *test* part of the UCI set, which scikit-learn
    ships. Each pixel counts the ink in 4 x 4 dots of a 32 x 32 scan, 0 to 16; here it is divided by
    16. Deviation: UCI's two parts have different writers; a split of one part has the same writers
    on both sides, so that accuracy on it flatters.

    Args:
        test_fraction: the part of each class that is set aside to test on.
        classes: keep these digits only; labels stay, and each image stays on its side.
        seed: of the split and of the order.

    Returns:
        Inputs (images, 8, 8), float32 from 0 (paper) to 1 (ink); targets (images,), int64.

    Raises:
        ValueError: ``test_fraction`` or ``classes`` is out of range.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction is {test_fraction}; it must be between 0 and 1")
    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(pixels).float().reshape(-1, 8, 8) / 16
    examples = Examples(images, torch.from_numpy(labels).long())
    data = split(examples, test_size=test_fraction, seed=seed)
    return data if classes is None else only_classes(data, classes)
