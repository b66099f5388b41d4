"""`fit` is a plain loop, number for number; it goes on where it stopped, and refuses by name."""

import copy
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import data_parallel
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples, TrainTest
from linebyline.layers.mlp import MLP
from linebyline.optim.sgd import SGD
from linebyline.training.divergence import NonFiniteLossError
from linebyline.training.evaluation import evaluate
from linebyline.training.history import History
from linebyline.training.loop import READ_EVERY, fit
from linebyline.training.metrics import accuracy

Draw = Callable[..., Examples]
Build = Callable[[], MLP]
Optimizers = Callable[..., torch.optim.Optimizer]
HITS = {"hits": accuracy}


def run(model: nn.Module, data: Any, *, lr: float, **options: Any) -> History:
    """`fit` on the CPU with cross entropy and this book's SGD, 16 examples a step."""
    options = {"batch_size": 16, "device": "cpu", **options}
    return fit(model, cross_entropy, SGD(model.parameters(), lr=lr), data, **options)


def plain_loop(
    model: nn.Module, optimizer: torch.optim.Optimizer, train: Examples, epochs: int, seed: int = 0
) -> tuple[list[float], list[float], list[float]]:
    """What a reader would write: losses of the steps, mean loss and accuracy of the epochs."""
    generator = torch.Generator().manual_seed(seed)
    steps, losses, accuracies = [], [], []
    for _ in range(epochs):
        order = torch.randperm(len(train.inputs), generator=generator)
        total, right = 0.0, 0
        for start in range(0, len(order), 16):
            batch = order[start : start + 16]
            inputs, targets = train.inputs[batch], train.targets[batch]
            optimizer.zero_grad()
            logits = model(inputs)
            loss = cross_entropy(logits, targets)
            loss.backward()
            optimizer.step()
            steps.append(loss.item())
            total += loss.item() * len(batch)
            right += int((logits.argmax(1) == targets).sum())
        losses.append(total / len(order))
        accuracies.append(right / len(order))
    return steps, losses, accuracies


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "make", [partial(SGD, lr=0.3, weight_decay=0.01), partial(torch.optim.Adam, lr=0.01)]
)
def test_equals_a_plain_loop(
    dtype: torch.dtype, make: Optimizers, classes: Draw, network: Build
) -> None:
    train = Examples(classes().inputs.to(dtype), classes().targets)
    ours, theirs = network().to(dtype), network().to(dtype)
    options: dict[str, Any] = {"batch_size": 16, "metrics": HITS, "device": "cpu", "seed": 3}
    history = fit(ours, cross_entropy, make(ours.parameters()), train, epochs=5, **options)
    steps, losses, accuracies = plain_loop(theirs, make(theirs.parameters()), train, 5, seed=3)
    assert len(steps) == 5 * 4
    assert history.step_loss == steps
    assert history.epoch_ends == [4, 8, 12, 16, 20]
    assert history.train_loss == pytest.approx(losses, rel=1e-12)
    assert history.train_metrics["hits"] == pytest.approx(accuracies, abs=1e-6)
    for mine, yours in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, yours)
        assert torch.equal(mine.grad, yours.grad)


def test_equals_a_plain_loop_in_double_precision(classes: Draw, network: Build) -> None:
    ours, theirs = network(), network().double()
    history = run(ours, classes(), lr=0.3, epochs=2, precision="64-true")
    double = Examples(classes().inputs.double(), classes().targets)
    assert history.step_loss == plain_loop(theirs, SGD(theirs.parameters(), lr=0.3), double, 2)[0]
    assert ours.layers[0].weight.dtype == torch.float64


def test_double_precision_reaches_the_test_set(classes: Draw, network: Build) -> None:
    model, test = network(), classes(30, seed=5)
    history = run(model, TrainTest(classes(), test), lr=0.3, epochs=1, precision="64-true")
    double = Examples(test.inputs.double(), test.targets)
    assert history.test_loss == [evaluate(model, cross_entropy, double)["loss"]]


def test_mixed_precision_is_near_and_keeps_the_parameters(classes: Draw, network: Build) -> None:
    ours, theirs = network(), network()
    seen: list[torch.dtype] = []
    ours.layers[0].register_forward_hook(lambda *args: seen.append(args[2].dtype))
    both = TrainTest(classes(), classes(30, seed=5))
    history = run(ours, both, lr=0.3, epochs=5, precision="bf16-mixed")
    steps, *_ = plain_loop(theirs, SGD(theirs.parameters(), lr=0.3), classes(), 5)
    assert set(seen) == {torch.bfloat16}
    assert ours.layers[0].weight.dtype == torch.float32
    assert history.step_loss == pytest.approx(steps, rel=0.03)
    assert history.step_loss != steps


def test_learns(classes: Draw, network: Build) -> None:
    data = TrainTest(classes(200), classes(100, seed=5))
    history = run(network(), data, lr=0.5, epochs=60, metrics=HITS)
    assert history.train_loss[-1] < 0.2 * history.train_loss[0]
    assert history.test_metrics["hits"][-1] > 0.9


def test_fits_a_line_with_a_loss_that_is_a_module() -> None:
    x = torch.linspace(-1, 1, 20)[:, None]
    line = MLP([1, 1], generator=torch.Generator().manual_seed(0))
    optimizer = SGD(line.parameters(), lr=0.3)
    history = fit(line, nn.MSELoss(), optimizer, Examples(x, 2 * x - 1), epochs=200, device="cpu")
    assert history.train_loss[-1] < 1e-8
    assert line.layers[0].weight.item() == pytest.approx(2, abs=1e-3)


def test_the_test_set_is_evaluated_after_each_epoch_without_dropout(classes: Draw) -> None:
    model = nn.Sequential(nn.Linear(4, 16), nn.Dropout(0.5), nn.ReLU(), nn.Linear(16, 3))
    data, history = TrainTest(classes(), classes(30, seed=5)), History()
    for epoch in range(3):
        run(model, data, lr=0.1, epochs=1, metrics=HITS, history=history)
        figures = evaluate(model, cross_entropy, data.test, metrics=HITS)
        assert history.test_loss[epoch] == figures["loss"]
        assert history.test_metrics["hits"][epoch] == figures["hits"]


def test_metrics_are_measured_and_not_trained_on(classes: Draw, network: Build) -> None:
    seen: list[bool] = []

    def metric(prediction: Tensor, target: Tensor) -> Tensor:
        seen.append(prediction.requires_grad)
        return accuracy(prediction, target)

    run(network(), classes(), lr=0.1, epochs=1, metrics={"hits": metric})
    assert seen == [False] * 4


class Both(NamedTuple):
    scores: Tensor
    size: Tensor


def test_a_model_may_answer_several_tensors(classes: Draw) -> None:
    class Model(nn.Linear):
        def forward(self, x: Tensor) -> Both:
            return Both(super().forward(x), x.pow(2).sum(1))

    def loss(prediction: Both, target: Tensor) -> Tensor:
        return cross_entropy(prediction.scores, target)

    seen: list[Both] = []

    def hits(prediction: Both, target: Tensor) -> Tensor:
        seen.append(prediction)
        return accuracy(prediction.scores, target)

    torch.manual_seed(0)
    several, one = Model(4, 3), nn.Linear(4, 3)
    one.load_state_dict(several.state_dict())
    data = classes()
    histories = [
        fit(model, measure, SGD(model.parameters(), lr=0.1), data, epochs=2, metrics=metrics)
        for model, measure, metrics in (
            (several, loss, {"hits": hits}),
            (one, cross_entropy, HITS),
        )
    ]
    assert histories[0].step_loss == histories[1].step_loss
    assert histories[0].train_metrics == histories[1].train_metrics
    assert {type(each) for each in seen} == {Both}
    assert not any(each.scores.requires_grad for each in seen)


def test_without_a_test_set_there_is_no_test_loss(classes: Draw, network: Build) -> None:
    history = run(network(), classes(), lr=0.1, epochs=2)
    assert len(history.train_loss) == 2
    assert history.test_loss == []
    assert history.test_metrics == {}


def test_a_seed_fixes_order_and_dropout_whatever_was_drawn_before(
    classes: Draw, network: Build
) -> None:
    def losses(seed: int, dropout: float) -> list[float]:
        model = nn.Sequential(network(), nn.Dropout(dropout))
        return run(model, classes(), lr=0.1, epochs=2, seed=seed).step_loss

    for dropout in (0.0, 0.5):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(11)
            before = torch.get_rng_state()
            first = losses(5, dropout)
            assert torch.equal(before, torch.get_rng_state())
            torch.rand(7)
            assert losses(5, dropout) == first
            assert losses(6, dropout) != first


def test_another_seed_draws_other_masks(classes: Draw) -> None:
    model, masks = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)), []
    model[1].register_forward_hook(lambda *args: masks.append(args[2] == 0))
    for seed in (1, 2):
        run(model, classes(16), lr=0.0, epochs=1, seed=seed)
    assert not torch.equal(*masks)


def test_a_longer_run_does_not_repeat_its_dropout(classes: Draw) -> None:
    """Neither from epoch to epoch, nor in a second call that goes on with the first's record."""
    masks: list[Tensor] = []
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    model[1].register_forward_hook(lambda *args: masks.append(args[2] == 0))
    history = run(model, classes(16), lr=0.0, epochs=2)
    run(model, classes(16), lr=0.0, epochs=1, history=history)
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 3


@pytest.mark.parametrize(
    "make", [partial(SGD, lr=0.1), partial(torch.optim.SGD, lr=0.1, momentum=0.9)]
)
def test_two_calls_with_one_history_are_one_longer_call(
    make: Optimizers, classes: Draw, network: Build
) -> None:
    data = TrainTest(classes(), classes(30, seed=5))
    once, twice = network(), network()
    options: dict[str, Any] = {"batch_size": 16, "metrics": HITS, "device": "cpu"}
    whole = fit(once, cross_entropy, make(once.parameters()), data, epochs=4, **options)
    optimizer = make(twice.parameters())
    first = fit(twice, cross_entropy, optimizer, data, epochs=2, **options)
    second = fit(twice, cross_entropy, optimizer, data, epochs=2, history=first, **options)
    assert second is first
    assert second == whole
    for mine, yours in zip(once.parameters(), twice.parameters(), strict=True):
        assert torch.equal(mine, yours)


def test_a_second_call_without_history_goes_on_with_the_weights(
    classes: Draw, network: Build
) -> None:
    model = network()
    first = run(model, classes(), lr=0.3, epochs=10)
    second = run(model, classes(), lr=0.3, epochs=10, seed=1)
    assert second.epochs == 10
    assert second.train_loss[0] < first.train_loss[-1]


def test_what_was_wrapped_before_is_trained_all_the_same(classes: Draw, network: Build) -> None:
    model, plain = network(), network()
    wrapped = Fabric(accelerator="cpu", devices=1).setup(model, SGD(model.parameters(), lr=0.3))
    ours = fit(wrapped[0], cross_entropy, wrapped[1], classes(), epochs=2, device="cpu")
    theirs = run(plain, classes(), lr=0.3, epochs=2, batch_size=64)
    assert ours == theirs
    assert torch.equal(model.layers[0].weight, plain.layers[0].weight)


def test_a_compiled_model_is_trained_all_the_same(classes: Draw) -> None:
    model = nn.Sequential(nn.Linear(4, 3))
    plain, compiled = copy.deepcopy(model), torch.compile(model, backend="eager")
    for _ in range(2):
        ours = run(compiled, classes(), lr=0.3, epochs=2)
        theirs = run(plain, classes(), lr=0.3, epochs=2)
        assert ours.step_loss == pytest.approx(theirs.step_loss, rel=1e-5)
    torch.testing.assert_close(model.state_dict(), plain.state_dict())


def test_layers_are_trained_in_the_right_mode_and_get_theirs_back(classes: Draw) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.BatchNorm1d(3))
    modes: list[list[bool]] = []
    model.register_forward_hook(lambda *_: modes.append([part.training for part in model]))
    model[2].eval()  # frozen in a model that trains
    data = TrainTest(classes(16), classes(16, seed=5))
    run(model, data, lr=0.1, epochs=2)
    trained, tested = [True, True, False], [False, False, False]
    assert modes == [trained, tested] * 2
    assert [part.training for part in model] == trained
    model.eval()  # as after its first use
    modes.clear()
    run(model, data, lr=0.1, epochs=1)
    assert modes == [[True, True, True], tested]
    assert not any(part.training for part in model.modules())


def test_stale_gradients_do_not_count(classes: Draw, network: Build) -> None:
    first, second = network(), network()
    for theta in first.parameters():
        theta.grad = torch.full_like(theta, 100.0)
    losses = [run(model, classes(), lr=0.1, epochs=1).step_loss for model in (first, second)]
    assert losses[0] == losses[1]


def test_the_device_is_not_waited_for_at_every_step(
    classes: Draw, network: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        original = getattr(Tensor, name)

        def wait(self: Tensor, *rest: Any) -> Any:
            waits.append(name)
            return original(self, *rest)

        return wait

    model, data = network(), classes(4 * READ_EVERY)
    with monkeypatch.context() as patch:
        for name in ("item", "tolist", "__float__", "__bool__", "__int__", "cpu", "numpy"):
            patch.setattr(Tensor, name, counted(name))
        history = run(model, data, lr=0.01, epochs=1, batch_size=1, metrics=HITS)
    assert len(history.step_loss) == 4 * READ_EVERY
    assert waits == ["tolist"] * 4 * 2  # losses and hits


def test_a_loss_that_is_no_number_is_noticed_after_so_many_steps(classes: Draw) -> None:
    calls: list[int] = []

    def bad(prediction: Tensor, target: Tensor) -> Tensor:
        calls.append(len(target))
        return cross_entropy(prediction, target) * torch.nan

    line, data = nn.Linear(4, 3), classes(4 * READ_EVERY)
    with pytest.raises(NonFiniteLossError, match="at step 1, in epoch 1"):
        fit(line, bad, SGD(line.parameters(), lr=0.1), data, epochs=1, batch_size=1, device="cpu")
    assert len(calls) == READ_EVERY


def test_the_test_set_is_taken_in_large_batches(classes: Draw, network: Build) -> None:
    model, sizes = network(), []
    model.register_forward_hook(lambda *args: sizes.append(len(args[2])))
    data = TrainTest(classes(16), classes(300, seed=5))
    run(model, data, lr=0.1, epochs=1)
    run(model, data, lr=0.1, epochs=1, batch_size=270)
    assert sizes == [16, 256, 44, 16, 270, 30]


def test_the_bar_tells_how_far_it_is(
    classes: Draw, network: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    history = run(network(), classes(), lr=0.1, epochs=3)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epoch 3/3" in shown.err
    assert "12/12 [" in shown.err
    assert "train loss" in shown.err
    run(network(), classes(), lr=0.1, epochs=2, history=history)
    assert "epoch 5/5" in capsys.readouterr().err


def test_one_variable_silences_the_bar() -> None:
    program = """
import torch
from linebyline.data.examples import Examples
from linebyline.training.loop import fit

x, line = torch.ones(4, 1), torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
print(fit(line, torch.nn.MSELoss(), optimizer, Examples(x, x), epochs=3, device="cpu").epochs)
"""
    environment = os.environ | {"TQDM_DISABLE": "1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("3\n", "")


@pytest.fixture
def refused(classes: Draw, network: Build) -> Callable[..., None]:
    """Calls `fit` with one thing wrong, and sees that nothing was trained."""

    def check(message: str, kind: type[Exception] = ValueError, **wrong: Any) -> None:
        model = network()
        before = copy.deepcopy(model.state_dict())
        arguments: dict[str, Any] = {
            "model": model,
            "loss": cross_entropy,
            "optimizer": SGD(model.parameters(), lr=0.1),
            "data": classes(),
            "epochs": 1,
            "device": "cpu",
        }
        with pytest.raises(kind, match=message):
            fit(**(arguments | wrong))
        torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)

    return check


def test_refuses_numbers_below_one(refused: Callable[..., None]) -> None:
    refused("epochs must be at least 1, not 0", epochs=0)
    refused("batch_size must be at least 1, not -1", batch_size=-1)


def test_refuses_data_that_do_not_fit(refused: Callable[..., None], classes: Draw) -> None:
    good = classes()
    short = Examples(good.inputs, good.targets[:-1])
    empty = Examples(good.inputs[:0], good.targets[:0])
    double = Examples(good.inputs.double(), good.targets)
    refused("data must have a target for each input", data=short)
    refused(r"data\.train must have a target for each input", data=TrainTest(short, good))
    refused(r"data\.test must have a target for each input", data=TrainTest(good, short))
    refused("data must hold at least one example", data=empty)
    refused(r"data\.test must hold at least one example", data=TrainTest(good, empty))
    refused(r"data holds inputs in torch\.float64", data=double)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_a_bare_pair(refused: Callable[..., None], classes: Draw) -> None:
    message = r"data must be Examples\(inputs, targets\), not tuple"
    refused(message, TypeError, data=tuple(classes()))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_what_is_no_scalar_tensor(refused: Callable[..., None]) -> None:
    vector = r"must return a scalar tensor, .* not shape \(50,\)"
    refused(f"'loss' {vector}", loss=nn.CrossEntropyLoss(reduction="none"))
    refused(f"'hits' {vector}", metrics={"hits": lambda p, t: p.argmax(1) == t})
    number = "must return a scalar tensor, not float"
    refused(f"'loss' {number}", TypeError, loss=lambda *_: 0.5)
    refused(f"'hits' {number}", TypeError, metrics={"hits": lambda *_: 0.5})


def test_refuses_what_training_cannot_use(refused: Callable[..., None], network: Build) -> None:
    stranger = SGD(network().parameters(), lr=0.1)
    refused("optimizer holds none of the model's parameters", optimizer=stranger)
    refused("device must be one of 'auto'.*, not 'abacus'", device="abacus")
    refused("precision must be one of '32-true'.*, not 'exact'", precision="exact")
    refused("metrics must not hold the name 'loss'", metrics={"loss": accuracy})


def test_refuses_to_go_on_with_another_record(refused: Callable[..., None], classes: Draw) -> None:
    history = History()
    history.add_epoch({"loss": 1.0, "hits": 0.5})
    message = r"history records the metrics \['hits'\], so metrics cannot be \[\]"
    refused(message, history=history)
    both = TrainTest(classes(), classes())
    refused("recorded without a test set", history=history, metrics=HITS, data=both)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_a_gpu_sees_the_same_batches(classes: Draw, network: Build) -> None:
    data = TrainTest(classes(), classes(30, seed=5))
    options: dict[str, Any] = {"epochs": 4, "batch_size": 16, "metrics": HITS}
    histories = {}
    for device in ("cpu", "cuda"):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
        histories[device] = fit(model, loss, optimizer, data, device=device, **options)
        assert {theta.device.type for theta in model.parameters()} == {device}
    there, here = histories["cuda"], histories["cpu"]
    assert there.step_loss == pytest.approx(here.step_loss, rel=1e-3)
    assert there.test_loss == pytest.approx(here.test_loss, rel=1e-3)
    fit(model, loss, optimizer, data, device="cpu", **options)  # momenta come back with the model
    assert {state["momentum_buffer"].device.type for state in optimizer.state.values()} == {"cpu"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed", "bf16-true", "64-true"])
def test_a_gpu_learns_in_each_precision(precision: str, classes: Draw, network: Build) -> None:
    history = run(network(), classes(), lr=0.1, epochs=10, device="cuda", precision=precision)
    assert history.train_loss[-1] < history.train_loss[0]


# Accumulation: pieces of a batch, one after another


@pytest.mark.parametrize("pieces", [2, 3, 5, 16])
def test_pieces_of_a_batch_are_the_batch(pieces: int, classes: Draw) -> None:
    """Losses, metrics, gradients and weights; 53 examples leave a last batch of 5."""
    runs = []
    for accumulation in (1, pieces):
        model = MLP([4, 8, 3], generator=torch.Generator().manual_seed(1)).double()
        data = TrainTest(*(Examples(x.double(), y) for x, y in (classes(53), classes(30, seed=5))))
        options: dict[str, Any] = {"epochs": 3, "metrics": HITS, "accumulation": accumulation}
        runs.append((model, run(model, data, lr=0.3, **options)))
    (whole, wanted), (pieced, history) = runs
    for mine, theirs in zip(vars(history).values(), vars(wanted).values(), strict=True):
        flat = (mine, theirs) if isinstance(mine, list) else (mine["hits"], theirs["hits"])
        assert flat[0] == pytest.approx(flat[1], rel=1e-10 if isinstance(mine, list) else 1e-6)
    for mine, theirs in zip(pieced.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-9, atol=1e-12)


def test_pieces_are_computed_one_after_another(classes: Draw, network: Build) -> None:
    model, sizes = network(), []
    model.register_forward_hook(lambda *args: sizes.append(len(args[2])))
    steps = []
    optimizer = SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(lambda *_: steps.append(sum(sizes)))
    fit(model, cross_entropy, optimizer, classes(53), epochs=1, batch_size=16, accumulation=5,
        device="cpu")  # fmt: skip
    assert sizes == [4, 3, 3, 3, 3] * 3 + [1] * 5
    assert steps == [16, 32, 48, 53]


def test_batch_normalization_sees_the_pieces(classes: Draw) -> None:
    losses = []
    for accumulation in (1, 4):
        model = nn.Sequential(MLP([4, 8], generator=torch.Generator().manual_seed(1)))
        model.append(nn.BatchNorm1d(8))
        losses.append(run(model, classes(48), lr=0.1, epochs=1, accumulation=accumulation))
    assert losses[0].step_loss[0] != pytest.approx(losses[1].step_loss[0], rel=1e-3)


# Two processes


def torchrun(*arguments: object) -> str:
    """Two processes on this machine, and what they print."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment.pop("TQDM_DISABLE", None)
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What `data_parallel.py` leaves in each of two processes."""
    folder = tmp_path_factory.mktemp("two")
    shown = torchrun(data_parallel.__file__, folder)
    both = [torch.load(folder / f"{rank}.pt") for rank in range(2)]
    both[0]["shown"] = shown
    return both


@pytest.mark.parametrize("name", data_parallel.CASES)
def test_two_processes_are_one(name: str, two: list[dict[str, Any]]) -> None:
    case = data_parallel.CASES[name]
    alone = data_parallel.train(**(case | {"accumulation": 1, "strategy": "auto"}))
    tight = case.get("precision") == "64-true"
    rel = 1e-10 if tight else 1e-4
    for process in two:
        mine, theirs = process[name]["history"], alone["history"]
        assert mine["epoch_ends"] == theirs["epoch_ends"]
        for key in ("step_loss", "train_loss", "test_loss"):
            assert mine[key] == pytest.approx(theirs[key], rel=rel), key
        for key in ("train_metrics", "test_metrics"):
            assert mine[key].get("hits") == pytest.approx(theirs[key].get("hits"), abs=1e-6)
        for key, value in process[name]["weights"].items():
            torch.testing.assert_close(value, alone["weights"][key], rtol=rel, atol=rel)
    assert str(two[0][name]) == str(two[1][name])  # both hold the same


def test_all_begin_with_the_first_ones_weights(two: list[dict[str, Any]]) -> None:
    alone = data_parallel.train(48)
    for process in two:
        mine = process["first weights"]["history"]["step_loss"]
        assert mine == pytest.approx(alone["history"]["step_loss"], rel=1e-4)


def test_two_processes_play_the_game_of_one(two: list[dict[str, Any]]) -> None:
    """With a penalty that is differentiated twice; the second process brings other weights."""
    alone = data_parallel.game()
    for process in two:
        for who, losses in alone["losses"].items():
            assert process["game"]["losses"][who] == pytest.approx(losses, rel=1e-9)
        for name, weights in alone["weights"].items():
            torch.testing.assert_close(process["game"]["weights"][name], weights, rtol=1e-9, atol=0)


def test_each_process_draws_its_own_masks(two: list[dict[str, Any]]) -> None:
    """At no step the other's, nor those of its next call."""
    masks = [*two[0]["masks"], *two[1]["masks"]]
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 4


def test_running_means_are_the_same_in_both(two: list[dict[str, Any]]) -> None:
    assert torch.equal(two[0]["running mean"], two[1]["running mean"])


def test_both_processes_refuse_alike(two: list[dict[str, Any]]) -> None:
    few, pieces, bad = two[0]["refusals"]
    assert "batch_size must be at least 2, an example for each of 2 processes" in few
    assert "batch_size must be at least 4" in pieces
    assert "the loss became nan at step 1, in epoch 1" in bad
    assert two[0]["refusals"] == two[1]["refusals"]


def test_one_bar_for_two_processes(two: list[dict[str, Any]]) -> None:
    assert two[0]["shown"].count("epoch 2/2: 100%") == 2 * 1  # dropout and running mean


def test_ddp_refuses_to_be_alone(refused: Callable[..., None]) -> None:
    refused("strategy cannot be 'ddp' in a single process: start .* torchrun", strategy="ddp")
    refused("strategy must be one of 'auto', 'ddp', 'single', not 'dp'", strategy="dp")
    refused("accumulation must be at least 1, not 0", accumulation=0)
    refused("batch_size must be at least 9", batch_size=8, accumulation=9)
    refused("precision cannot be '16-mixed' on a CPU", precision="16-mixed")


@pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++"))), reason="no compiler here")
def test_a_compiled_model_learns_the_same(classes: Draw) -> None:
    """By the compiler that PyTorch takes by default, which writes C++ on a CPU."""
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    plain = copy.deepcopy(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the compiler, about itself
        compiled = torch.compile(model)
        options: dict[str, Any] = {"lr": 0.3, "epochs": 2, "accumulation": 2}
        ours = run(compiled, classes(48), **options)
    assert ours.step_loss == pytest.approx(run(plain, classes(48), **options).step_loss, rel=1e-4)
    torch.testing.assert_close(model.state_dict(), plain.state_dict(), rtol=1e-4, atol=1e-5)
