"""Checkpoints: a training run on disk, so that a killed one goes on as if nothing had happened."""

from __future__ import annotations

import hashlib
import os
import random
import re
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from linebyline.training.history import History
from linebyline.training.plain_state import flatten, unflatten

FORMAT = "1"
_NAME = re.compile(r"checkpoint-(\d{8,})\.safetensors")


class CheckpointError(RuntimeError):
    """A file is no checkpoint, or a damaged one; the message says which file, and why."""


@dataclass
class Checkpoint:
    """What came back beside the states that were loaded into model, optimizer and scheduler.

    Attributes:
        history: the record up to here; `fit(..., history=history)` goes on with it.
        extra: what the run had put by: its place in the data, say.
        path: the file; None where there was none yet, and the run begins.
    """

    history: History = field(default_factory=History)
    extra: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None


def save_checkpoint(
    folder: str | Path,
    model: nn.Module,
    optimizer: Optimizer,
    history: History,
    *,
    scheduler: LRScheduler | None = None,
    generators: Mapping[str, torch.Generator] | None = None,
    extra: Mapping[str, Any] | None = None,
    keep: int = 3,
) -> Path:
    """Write all that the rest of the run depends on, so that no crash leaves half a file behind.

    Source: the order of write, fsync, rename, fsync is that of Pillai et al. 2014, "All file
    systems are not created equal", OSDI, who found programs that trust less and lose data. The file
    is written under another name and brought to the disk; then one `rename`, which happens wholly
    or not at all, gives it its name; then the folder, which holds the names, is brought to disk.

    The file is a safetensors file: the tensors under their names ("model.layers.0.weight"), all
    else as JSON in its header; a SHA-256 of both tells a damaged one. It holds no code. One process
    writes into a folder.

    Args:
        folder: made if it is not there. The file is `checkpoint-<steps>.safetensors`.
        model: its `state_dict`, buffers included.
        optimizer: momenta, step counts, and each group's learning rate.
        history: how far the run is.
        scheduler: of the learning rate, if there is one.
        generators: name to a generator that the run draws from, beside the global ones of torch and
            of Python's `random`, which are always saved.
        extra: plain values and tensors to get back: the place in the data, say.
        keep: how many checkpoints stay; older ones are deleted after the new one is safe.

    Returns:
        The file.

    Raises:
        TypeError: a state holds something that is not plain, as `plain_state.flatten` says.
        ValueError: `keep` is below 1, or the folder holds a checkpoint of a later step, which must
            be of another run.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1, not {keep}")
    folder, steps = Path(folder), len(history.step_loss)
    folder.mkdir(parents=True, exist_ok=True)
    if later := [path for path in checkpoints(folder) if _steps(path) > steps]:
        raise ValueError(
            f"folder must not hold checkpoints later than step {steps}, but has {later[-1].name}: "
            "resume from it, or take another folder for another run"
        )
    text, tensors = flatten(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler and scheduler.state_dict(),
            "history": asdict(history),
            "random": _random_state(),
            "generators": {name: g.get_state() for name, g in (generators or {}).items()},
            "extra": dict(extra or {}),
        }
    )
    header = {"linebyline": FORMAT, "state": text, "sha256": _digest(text, tensors)}
    path = folder / f"checkpoint-{steps:08}.safetensors"
    _write(path, tensors, header)
    for old in checkpoints(folder)[:-keep]:
        old.unlink()
    return path


def load_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: Optimizer | None = None,
    *,
    scheduler: LRScheduler | None = None,
    generators: Mapping[str, torch.Generator] | None = None,
    global_generators: bool = False,
) -> Checkpoint:
    """Load a checkpoint into a model and, where they are given, optimizer, scheduler, generators.

    All is read and checked before anything is changed, and it lands where model and optimizer are.

    Args:
        path: what `save_checkpoint` wrote.
        model: of the same architecture.
        optimizer: to go on with training; made as it was made then.
        scheduler: the same.
        generators: the same, under the same names.
        global_generators: whether to put back torch's and Python's own generators, too.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: it is none of ours, or damaged.
        ValueError: it is of another model or optimizer, or lacks what was asked for.
    """
    state = _read(Path(path))
    _check_model(state["model"], model)
    if scheduler is not None and state["scheduler"] is None:
        raise ValueError("scheduler must be None, for the checkpoint holds none")
    if missing := set(generators or {}) - set(state["generators"]):
        raise ValueError(
            f"generators must be among {sorted(state['generators'])}, not {sorted(missing)}"
        )
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])  # refuses other groups before it changes any
    model.load_state_dict(state["model"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])
    for name, generator in (generators or {}).items():
        generator.set_state(state["generators"][name])
    if global_generators:
        _set_random_state(state["random"])
    return Checkpoint(History(**state["history"]), state["extra"], Path(path))


def resume(
    folder: str | Path,
    model: nn.Module,
    optimizer: Optimizer,
    *,
    scheduler: LRScheduler | None = None,
    generators: Mapping[str, torch.Generator] | None = None,
) -> Checkpoint:
    """Go on from the newest checkpoint that is whole, or begin, if there is none.

    A damaged file is renamed to `<name>.damaged`, with a warning, and the one before it is taken.

    Returns:
        Its history and what was put by, ready for `fit`; empty if the folder has no checkpoint.

    Raises:
        CheckpointError: there were checkpoints, and all are damaged.
        ValueError: as `load_checkpoint`.
    """
    found = checkpoints(folder)
    for path in reversed(found):
        try:
            return load_checkpoint(
                path,
                model,
                optimizer,
                scheduler=scheduler,
                generators=generators,
                global_generators=True,
            )
        except CheckpointError as error:
            path.rename(f"{path}.damaged")
            warnings.warn(f"{error}. Going back to the one before", stacklevel=2)
    if found:
        raise CheckpointError(f"all {len(found)} checkpoints in {folder} are damaged")
    return Checkpoint()


def checkpoints(folder: str | Path) -> list[Path]:
    """The checkpoints in a folder, from the oldest; half-written files are not among them."""
    return sorted((p for p in Path(folder).glob("*") if _NAME.fullmatch(p.name)), key=_steps)


def _steps(path: Path) -> int:
    return int(path.stem.removeprefix("checkpoint-"))


def _write(path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    part = path.with_suffix(".part")  # in the same folder: a rename must not cross file systems
    try:
        save_file(tensors, part, metadata=header)
        _bring_to_disk(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if os.name == "posix":  # Windows opens no folders, and journals names itself
        _bring_to_disk(path.parent)


def _bring_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            # Copies, for what safe_open hands out still lies in the file.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise CheckpointError(
            f"{path} is no safetensors file or a truncated one: {error}"
        ) from None
    if header.get("linebyline") != FORMAT:
        raise CheckpointError(f"{path} is a safetensors file, but no checkpoint of this library")
    if _digest(header["state"], tensors) != header["sha256"]:
        raise CheckpointError(f"{path} is damaged: its content does not have its SHA-256")
    return unflatten(header["state"], tensors)


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _check_model(saved: Mapping[str, object], model: nn.Module) -> None:
    now, then = _described(model.state_dict()), _described(saved)
    for name in [*now, *then]:
        here, there = now.get(name, "nothing"), then.get(name, "nothing")
        if here != there:
            raise ValueError(
                f"model must be the one that was saved, but {name!r} is {here} and was {there}"
            )


def _described(state: Mapping[str, object]) -> dict[str, str]:
    return {
        name: f"{tuple(value.shape)} in {value.dtype}" if isinstance(value, Tensor) else "no tensor"
        for name, value in state.items()
    }


def _random_state() -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return {"torch": torch.get_rng_state(), "cuda": cuda, "python": random.getstate()}


def _set_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    for device, cuda in zip(range(torch.cuda.device_count()), state["cuda"], strict=False):
        torch.cuda.set_rng_state(cuda, device)
    random.setstate(state["python"])
