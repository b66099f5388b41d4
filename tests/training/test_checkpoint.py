"""A run that is killed at any moment goes on from its checkpoint, and ends bit for bit the same."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR, OneCycleLR

from linebyline.data.examples import Examples
from linebyline.optim.adam import Adam as OurAdam
from linebyline.training import checkpoint
from linebyline.training.checkpoint import (
    CheckpointError,
    checkpoints,
    load_checkpoint,
    resume,
    save_checkpoint,
)
from linebyline.training.history import History
from linebyline.training.loop import fit

# The whole run: a network with dropout and batch normalization, Adam, and a rate that falls.
RUN = """
import sys
import torch
from torch import nn
from linebyline.data.examples import Examples
from linebyline.training.checkpoint import resume, save_checkpoint
from linebyline.training.loop import fit


def start(width=128):
    torch.manual_seed(7)
    model = nn.Sequential(
        nn.Linear(8, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 3),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 40)
    x = torch.randn(60, 8)
    return model, optimizer, scheduler, Examples(x, (x @ torch.randn(8, 3)).argmax(1))


def run(folder, epochs):
    model, optimizer, scheduler, data = start()
    history = resume(folder, model, optimizer, scheduler=scheduler).history
    while history.epochs < epochs:
        fit(model, nn.functional.cross_entropy, optimizer, data, epochs=1, batch_size=16,
            history=history, device="cpu")
        scheduler.step()
        save_checkpoint(folder, model, optimizer, history, scheduler=scheduler)
    return model, optimizer, history


if __name__ == "__main__":
    run(sys.argv[1], 10**6)
"""


def same(a: Any, b: Any) -> bool:
    """Whether two nested states are equal, tensors bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.timeout(120)
def test_killed_at_a_random_moment_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    environment = {**os.environ, "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = str(Path(checkpoint.__file__).parents[2])
    killed, delay = tmp_path / "killed", random.uniform(0, 0.3)
    for _ in range(2):  # the second time it has itself resumed before
        seen = checkpoints(killed)
        child = subprocess.Popen([sys.executable, str(script), str(killed)], env=environment)
        while checkpoints(killed) == seen and child.poll() is None:
            time.sleep(0.01)
        time.sleep(delay)
        assert child.poll() is None, "the run ended by itself"
        child.send_signal(signal.SIGKILL)
        child.wait()

    there: dict[str, Any] = {"__name__": "there"}
    exec(compile(RUN, "run.py", "exec"), there)
    done = len(load_checkpoint(checkpoints(killed)[-1], there["start"]()[0]).history.epoch_ends)
    torch.rand(random.randrange(9))  # the global generator is elsewhere than in the child
    resumed = there["run"](killed, done + 2)
    unbroken = there["run"](tmp_path / "unbroken", done + 2)
    told = f"killed {delay:.3f} s after a checkpoint, at epoch {done}"
    assert same(resumed[0].state_dict(), unbroken[0].state_dict()), told
    assert same(resumed[1].state_dict(), unbroken[1].state_dict()), told
    assert resumed[2] == unbroken[2], told


def a_run(
    classes: Callable[..., Examples],
    make: Callable[..., Optimizer] = Adam,
    schedule: Callable[[Optimizer], LRScheduler] | None = None,
) -> tuple[nn.Module, Optimizer, LRScheduler | None, Callable[[History, int], None]]:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 3))
    optimizer = make(model.parameters())
    scheduler = schedule(optimizer) if schedule else None

    def go(history: History, epochs: int) -> None:
        for _ in range(epochs):
            fit(
                model,
                nn.functional.cross_entropy,
                optimizer,
                classes(),
                epochs=1,
                batch_size=16,
                history=history,
                device="cpu",
            )
            if scheduler:
                scheduler.step()

    return model, optimizer, scheduler, go


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=0.1, momentum=0.9),
        Adam,
        lambda p: AdamW(p, amsgrad=True),
        lambda p: OurAdam(p, lr=1e-3),
    ],
)
@pytest.mark.parametrize(
    "schedule",
    [
        None,
        lambda o: CosineAnnealingLR(o, 10),
        lambda o: MultiStepLR(o, [2, 4]),
        lambda o: OneCycleLR(o, 0.1, total_steps=20),
    ],
)
def test_resumed_equals_unbroken(
    tmp_path: Path, classes: Callable, make: Callable, schedule: Callable | None
) -> None:
    model, optimizer, scheduler, go = a_run(classes, make, schedule)
    history = History()
    go(history, 3)
    save_checkpoint(tmp_path, model, optimizer, history, scheduler=scheduler)
    go(history, 3)

    again, its_optimizer, its_scheduler, go_on = a_run(classes, make, schedule)
    go_on(History(), 1)  # it stands elsewhere, and all that must be overwritten
    its_history = resume(tmp_path, again, its_optimizer, scheduler=its_scheduler).history
    assert its_history.epochs == 3
    go_on(its_history, 3)
    assert same(again.state_dict(), model.state_dict())
    assert same(its_optimizer.state_dict(), optimizer.state_dict())
    assert its_history == history


def test_without_the_optimizers_state_it_is_another_run(tmp_path: Path, classes: Callable) -> None:
    """What the test above would see if a part were forgotten."""
    model, optimizer, _, go = a_run(classes)
    history = History()
    go(history, 3)
    path = save_checkpoint(tmp_path, model, optimizer, history)
    go(history, 1)
    again, _, _, go_on = a_run(classes)
    go_on(load_checkpoint(path, again).history, 1)
    assert not same(again.state_dict(), model.state_dict())


@pytest.fixture
def pythons(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """A stand-in for Python's own generator, from which the type checks of the tests draw too."""
    generator = random.Random(3)
    monkeypatch.setattr(checkpoint, "random", generator)
    return generator


def test_generators_and_extra_come_back(
    tmp_path: Path, classes: Callable, pythons: random.Random
) -> None:
    model, optimizer, _, _ = a_run(classes)
    order = torch.Generator().manual_seed(5)
    extra = {"batch": 17, "seen": torch.arange(3), "name": "run"}
    save_checkpoint(tmp_path, model, optimizer, History(), generators={"order": order}, extra=extra)
    expected = torch.rand(3, generator=order), torch.rand(3), pythons.random()
    back = resume(tmp_path, model, optimizer, generators={"order": order})
    assert same(expected, (torch.rand(3, generator=order), torch.rand(3), pythons.random()))
    assert same(back.extra, extra)


def test_loading_weights_leaves_the_global_generators_alone(
    tmp_path: Path, classes: Callable, pythons: random.Random
) -> None:
    model, optimizer, _, _ = a_run(classes)
    path = save_checkpoint(tmp_path, model, optimizer, History())
    torch.rand(5), pythons.random()
    before = torch.get_rng_state(), pythons.getstate()
    load_checkpoint(path, model)
    assert same(before, (torch.get_rng_state(), pythons.getstate()))


def test_what_came_back_does_not_hang_on_the_file(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    big = torch.arange(100_000)
    path = save_checkpoint(tmp_path, model, optimizer, History(), extra={"big": big})
    back = load_checkpoint(path, model)
    path.write_bytes(bytes(path.stat().st_size))
    assert torch.equal(back.extra["big"], big)


def test_an_empty_or_missing_folder_begins(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    for folder in (tmp_path, tmp_path / "none"):
        begun = resume(folder, model, optimizer)
        assert (begun.history, begun.extra, begun.path) == (History(), {}, None)


def test_keeps_the_last(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    for steps in (5, 9, 10, 200):
        save_checkpoint(tmp_path, model, optimizer, History(step_loss=[0.0] * steps), keep=2)
    names = [path.name for path in checkpoints(tmp_path)]
    assert names == ["checkpoint-00000010.safetensors", "checkpoint-00000200.safetensors"]
    assert sorted(os.listdir(tmp_path)) == names  # and nothing half-written
    save_checkpoint(tmp_path, model, optimizer, History(step_loss=[0.0] * 200), keep=1)  # again
    assert [path.name for path in checkpoints(tmp_path)] == names[1:]


def test_three_are_kept_in_a_folder_that_is_made(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    folder = tmp_path / "runs" / "first"
    for steps in range(5):
        save_checkpoint(folder, model, optimizer, History(step_loss=[0.0] * steps))
    assert [int(path.stem[-8:]) for path in checkpoints(folder)] == [2, 3, 4]


def test_checkpoints_are_in_the_order_of_their_steps(tmp_path: Path) -> None:
    names = [f"checkpoint-{steps:08}.safetensors" for steps in (7, 99_999_999, 100_000_000)]
    for name in ("notes.txt", "checkpoint-00000007.part", "checkpoint-7.safetensors", *names):
        (tmp_path / name).touch()
    assert [path.name for path in checkpoints(tmp_path)] == names


def test_weights_are_an_ordinary_safetensors_file(tmp_path: Path, classes: Callable) -> None:
    from safetensors import safe_open

    model, optimizer, _, go = a_run(classes)
    history = History()
    go(history, 1)
    with safe_open(save_checkpoint(tmp_path, model, optimizer, history), "pt") as file:
        for name, tensor in model.state_dict().items():
            assert torch.equal(file.get_tensor(f"model.{name}"), tensor)


def test_tied_weights_stay_tied(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    model[1].weight = model[0].weight
    wanted = model[0].weight.detach().clone()
    optimizer = SGD(model.parameters(), lr=0.1)
    path = save_checkpoint(tmp_path, model, optimizer, History())
    nn.init.zeros_(model[0].weight)
    load_checkpoint(path, model, optimizer)
    assert torch.equal(model[0].weight, wanted)
    assert model[1].weight is model[0].weight


def test_a_state_that_is_no_tensor_comes_back(tmp_path: Path) -> None:
    class Counting(nn.Linear):
        calls = 3

        def get_extra_state(self) -> dict[str, int]:
            return {"calls": self.calls}

        def set_extra_state(self, state: dict[str, int]) -> None:
            self.calls = state["calls"]

    model, again = Counting(2, 2), Counting(2, 2)
    path = save_checkpoint(tmp_path, model, SGD(model.parameters()), History())
    again.calls = 0
    load_checkpoint(path, again)
    assert again.calls == 3


def broken_at(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[:-100])
    elif how == "header cut":
        path.write_bytes(content[:50])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "one bit":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "another loss":
        path.write_bytes(content.replace(b"0.515625", b"0.615625"))
    elif how == "another dtype":
        path.write_bytes(content.replace(b'"F32"', b'"I32"'))
    elif how == "another format":
        path.write_bytes(content.replace(b'"linebyline":"1"', b'"linebyline":"0"'))
    elif how == "a pickle":
        path.write_bytes(pickle.dumps({"model": [1.0] * 100}))
    else:
        save_file({"weight": torch.ones(3)}, path)


@pytest.mark.parametrize(
    "how",
    [
        "truncated",
        "header cut",
        "empty",
        "one bit",
        "another loss",
        "another dtype",
        "another format",
        "a pickle",
        "foreign",
    ],
)
def test_a_damaged_one_is_told_and_the_one_before_is_taken(
    tmp_path: Path, classes: Callable, how: str
) -> None:
    model, optimizer, _, _ = a_run(classes)
    wanted = [p.detach().clone() for p in model.parameters()]
    save_checkpoint(tmp_path, model, optimizer, History(step_loss=[1.0]))
    newest = save_checkpoint(tmp_path, model, optimizer, History(step_loss=[1.0, 0.515625]))
    whole = newest.read_bytes()
    broken_at(newest, how)
    assert newest.read_bytes() != whole
    nn.init.zeros_(model[0].weight)
    with pytest.raises(CheckpointError, match=newest.name):
        load_checkpoint(newest, model, optimizer)
    assert not model[0].weight.any()  # nothing was changed
    with pytest.warns(UserWarning, match=rf"{newest.name} .*Going back to the one before") as told:
        back = resume(tmp_path, model, optimizer)
    assert told[0].filename != checkpoint.__file__  # but who called
    assert back.history.step_loss == [1.0]
    assert same(wanted, list(model.parameters()))
    assert (tmp_path / f"{newest.name}.damaged").exists()
    save_checkpoint(tmp_path, model, optimizer, History(step_loss=[1.0, 0.5]))  # it goes on
    assert len(checkpoints(tmp_path)) == 2


def test_if_all_are_damaged_it_does_not_begin_anew(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    broken_at(save_checkpoint(tmp_path, model, optimizer, History()), "truncated")
    with (
        pytest.warns(UserWarning, match="truncated"),
        pytest.raises(CheckpointError, match="all 1 checkpoints"),
    ):
        resume(tmp_path, model, optimizer)


@pytest.mark.parametrize("crash", ["save_file", "_bring_to_disk", "replace"])
def test_a_crash_while_writing_leaves_the_one_before(
    tmp_path: Path, classes: Callable, monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    model, optimizer, _, _ = a_run(classes)
    first = save_checkpoint(tmp_path, model, optimizer, History(step_loss=[1.0]))

    def fails(*args: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(*((Path, crash) if crash == "replace" else (checkpoint, crash)), fails)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(tmp_path, model, optimizer, History(step_loss=[1.0, 2.0]), keep=1)
    assert os.listdir(tmp_path) == [first.name]
    assert resume(tmp_path, model, optimizer).path == first


def test_the_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, classes: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    model, optimizer, _, _ = a_run(classes)
    replace, unlink = Path.replace, Path.unlink

    def noted(name: str, original: Callable) -> Callable:
        def wrapped(path: Path, *args: Any, **options: Any) -> Any:
            done.append(f"{name} {path.suffix or 'folder'}")
            return original(path, *args, **options)

        return wrapped

    save_checkpoint(tmp_path, model, optimizer, History())
    monkeypatch.setattr(checkpoint, "_bring_to_disk", noted("sync", checkpoint._bring_to_disk))
    monkeypatch.setattr(Path, "replace", noted("rename", replace))
    monkeypatch.setattr(Path, "unlink", noted("delete", unlink))
    save_checkpoint(tmp_path, model, optimizer, History(step_loss=[1.0]), keep=1)
    order = [step for step in done if step != "delete .part"]
    assert order == ["sync .part", "rename .part", "sync folder", "delete .safetensors"]


def test_file_and_folder_are_brought_to_disk_and_closed(
    tmp_path: Path, classes: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[tuple[int, int]] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        brought.append((handle, os.fstat(handle).st_ino))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    model, optimizer, _, _ = a_run(classes)
    path = save_checkpoint(tmp_path, model, optimizer, History())
    assert [inode for _, inode in brought] == [path.stat().st_ino, tmp_path.stat().st_ino]
    for handle, _ in brought:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(handle)


def test_refuses_a_folder_of_another_run(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    save_checkpoint(tmp_path, model, optimizer, History(step_loss=[0.0] * 5))
    with pytest.raises(ValueError, match=r"later than step 2, but has checkpoint-00000005"):
        save_checkpoint(tmp_path, model, optimizer, History(step_loss=[0.0] * 2))


def test_refuses_to_keep_none(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    with pytest.raises(ValueError, match="keep must be at least 1, not 0"):
        save_checkpoint(tmp_path, model, optimizer, History(), keep=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.__setitem__(3, nn.Linear(8, 4)), r"'3\.weight' is \(4, 8\).*was \(3, 8\)"),
        (lambda m: m.append(nn.Linear(3, 3)), r"'4\.weight' is \(3, 3\).*was nothing"),
        (lambda m: m.__delitem__(3), r"'3\.weight' is nothing and was \(3, 8\)"),
        (
            lambda m: m.double(),
            r"'0\.weight' is \(8, 4\) in torch\.float64 and was \(8, 4\) in torch\.float32",
        ),
    ],
)
def test_refuses_another_model_and_changes_nothing(
    tmp_path: Path, classes: Callable, change: Callable, message: str
) -> None:
    model, optimizer, _, _ = a_run(classes)
    path = save_checkpoint(tmp_path, model, optimizer, History())
    change(model)
    before = {name: value.clone().zero_() for name, value in model.state_dict().items()}
    model.load_state_dict(before)
    with pytest.raises(ValueError, match=f"model must be the one that was saved, but {message}"):
        resume(tmp_path, model, optimizer)
    assert same(dict(model.state_dict()), before)
    assert path.exists()  # a mistake of ours makes no file a damaged one


def test_refuses_another_optimizer_and_changes_nothing(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    path = save_checkpoint(tmp_path, model, optimizer, History())
    nn.init.zeros_(model[0].weight)
    other = Adam([{"params": [p]} for p in model.parameters()])
    with pytest.raises(ValueError, match="different number of parameter groups"):
        load_checkpoint(path, model, other)
    assert not model[0].weight.any()


def test_refuses_to_load_what_is_not_there(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    path = save_checkpoint(tmp_path, model, optimizer, History())
    with pytest.raises(ValueError, match="scheduler must be None"):
        load_checkpoint(path, model, scheduler=MultiStepLR(optimizer, [1]))
    with pytest.raises(ValueError, match=r"generators must be among \[\], not \['order'\]"):
        load_checkpoint(path, model, generators={"order": torch.Generator()})
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.safetensors", model)


def test_refuses_a_state_that_is_not_plain(tmp_path: Path, classes: Callable) -> None:
    model, optimizer, _, _ = a_run(classes)
    with pytest.raises(TypeError, match=r"state at 'extra\.hook' is of type builtin"):
        save_checkpoint(tmp_path, model, optimizer, History(), extra={"hook": print})
    assert not checkpoints(tmp_path)
