"""Model, optimizer and data meet on one device, in one precision, and stay the caller's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from linebyline.data.examples import Examples
from linebyline.layers.mlp import MLP
from linebyline.training import placement
from linebyline.training.placement import PRECISIONS, Placement, unwrap


def examples() -> Examples:
    return Examples(torch.ones(4, 3), torch.tensor([0, 1, 1, 0]))


def momentum(model: nn.Module) -> torch.optim.SGD:
    """An optimizer with state: after a step its momenta are as the parameters are."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(examples().inputs).sum().backward()
    optimizer.step()
    return optimizer


def test_the_objects_themselves_are_wrapped() -> None:
    model = MLP([3, 2])
    optimizer = momentum(model)
    wrapped, stepper = Placement("cpu").wrap(model, nn.functional.cross_entropy, optimizer)
    assert wrapped is model  # for nothing is converted
    assert unwrap(stepper) is optimizer
    assert unwrap(model) is model
    assert unwrap(optimizer) is optimizer


def test_nothing_is_copied_that_is_here() -> None:
    given = examples()
    brought = Placement("cpu").bring(given)
    assert brought.inputs is given.inputs
    assert brought.targets is given.targets


def test_32_converts_nothing() -> None:
    model = MLP([3, 2]).double()
    Placement("cpu").wrap(model, None, torch.optim.SGD(model.parameters()))
    assert model.layers[0].weight.dtype == torch.float64


def test_64_makes_all_of_it_double() -> None:
    model, loss = MLP([3, 2]), nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
    optimizer = momentum(model)
    place = Placement("cpu", "64-true")
    wrapped, _ = place.wrap(model, loss, optimizer)
    inputs, targets = place.bring(examples())
    assert targets.dtype == torch.int64  # classes are no numbers
    assert {inputs.dtype, wrapped(inputs).dtype, loss(wrapped(inputs), targets).dtype} == {
        torch.float64
    }
    momenta = [state["momentum_buffer"].dtype for state in optimizer.state.values()]
    assert momenta == [torch.float64] * 2
    assert wrapped(inputs).grad_fn is not None


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true"])
def test_half_of_the_bits(precision: str) -> None:
    model = MLP([3, 2])
    seen: list[torch.dtype] = []
    model.layers[0].register_forward_hook(lambda *args: seen.append(args[2].dtype))
    place = Placement("cpu", precision)
    wrapped, _ = place.wrap(model, None, torch.optim.SGD(model.parameters()))
    assert wrapped(place.bring(examples()).inputs).dtype == torch.float32  # for the loss
    assert seen == [torch.bfloat16]
    kept = torch.float32 if precision == "bf16-mixed" else torch.bfloat16
    assert model.layers[0].weight.dtype == kept


def test_auto_takes_the_quickest_there_is() -> None:
    expected = (
        "cuda"
        if torch.cuda.is_available()
        else ("mps" if torch.backends.mps.is_available() else "cpu")
    )
    assert Placement("auto").fabric.device.type == expected
    assert Placement(torch.device("cpu")).fabric.device.type == "cpu"


@pytest.mark.parametrize(
    ("device", "kind", "number"),
    [("auto", "cuda", 0), ("cuda", "cuda", 0), ("cuda:1", "cuda", 1), ("cpu", "cpu", 0)],
)
def test_of_two_gpus_the_one_that_is_named(
    device: str, kind: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    class Recorder:
        device = torch.device("cpu")

        def __init__(self, **options: Any) -> None:
            asked.update(options)

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(placement, "Fabric", Recorder)
    Placement(device, "bf16-mixed" if kind == "cpu" else "16-mixed")
    assert asked["accelerator"] == kind
    assert asked["devices"] == ([number] if kind == "cuda" else 1)


@pytest.mark.parametrize("device", ["cuda:2", "cuda:", "cuda:x", "cuda:¹", "gpu", "cpu:1", ""])
def test_refuses_a_device_that_is_not_here(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    message = rf"device must be one of 'auto', 'cuda', (?:'mps', )?'cpu' .*, not '{device}'"
    with pytest.raises(ValueError, match=message):
        Placement(device)


def test_refuses_a_gpu_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(
        ValueError, match="device must be one of 'auto', 'cpu' on this machine, not 'cuda'"
    ):
        Placement("cuda")


def test_refuses_an_unknown_precision() -> None:
    known = ", ".join(map(repr, PRECISIONS))
    with pytest.raises(ValueError, match=f"precision must be one of {known}, not '8'"):
        Placement("cpu", "8")


def test_refuses_the_optimizer_of_another_model() -> None:
    model, other = MLP([3, 2]), MLP([3, 2])
    with pytest.raises(ValueError, match="optimizer holds none of the model's parameters"):
        Placement("cpu").wrap(model, None, torch.optim.SGD(other.parameters()))


def test_an_optimizer_may_hold_a_part_of_the_model() -> None:
    model = MLP([3, 4, 2])
    Placement("cpu").wrap(model, None, torch.optim.SGD(model.layers[1].parameters()))


def test_an_optimizer_may_hold_more_than_the_model() -> None:
    model, other = MLP([3, 2]), MLP([3, 2])
    groups = [{"params": other.parameters()}, {"params": model.parameters()}]
    Placement("cpu").wrap(model, None, torch.optim.SGD(groups))


def test_a_loss_counts_whole_unless_it_is_of_a_piece() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    place = Placement("cpu")
    place.backward(3 * x)
    place.backward(3 * x, 0.5)
    assert x.grad == 4.5


def test_refuses_inputs_in_another_precision() -> None:
    double = Examples(examples().inputs.double(), examples().targets)
    message = (
        r"data holds inputs in torch\.float64, but the model's parameters are in torch\.float32"
    )
    with pytest.raises(ValueError, match=message):
        Placement("cpu").check_inputs(MLP([3, 2]), double)
    Placement("cpu").check_inputs(MLP([3, 2]).double(), double)
    for precision in ("64-true", "bf16-mixed"):  # these convert
        Placement("cpu", precision).check_inputs(MLP([3, 2]), double)
    tokens = Examples(torch.zeros(4, 3, dtype=torch.long), examples().targets)
    Placement("cpu").check_inputs(nn.Embedding(5, 2), tokens)


def test_what_another_fabric_wrapped_is_unwrapped() -> None:
    model = MLP([3, 2])
    optimizer = torch.optim.SGD(model.parameters())
    wrapped, stepper = Fabric(accelerator="cpu", devices=1).setup(model, optimizer)
    assert unwrap(wrapped) is model
    assert unwrap(stepper) is optimizer


def test_refuses_float16_on_a_cpu() -> None:
    """Fabric would warn, and compute in bfloat16."""
    with pytest.raises(ValueError, match=r"precision cannot be '16-mixed' on a CPU.*'bf16-mixed'"):
        Placement("cpu", "16-mixed")


def torchrun_with(monkeypatch: pytest.MonkeyPatch, processes: int, gpus: int) -> dict[str, Any]:
    """The environment of the last of several processes, and what Fabric is asked for."""
    asked: dict[str, Any] = {}

    class Recorder:
        device = torch.device("cpu")

        def __init__(self, **options: Any) -> None:
            asked.update(options)

        def launch(self) -> None:
            asked["launched"] = True

        @contextmanager
        def no_backward_sync(self, model: Any) -> Iterator[None]:
            asked["silent"] = True
            yield
            asked["silent"] = False

    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(placement, "Fabric", Recorder)
    monkeypatch.setattr(torch.distributed, "is_torchelastic_launched", lambda: True)
    for name, value in (
        ("RANK", processes - 1),
        ("WORLD_SIZE", processes),
        ("LOCAL_WORLD_SIZE", processes // 2),
    ):
        monkeypatch.setenv(name, str(value))
    return asked


def test_torchruns_processes_are_data_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = torchrun_with(monkeypatch, processes=4, gpus=2)
    place = Placement("auto")
    assert (place.rank, place.processes) == (3, 4)
    assert asked == {
        "accelerator": "cuda",
        "devices": 2,
        "num_nodes": 2,
        "strategy": "ddp",
        "precision": "32-true",
        "launched": True,
    }
    batch = Examples(torch.arange(10.0)[:, None], torch.arange(10))
    pieces = place.shares(batch, 2)  # sizes 2, 2, 1, 1, 1, 1, 1, 1
    assert [(piece.targets.tolist(), share) for piece, share in pieces] == [([8], 0.1), ([9], 0.1)]
    two = Examples(batch.inputs[:2], batch.targets[:2])
    assert place.shares(two) == [(two, 0.0)]  # nothing is left for the last
    silent = [asked.get("silent", False) for _ in place.pieces(None, batch, 2)]
    assert silent == [True, False]  # gradients are averaged once a step
    alone = Placement("auto", strategy="single")
    assert (alone.rank, alone.processes) == (0, 1)


def test_refuses_more_processes_than_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    torchrun_with(monkeypatch, processes=4, gpus=1)
    with pytest.raises(
        ValueError, match=r"device is 'auto', but 2 processes run here.* there are 1"
    ):
        Placement("auto")
    Placement("cpu")
    torchrun_with(monkeypatch, processes=4, gpus=0)
    with pytest.raises(ValueError, match=r"device must be one of 'auto', .*not 'cuda'"):
        Placement("cuda")
    torchrun_with(monkeypatch, processes=4, gpus=2)
    with pytest.raises(ValueError, match="device is 'cuda:1', but 2 processes run here"):
        Placement("cuda:1")
