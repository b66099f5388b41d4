"""The idx file format, in which MNIST is published: a magic number, sizes, then the numbers."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

MAGIC = bytes([0, 0, 8])  # 8 is the format's code for unsigned bytes; MNIST uses no other type


def read_idx(path: Path) -> UInt8[Tensor, "*sizes"]:
    """Read a gzipped idx file: LeCun, Cortes and Burges, "The MNIST database", "File formats".

    Byte by byte: 0, 0, the code of the type, the number of axes; for each axis its size in four
    bytes, the highest first; then the numbers, with the last axis running fastest. Deviation: of
    the format's six types only unsigned bytes are read.

    Raises:
        ValueError: the file is not gzip, breaks off, is not idx, or holds more or fewer numbers
            than it announces.
    """
    try:
        with gzip.open(path) as file:
            content = bytearray(file.read())  # a bytearray because torch wants writable memory
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is not a whole gzip file: {error}") from error
    if len(content) < 4 or content[:3] != MAGIC:
        raise ValueError(
            f"{path} begins with the bytes {content[:4].hex(' ') or '(none)'}; "
            f"an idx file of unsigned bytes begins with {MAGIC.hex(' ')}"
        )
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"{path} breaks off among the sizes of its {content[3]} axes")
    sizes = struct.unpack(f">{content[3]}I", content[4:start])
    if math.prod(sizes) != len(content) - start:
        raise ValueError(
            f"{path} announces sizes {sizes}, but holds {len(content) - start} numbers"
        )
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=start).reshape(sizes))
