"""Whether a gradient is right: the slope that it promises against the slope that is measured."""

from collections.abc import Callable, Sequence

import numpy as np

from linebyline.autograd.tensor import Tensor


def gradient_error(
    function: Callable[[], Tensor],
    leaves: Sequence[Tensor],
    *,
    step: float = 1e-5,
    seed: int = 0,
) -> float:
    """How far `backward` is off, as a part of the slope, along one random direction.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 11.5, on comparing
    back-propagated derivatives to numerical ones along a random projection. With a direction d of
    length 1 for all numbers of all leaves together, the slope is ∇L · d by `backward`, and

        (L(x + h d) - L(x - h d)) / 2h

    by central differences: two forward passes, however many numbers there are. A wrong gradient
    differs along nearly every direction. The leaves have their old data and gradients afterwards.

    Args:
        function: computes a single number from the leaves' present data.
        leaves: the tensors whose gradient is checked.
        step: h. Too large, the function is not straight over 2h; too small, the difference is
            rounding. Near the cube root of 2e-16 both are small.
        seed: of the direction.

    Returns:
        How far apart the two slopes are, as a part of the larger: about 1e-9 if all is right, more
        where the two points lie on two sides of a kink, or where the slope is nearly zero and both
        numbers are rounding. Another direction tells.

    Raises:
        ValueError: there are no leaves; a leaf is none, or the function does not depend on it.
    """
    if not leaves or any(leaf.edges for leaf in leaves):
        raise ValueError("leaves must be one or more tensors that nothing was computed for")
    # A stream of its own: data that were drawn from the same seed would be the direction itself.
    rng = np.random.default_rng([seed, 0xD1FF])
    ways = [rng.normal(size=leaf.shape) for leaf in leaves]
    length = np.sqrt(sum(np.sum(way**2) for way in ways))
    before = [(leaf.data, leaf.grad) for leaf in leaves]
    try:
        for leaf in leaves:
            leaf.grad = None
        function().backward()
        gradients = [leaf.grad for leaf in leaves if leaf.grad is not None]
        if len(gradients) < len(leaves):
            raise ValueError("leaves must all take part in the function; one has no gradient")
        promised = sum(np.sum(g * way) for g, way in zip(gradients, ways, strict=True)) / length
        ends = []
        for sign in (1, -1):
            for leaf, way, (data, _) in zip(leaves, ways, before, strict=True):
                leaf.data = data + sign * step * way / length
            ends.append(float(function()))
        measured = (ends[0] - ends[1]) / (2 * step)
    finally:
        for leaf, (data, gradient) in zip(leaves, before, strict=True):
            leaf.data, leaf.grad = data, gradient
    largest = max(abs(promised), abs(measured))
    return float(abs(promised - measured) / largest) if largest else 0.0
