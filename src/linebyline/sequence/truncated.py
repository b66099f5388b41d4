"""Truncated backpropagation through time: a long sequence in chunks, the gradient within each."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor

Model = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""From some steps (batch, time, ...) and the state before them to outputs and the state behind."""


class Chunk(NamedTuple):
    """What `chunks` yields."""

    span: slice
    """Which steps of x these are, and of the targets."""

    outputs: Float[Tensor, "batch steps *outputs"]
    """The model's outputs at these steps."""

    state: Any
    """The state behind them, with its gradient; the next chunk begins with `detached(state)`."""


def chunks(
    model: Model, x: Float[Tensor, "batch time *inputs"], steps: int, state: Any = None
) -> Iterator[Chunk]:
    """Go over a long sequence chunk by chunk: the state is carried on, its gradient is cut off.

    Source: Williams & Peng 1990, *An efficient gradient-based algorithm for on-line training of
    recurrent network trajectories*: their BPTT(h; h') goes back h steps, once in every h' steps.
    Here both are the length of a chunk, so that the first step of a chunk gets no gradient from
    beyond it, and the last one sees all of it.

    The model is not called before a chunk is asked for. So weights may change between two chunks,
    and only one chunk's graph is in memory::

        for span, outputs, state in chunks(lstm, x, 50):
            optimizer.zero_grad()
            loss(head(outputs), y[:, span]).backward()
            optimizer.step()

    Where x is a batch of a longer text that goes on in the next batch, hand over
    `detached(state)` there. Sequences of different lengths need nothing: whatever stands behind a
    sequence's end changes no output before it, and the loss leaves it out.

    Args:
        model: `RNN`, `LSTM`, `GRU`, or whatever takes steps and a state and returns both.
        x: the sequence, time on axis 1.
        steps: how long a chunk is; the last one is shorter where the time is no multiple.
        state: what the first chunk begins with, as the model takes it. A gradient goes back to it.

    Raises:
        ValueError: `steps` is below 1, x has no step, or the model reads in both directions, which
            it cannot do chunk by chunk.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    if x.ndim < 2 or x.shape[1] < 1:
        raise ValueError(
            f"x must be (batch, time, ...) with a step, but its shape is {tuple(x.shape)}"
        )
    if getattr(model, "bidirectional", False):
        raise ValueError("model must read in one direction, for the other begins at the end of x")
    return _chunks(model, x, steps, state)


def _chunks(model: Model, x: Tensor, steps: int, state: Any) -> Iterator[Chunk]:
    time = x.shape[1]
    for start in range(0, time, steps):
        span = slice(start, min(start + steps, time))
        outputs, state = model(x[:, span], state)
        yield Chunk(span, outputs, state)
        state = detached(state)


def detached(state: Any) -> Any:
    """The same numbers without their history: a tensor, or tuples, lists and dicts of them."""
    if isinstance(state, Tensor):
        return state.detach()
    if isinstance(state, dict):
        return {key: detached(value) for key, value in state.items()}
    if isinstance(state, (tuple, list)):
        parts = [detached(part) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    return state
