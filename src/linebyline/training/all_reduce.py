"""All-reduce: many processes have a vector each, and all of them want the sum.

Source: Patarasu & Yuan 2009, *Bandwidth optimal all-reduce algorithms for clusters of
workstations*: the processes stand in a ring, and each speaks to its neighbour only. Here the
processes are entries of a list, so that every message can be seen; `torch.distributed.all_reduce`
is the real one.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def ring_all_reduce(vectors: Sequence[Tensor]) -> tuple[list[Tensor], list[int]]:
    r"""The sum of all vectors, in each process, by messages to the neighbour in a ring.

    With :math:`W` processes each vector is cut into :math:`W` chunks. In :math:`W - 1` rounds of
    *reduce-scatter* each process passes a chunk on, and adds what it receives to its own; then each
    has one chunk of the sum. In :math:`W - 1` rounds of *all-gather* the finished chunks go round.
    So a process sends :math:`2 \frac{W - 1}{W}` times the vector's length, less than twice of it,
    however many processes there are.

    Args:
        vectors: one for each process, all of one shape and dtype; they are left as they are.

    Returns:
        The sums, one for each process, all alike to the bit; and how many numbers each has sent.

    Raises:
        ValueError: there is no vector, or their shapes or dtypes differ.
    """
    if not vectors:
        raise ValueError("vectors is empty: give one for each process")
    kinds = {(tuple(vector.shape), vector.dtype) for vector in vectors}
    if len(kinds) > 1:
        raise ValueError(
            f"vectors must have one shape and one dtype, not {sorted(map(str, kinds))}"
        )
    count = len(vectors)
    chunks = [list(vector.flatten().clone().tensor_split(count)) for vector in vectors]
    sent = [0] * count

    def send(chunk_of: Sequence[int], add: bool) -> None:
        """All processes at once: each sends one chunk, then each takes in what has come."""
        messages = [chunks[rank][chunk_of[rank]].clone() for rank in range(count)]
        for rank, message in enumerate(messages):
            sent[rank] += message.numel()
            mine = chunks[(rank + 1) % count]
            if add:
                mine[chunk_of[rank]] += message
            else:
                mine[chunk_of[rank]].copy_(message)

    for turn in range(count - 1):  # reduce-scatter: a chunk grows at each station
        send([(rank - turn) % count for rank in range(count)], add=True)
    for turn in range(count - 1):  # all-gather: rank r has finished chunk r + 1
        send([(rank + 1 - turn) % count for rank in range(count)], add=False)
    shape = vectors[0].shape
    return [torch.cat(parts).view(shape) for parts in chunks], sent
