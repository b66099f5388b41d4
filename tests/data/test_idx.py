"""The reader of idx files against files written by hand from the format's description."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import torch

from linebyline.data.idx import read_idx


@pytest.mark.parametrize("sizes", [(300,), (3, 2, 5), (300, 2, 1), (0, 28, 28)])
def test_reads_what_was_written(idx, tmp_path, sizes):
    array = (np.arange(np.prod(sizes)) % 251).astype(np.uint8).reshape(sizes)
    (tmp_path / "file.gz").write_bytes(idx(array))
    read = read_idx(tmp_path / "file.gz")
    assert read.dtype == torch.uint8
    assert read.shape == sizes
    np.testing.assert_array_equal(read.numpy(), array)


def test_the_last_axis_runs_fastest(tmp_path):
    content = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22])
    (tmp_path / "file.gz").write_bytes(gzip.compress(content, mtime=0))
    assert read_idx(tmp_path / "file.gz").tolist() == [[10, 11, 12], [20, 21, 22]]


def test_the_tensor_may_be_written_to(idx, tmp_path):
    (tmp_path / "file.gz").write_bytes(idx(np.zeros(3)))
    read = read_idx(tmp_path / "file.gz")
    read += 1
    assert read.tolist() == [1, 1, 1]


WHOLE = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), mtime=0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<html>404</html>", "is not a whole gzip file"),
        (WHOLE[:-9], "is not a whole gzip file"),
        (WHOLE[:-6] + b"\0\0\0\0\0\0", "is not a whole gzip file"),
        (WHOLE[:10] + b"\xff" * 12 + WHOLE[-8:], "is not a whole gzip file"),
        (gzip.compress(b"", mtime=0), r"begins with the bytes \(none\)"),
        (
            gzip.compress(b"\x89PNG\r\n", mtime=0),
            "begins with the bytes 89 50 4e 47; .* begins with 00 00 08",
        ),
        (
            gzip.compress(bytes([0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0]), mtime=0),
            "begins with the bytes 00 00 0d 01",
        ),
        (
            gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0]), mtime=0),
            "breaks off among the sizes of its 3 axes",
        ),
        (
            gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8]), mtime=0),
            r"announces sizes \(3,\), but holds 2 numbers",
        ),
        (
            gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7, 8]), mtime=0),
            r"announces sizes \(1,\), but holds 2 numbers",
        ),
    ],
)
def test_refuses_what_is_malformed(tmp_path, content, complaint):
    (tmp_path / "file.gz").write_bytes(content)
    with pytest.raises(ValueError, match=f"file.gz {complaint}"):
        read_idx(tmp_path / "file.gz")
