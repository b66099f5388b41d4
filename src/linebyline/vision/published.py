"""Published weights: a file that somebody else trained, checked and loaded into a model."""

import hashlib
import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from linebyline.layers.named_weights import check_weights, read_safetensors

DIGITS = re.compile(r"[0-9a-f]{8,64}", re.IGNORECASE)
"""The first digits of a SHA-256; at least eight, which is what file names carry."""

COUNTER = "num_batches_tracked"
"""A normalization's count of batches, which files from before PyTorch 0.4.1 do not have."""


def load_published(
    model: nn.Module,
    path: str | Path,
    *,
    leave_out: str | None = None,
    checksum: str | None = None,
) -> list[str]:
    """Copy a file's weights into a model that has the same names and shapes.

    Source: the two formats are PyTorch's (`torch.save` of a `state_dict`) and safetensors. The
    first is a pickle, a program that may call any function of Python; `torch.load` is asked for
    `weights_only`, and then runs no function but those that build tensors. (Before PyTorch 2.6 it
    could be led round that, CVE-2025-32434, so that there only safetensors are taken.)

    All is compared before anything is copied: where a file is refused, the model is as it was. The
    numbers take the dtype and the device that the model has. One entry may be missing, the
    `num_batches_tracked` of a normalization: files of 2017 had none, and in use it has no effect.

    Args:
        model: with the layout of the file; not on the meta device.
        path: of a `.safetensors`, `.pth` or `.pt` file.
        leave_out: the name of one part of the model that keeps its own weights, such as "fc" where
            there are other classes to tell apart; the file's are passed over.
        checksum: the first 8 to 64 hexadecimal digits of the file's SHA-256, or "name", which takes
            them from the file's name, as in resnet50-0676ba61.pth. Without it, wrong numbers of the
            right shape go unnoticed.

    Returns:
        The names that the model has and that were not loaded.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, of another format or of another model (the message names
            the first entry that differs), or holds more than tensors; or an argument is wrong.
    """
    path, own = Path(path), model.state_dict()
    if any(value.is_meta for value in own.values()):
        raise ValueError("model must have memory for the weights, but is on the meta device")
    kept = _kept(own, leave_out)
    if not path.is_file():
        raise FileNotFoundError(f"path must be a file, but there is none at {path}")
    if checksum is not None:
        _check_digest(path, checksum)
    found = _read(path)
    if leave_out is not None:
        found = {name: value for name, value in found.items() if not _inside(name, leave_out)}
    kept += [name for name in own if name.split(".")[-1] == COUNTER and name not in found]
    wanted = {name: value for name, value in own.items() if name not in kept}
    check_weights("path", found, wanted, path, remedy=_left_out)
    with torch.no_grad():
        for name, value in found.items():
            own[name].copy_(value)
    return [name for name in own if name in kept]


def _left_out(name: str) -> str:
    """What helps where a weight has another shape."""
    return f"; leave_out={name.rpartition('.')[0]!r} would keep the model's"


def _kept(own: Mapping[str, Tensor], leave_out: str | None) -> list[str]:
    """The names that belong to the part which is left out."""
    kept = [name for name in own if leave_out is not None and _inside(name, leave_out)]
    if leave_out is not None and not kept:
        last = [*own, ""][len(own) - 1].rpartition(".")[0]
        raise ValueError(
            f"leave_out must name a part of the model that has weights, such as {last!r}, "
            f"not {leave_out!r}"
        )
    return kept


def _inside(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _check_digest(path: Path, checksum: str) -> None:
    """Compare the file's SHA-256 with as many digits of it as are known."""
    expected = checksum
    if checksum == "name":
        expected = path.stem.rpartition("-")[2]
    if not DIGITS.fullmatch(expected):
        shown = f"'name' for {path.name}" if checksum == "name" else repr(checksum)
        raise ValueError(
            "checksum must be the first 8 to 64 hexadecimal digits of a SHA-256, or 'name' where "
            f"the file's name ends in them after a dash, not {shown}"
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(expected.lower()):
        raise ValueError(
            f"path must be a file whose SHA-256 begins with {expected.lower()}, but that of {path} "
            f"begins with {digest[: len(expected)]}: it is damaged, or another file"
        )


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by their names."""
    if path.suffix == ".safetensors":
        return read_safetensors(path, "path must be a whole safetensors file")
    if path.suffix not in (".pth", ".pt"):
        raise ValueError(f"path must end in .safetensors, .pth or .pt, not {path.name}")
    if torch.__version__ < "2.6":
        raise ValueError(
            f"path must be a .safetensors file, for PyTorch {torch.__version__} might run code "
            f"that hides in {path.name}; from 2.6 on it does not"
        )
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # What torch says recommends to trust the file; the error behind it says what was found.
        reason = str(error.__context__ or error).partition(". Please")[0]
        raise ValueError(
            f"path must hold tensors and nothing else, but of {path} PyTorch says: {reason}"
        ) from None
    except Exception as error:  # of a broken file: EOFError, IndexError, OSError, RuntimeError
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"path must be a whole file of PyTorch's, but {path} is truncated or none: {reason}"
        ) from None
    if not isinstance(found, Mapping):
        raise ValueError(f"path must hold tensors by name, but {path} holds a {type(found)}")
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f"path must hold tensors by name, but {path} has a {type(value).__name__} under "
                f"{name!r}"
            )
    return dict(found)
