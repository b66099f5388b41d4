"""Plain state: nested Python values taken apart into JSON and named tensors, and put together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from torch import Tensor


def flatten(state: object) -> tuple[str, dict[str, Tensor]]:
    """Write a nested state as JSON in which every tensor is only named, and the tensors apart.

    Source: what `torch.save` does by pickling, done with a format that can hold nothing but data.
    A pickle is a program for a small machine that may call any function of Python (Python's
    documentation of `pickle` warns of it on top); JSON and safetensors have no verbs.

    JSON has neither tuples nor keys that are numbers, and optimizers have both (Adam's betas, the
    state of parameter 0). So a dict is written `{"dict": [[key, value], ...]}` and a tuple
    `{"tuple": [...]}`; a tensor becomes `{"tensor": name}`. Floats come back bit for bit: Python
    writes the shortest digits that read as the same number. A tensor that stands in two places (a
    shared weight) is stored once and named twice.

    Args:
        state: dicts (with str or int keys), lists, tuples, str, int, float, bool, None and tensors.

    Returns:
        The JSON, and name to tensor: dense, contiguous, on the CPU, no two of them sharing memory.
        A name is the way to the tensor: "optimizer.state.0.exp_avg".

    Raises:
        TypeError: there is something else in it; the message says where.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_take_apart(state, (), tensors, {}))
    return text, tensors


def unflatten(text: str, tensors: Mapping[str, Tensor]) -> Any:
    """Put together what `flatten` took apart; it is equal to the original, types included.

    Two exceptions: subclasses of dict, list and tuple become those (a Counter, which `MultiStepLR`
    keeps, stays one), and all tensors are on the CPU, where `load_state_dict` fetches them.

    Raises:
        KeyError: the text names a tensor that is not there.
        ValueError: the text is not what `flatten` writes.
    """
    return _put_together(json.loads(text), tensors)


def _take_apart(
    value: object, way: tuple[str, ...], tensors: dict[str, Tensor], seen: dict[tuple, str]
) -> object:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Tensor):
        return {"tensor": _name(value, ".".join(way), tensors, seen)}
    if isinstance(value, dict):
        if wrong := [key for key in value if type(key) not in (str, int)]:
            raise TypeError(f"{_at(way)} has the key {wrong[0]!r}; keys must be str or int")
        pairs = [
            [key, _take_apart(part, (*way, str(key)), tensors, seen)] for key, part in value.items()
        ]
        return {"Counter" if isinstance(value, Counter) else "dict": pairs}
    if isinstance(value, list | tuple):
        parts = [_take_apart(part, (*way, str(i)), tensors, seen) for i, part in enumerate(value)]
        return parts if isinstance(value, list) else {"tuple": parts}
    raise TypeError(
        f"{_at(way)} is of type {type(value).__name__}; a state may hold dicts, lists, tuples, "
        "str, int, float, bool, None and tensors"
    )


def _name(tensor: Tensor, wanted: str, tensors: dict[str, Tensor], seen: dict[tuple, str]) -> str:
    """Store the tensor, unless the same memory is stored already; return its name."""
    same = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
    if tensor.numel() and same in seen:
        return seen[same]
    name = wanted or "tensor"
    while name in tensors:  # keys may hold dots, so that two ways read alike
        name += "'"
    stored = tensor.detach().cpu().contiguous()
    # A view into a larger tensor would drag the rest along, and overlap with other views.
    whole = stored.untyped_storage().nbytes() == stored.numel() * stored.element_size()
    tensors[name] = stored if whole else stored.clone()
    seen[same] = name
    return name


def _put_together(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_put_together(part, tensors) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((kind, content),) = value.items()
        if kind == "tensor":
            return tensors[content]
        if kind == "tuple":
            return tuple(_put_together(part, tensors) for part in content)
        if kind in ("dict", "Counter"):
            pairs = {key: _put_together(part, tensors) for key, part in content}
            return Counter(pairs) if kind == "Counter" else pairs
    raise ValueError(f"text must be what flatten writes, but holds {value!r:.60}")


def _at(way: tuple[str, ...]) -> str:
    return f"state at {'.'.join(way)!r}" if way else "state"
