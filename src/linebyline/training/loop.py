"""The training loop: data, model, loss and optimizer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil, isfinite

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from linebyline.data.examples import Examples, TrainTest
from linebyline.training.batches import batches, check_examples
from linebyline.training.divergence import NonFiniteLossError, record_finite
from linebyline.training.evaluation import Measure, check_metrics, evaluate, mode_kept
from linebyline.training.history import History
from linebyline.training.placement import Placement, unwrap
from linebyline.training.tally import Tally

READ_EVERY = 50
"""Steps from one look at the losses to the next, for each look waits for the device.

A loss that is no number is noticed that many steps late at most. A GPU makes them in less time than
it would lose by waiting after every step.
"""


def fit(
    model: nn.Module,
    loss: Measure,
    optimizer: Optimizer,
    data: TrainTest | Examples,
    *,
    epochs: int,
    batch_size: int = 64,
    metrics: Mapping[str, Measure] | None = None,
    device: str | torch.device = "auto",
    precision: str = "32-true",
    accumulation: int = 1,
    strategy: str = "auto",
    seed: int = 0,
    history: History | None = None,
) -> History:
    """Train a model by minibatch gradient descent: a plain PyTorch loop, number for number.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, algorithm 8.1, where the update
    may be any optimizer's. Lightning Fabric brings device, precision and processes. The data lie on
    the device as a whole, so there is no loader.

    Under ``torchrun`` the processes train one model together. Each makes the same call, and takes
    its share of every batch: `batch_size` counts the examples of a step, wherever they are
    computed. So neither the number of processes nor `accumulation` changes losses, metrics and
    weights by more than rounding, for a model that treats each example alone and a loss that is a
    mean over examples. Batch normalization does not (its statistics are those of a piece), and
    dropout draws other numbers in each process. All processes begin with the weights of the first,
    and all return the same history; files are best written by the first alone.

    Model and optimizer are changed in place and stay on the device. To go on, call `fit` again:
    with the first call's `history` and `seed`, two calls of two epochs see the batches of one call
    of four. What the model draws itself (dropout) derives from `seed` too, and torch's global
    generators are left as they were. The first process's progress bar goes to stderr, unless Python
    was started with TQDM_DISABLE=1, which is tqdm's own switch. A model from `torch.compile` is
    trained like any other.

    Args:
        model: what is trained. It answers with a tensor, or with a tuple or dictionary of several,
            as the loss takes them. Layers that were frozen by `.eval()` in a model in training mode
            stay so, and every layer is back in its mode afterwards.
        loss: (prediction, target) to a scalar tensor, the mean over the batch.
        optimizer: made of the model's parameters.
        data: examples to train on and, if there are others, to test on after each epoch.
        epochs: how often to go through the training examples.
        batch_size: examples in a step; the last batch of an epoch holds what is left.
        metrics: name to a function like `loss`; measured, and not trained on.
        device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1" or "mps".
        precision: "32-true", which converts nothing, "64-true", "bf16-mixed", "bf16-true",
            "16-mixed" (on a GPU only) or "16-true".
        accumulation: in how many pieces, one after another, each process computes its part of a
            batch. It saves the memory of activations, and costs time.
        strategy: "auto" (all processes of ``torchrun`` together, if there are any), "ddp" (refuses
            to be alone) or "single" (this process for itself).
        seed: of the order of the examples and of what the model draws.
        history: a record to go on with, in place.

    Returns:
        The losses and metrics, step by step and epoch by epoch.

    Raises:
        TypeError: `data` holds no `Examples`, or the loss or a metric returns no tensor.
        ValueError: an argument is out of its range or does not fit another; the message names it.
        NonFiniteLossError: a `FloatingPointError`; the message says where, and what to try.
    """
    metrics = dict(metrics or {})
    history = history or History()
    train, test = data if isinstance(data, TrainTest) else (data, None)
    _check(train, test, epochs, batch_size, accumulation)
    check_metrics(metrics)
    history.check_continues(metrics, has_test=test is not None)

    model, optimizer = unwrap(model), unwrap(optimizer)
    placement = Placement(device, precision, strategy)
    if batch_size < placement.processes * accumulation:
        raise ValueError(
            f"batch_size must be at least {placement.processes * accumulation}, an example for "
            f"each of {placement.processes} processes times {accumulation} pieces, not {batch_size}"
        )
    placement.check_inputs(model, train)
    fabric_model, fabric_optimizer = placement.wrap(model, loss, optimizer)
    train = placement.bring(train)
    if test is not None:
        ((test, test_share),) = placement.shares(placement.bring(test))

    order = torch.Generator().manual_seed(seed)
    for _ in range(history.epochs):
        next(batches(train, batch_size, generator=order))  # this epoch's order has been used
    last = history.epochs + epochs
    steps = epochs * ceil(len(train.inputs) / batch_size)
    own_draws = seed + history.epochs + 1_000_003 * placement.rank  # no mask twice at once
    with _training(model, own_draws), _bar(steps, placement.rank) as bar:
        for epoch in range(history.epochs + 1, last + 1):
            bar.set_description(f"epoch {epoch}/{last}", refresh=False)
            tally = Tally(placement.total)
            for batch in batches(train, batch_size, generator=order):
                fabric_optimizer.zero_grad()
                for inputs, targets, share in placement.pieces(fabric_model, batch, accumulation):
                    prediction = fabric_model(inputs)
                    value = loss(prediction, targets)
                    seen = apply_to_collection(prediction, Tensor, Tensor.detach)
                    figures = {name: metric(seen, targets) for name, metric in metrics.items()}
                    tally.add_piece({"loss": value, **figures}, share)
                    placement.backward(value, share)
                tally.close(len(batch.inputs))
                fabric_optimizer.step()
                bar.update()
                if tally.unread == READ_EVERY:
                    record_finite(tally.read(), history, epoch, optimizer, train.inputs)
            record_finite(tally.read(), history, epoch, optimizer, train.inputs)
            tested = None
            if test is not None:
                room = max(batch_size, 256)  # without gradients there is room for more
                mine = evaluate(fabric_model, loss, test, metrics=metrics, batch_size=room)
                tested = placement.mean(mine, test_share)
                if not isfinite(tested["loss"]):
                    when = f"on the test set, after epoch {epoch}"
                    raise NonFiniteLossError(tested["loss"], when, history, optimizer, test.inputs)
            history.add_epoch(tally.means(), tested)
            bar.set_postfix_str(history.latest(), refresh=False)
    return history


def _check(
    train: Examples, test: Examples | None, epochs: int, batch_size: int, accumulation: int
) -> None:
    check_examples("data" if test is None else "data.train", train)
    if test is not None:
        check_examples("data.test", test)
    counts = {"epochs": epochs, "batch_size": batch_size, "accumulation": accumulation}
    for name, number in counts.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, not {number}")


def _bar(steps: int, rank: int) -> tqdm:
    """A progress bar, in the first process only."""
    return tqdm(total=steps, unit="step", disable=True) if rank else tqdm(total=steps, unit="step")


@contextmanager
def _training(model: nn.Module, seed: int) -> Iterator[None]:
    """Training mode and the model's own draws, both as they were before when this is over."""
    gpus = range(torch.cuda.device_count())
    with mode_kept(model), torch.random.fork_rng(gpus):
        torch.manual_seed(seed)
        if not model.training:  # if it is, layers in it may be frozen
            model.train()
        yield
