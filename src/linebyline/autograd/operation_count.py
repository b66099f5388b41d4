"""An instrument: how many operations on numbers a piece of code costs, forward and backward."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from linebyline.autograd.tensor import Tensor


class Tally:
    """A running count."""

    def __init__(self) -> None:
        self.operations = 0


@contextmanager
def count_operations() -> Iterator[Tally]:
    """Count what NumPy computes in all rules and pulls of `Tensor` within the block.

    Every number that an operation computes counts one, whether it is a sum, a product, a quotient
    or an exponential; a product of matrices (I, J) and (J, K) counts 2IJK, and a sum of n numbers
    n. Moving numbers (reshaping, transposing, indexing) is free.

    NumPy lets a subclass of its arrays watch its own operations (*NEP 13*, `__array_ufunc__`). The
    rules get such arrays instead of plain ones, so nothing is estimated: a pull that computes more
    than it should counts more. Of blocks within each other the innermost counts. ::

        with count_operations() as tally:
            loss = (x * x).sum()
        tally.operations   # 2n: n products and a sum of n numbers

    Graphs that were built within the block count their backward pass within it only.
    """
    tally = Tally()

    class Counted(np.ndarray):
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
            plain = [bare(x) for x in inputs]
            if "out" in options:
                options["out"] = tuple(bare(x) for x in options["out"])
            result = getattr(ufunc, method)(*plain, **options)
            if ufunc is np.matmul:
                tally.operations += 2 * plain[0].shape[-1] * np.size(result)
            elif method == "__call__":
                tally.operations += np.size(result)
            else:  # reduce, at: as many as go in
                tally.operations += np.size(plain[-1 if method == "at" else 0])
            return result if result is None else np.asarray(result).view(Counted)

    def bare(x: Any) -> Any:
        return x.view(np.ndarray) if isinstance(x, Counted) else x

    def watched(array: Any) -> Any:
        return np.asarray(array).view(Counted)

    original = Tensor.from_rule

    def from_rule(operation: str, rule: Any, *operands: Any, **options: Any) -> Tensor:
        def watched_rule(*arrays: Any, **options: Any) -> Any:
            data, *pulls = rule(*map(watched, arrays), **options)
            watch = [lambda g, pull=pull: watched(pull(watched(g))) for pull in pulls]
            return np.asarray(data), *watch

        return original(operation, watched_rule, *operands, **options)

    with patch.object(Tensor, "from_rule", from_rule):
        yield tally
