"""Token ids as a model is given them: a batch of texts, every id of which has a row."""

from torch import Tensor


def check_ids(name: str, ids: Tensor, size: int) -> None:
    """Refuse what is no batch of texts, and ids that there are not.

    Args:
        name: of the argument, for the message.
        ids: (batch, time).
        size: how many ids there are.

    Raises:
        ValueError: the ids are not (batch, time) with a text and a step at least; or, on a CPU, one
            is out of range. (On a GPU to look would be to wait, and torch's kernel refuses it in
            words of its own.)
    """
    if ids.ndim != 2 or 0 in ids.shape:
        raise ValueError(
            f"{name} must be (batch, time) with at least one text and one step, but its shape is "
            f"{tuple(ids.shape)}"
        )
    if ids.device.type == "cpu":
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= size:
            wrong = low if low < 0 else high
            raise ValueError(f"{name} has {wrong}; an id is from 0 to {size - 1}")
