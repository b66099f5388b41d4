"""An instrument: how many operations of a computation have to wait for each other."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor


def longest_chain(result: Tensor) -> int:
    """The most operations in a row, each of which needs the answer of the one before.

    No source of its own. With as many processors as it likes, a computation is done no sooner than
    its longest chain; what does not lie on it can be done at the same time. Torch records every
    differentiable operation with those that gave its operands, and the chain is the longest path in
    that record. So a loop that the kernel hides from the record counts as one operation: on a CPU
    torch's recurrent networks record every step, on a GPU they do not. The operations of the
    backward pass wait for each other along the same paths.

    Args:
        result: what was computed, with its record.

    Raises:
        ValueError: it has none.
    """
    if result.grad_fn is None:
        raise ValueError("result must have a record of its operations, but needs no gradient")
    lengths: dict[Any, int] = {}
    waiting = [result.grad_fn]
    while waiting:
        operation = waiting[-1]
        before = _operands(operation)
        open_ones = [one for one in before if one not in lengths]
        if open_ones:
            waiting += open_ones
            continue
        lengths[waiting.pop()] = 1 + max((lengths[one] for one in before), default=0)
    return lengths[result.grad_fn]


def _operands(operation: Any) -> list[Any]:
    """The operations that gave its operands; a leaf is none."""
    following: Iterable[tuple[Any, int]] = operation.next_functions
    return [one for one, _ in following if one is not None and one.next_functions]
