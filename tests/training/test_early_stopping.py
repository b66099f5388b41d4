"""Early stopping: the best weights come back, buffers too, and `fit` goes on as in one call."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import TrainTest
from linebyline.training.early_stopping import EarlyStopping
from linebyline.training.evaluation import evaluate
from linebyline.training.history import History
from linebyline.training.loop import fit
from linebyline.training.stopping_criteria import GL, first_stop


class Counting(nn.Module):
    """A weight, a stored buffer and one that a state_dict leaves out, all counting calls."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.register_buffer("stored", torch.zeros(1))
        self.register_buffer("unstored", torch.zeros(1, dtype=torch.long), persistent=False)

    def count(self):
        with torch.no_grad():
            for part in (self.weight, self.stored, self.unstored):
                part.add_(1)

    def values(self):
        return [self.weight[0].item(), self.stored.item(), self.unstored.item()]


def run(losses, **options):
    """A made-up training: the model counts, and the validation losses are given."""
    model, history = Counting(), History()
    stopping = EarlyStopping(model, **options)
    assert not stopping.update(history)  # nothing has happened yet
    for loss in losses:
        model.count()
        history.add_epoch({"loss": 1.0}, {"loss": loss})
        if stopping.update(history):
            break
    return model, history, stopping


def test_restores_weights_and_all_buffers_of_the_best_epoch():
    model, history, stopping = run([3.0, 1.0, 2.0, 2.0, 9.0], patience=2)
    assert history.epochs == 4  # stopped
    assert (stopping.best_epoch, stopping.best_loss) == (2, 1.0)
    assert model.values() == [4, 4, 4]
    before = [id(part) for part in (*model.parameters(), *model.buffers())]
    stopping.restore()
    assert model.values() == [2, 2, 2]
    assert before == [id(part) for part in (*model.parameters(), *model.buffers())]
    model.count()  # what is kept is a copy, and can be put back again
    stopping.restore()
    assert model.values() == [2, 2, 2]


def test_of_equals_the_first_is_kept():
    _, _, stopping = run([1.0, 1.0, 1.0], patience=5)
    assert stopping.best_epoch == 1


def test_the_best_is_the_lowest_however_little_lower():
    model, history, stopping = run([1.0, 0.99, 0.98, 2.0], patience=2, min_improvement=0.1)
    assert history.epochs == 3  # neither was enough for the patience
    stopping.restore()
    assert model.values() == [3, 3, 3]


def test_another_criterion():
    _, history, stopping = run([1.0, 1.04, 1.06, 1.0], criterion=GL(5))
    assert (history.epochs, stopping.best_epoch) == (3, 1)


def test_a_criterion_sees_both_curves():
    seen = []
    model, history = Counting(), History()
    stopping = EarlyStopping(model, criterion=lambda *curves: seen.append(curves) or False)
    assert (stopping.best_epoch, stopping.best_loss) == (0, math.inf)
    history.add_epoch({"loss": 2.0}, {"loss": 3.0})
    stopping.update(history)
    assert seen == [([2.0], [3.0])]


def test_what_is_kept_holds_no_graph():
    _, _, stopping = run([1.0], patience=1)
    assert not any(part.requires_grad for part in stopping._best.values())


def overfits(classes, network):
    """Few examples to train on, with some labels wrong, and a model with running means."""
    train, validation = classes(24, seed=1), classes(60, seed=2)
    train.targets[:8] = (train.targets[:8] + 1) % 3
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    return model, optimizer, TrainTest(train, validation)


def test_goes_round_fit(classes, network):
    model, optimizer, data = overfits(classes, network)
    twin = copy.deepcopy(model)
    twin_optimizer = torch.optim.Adam(twin.parameters(), lr=0.02)
    options = {"batch_size": 8, "device": "cpu", "seed": 5}

    stopping, history, states = EarlyStopping(model, patience=8), History(), []
    while not stopping.update(history) and history.epochs < 60:
        fit(model, cross_entropy, optimizer, data, epochs=1, history=history, **options)
        states.append(copy.deepcopy(model.state_dict()))
    assert history.epochs < 60
    assert stopping.best_loss == min(history.test_loss)

    # the batches and losses of one long call, which the criterion would have ended there
    long = fit(twin, cross_entropy, twin_optimizer, data, epochs=60, **options)
    assert history.test_loss == pytest.approx(long.test_loss[: history.epochs], rel=1e-5)
    stop = first_stop(stopping.criterion, long.train_loss, long.test_loss)
    assert stop == history.epochs == stopping.best_epoch + 8

    # the weights and running means of the best epoch, and its loss again
    stopping.restore()
    for name, value in states[stopping.best_epoch - 1].items():
        assert torch.equal(model.state_dict()[name], value), name
    measured = evaluate(model, cross_entropy, data.test)["loss"]
    assert measured == pytest.approx(stopping.best_loss, rel=1e-6)
    assert measured < history.test_loss[-1] - 0.01  # the last weights were worse


def test_refuses_to_restore_nothing():
    with pytest.raises(RuntimeError, match="restore has nothing to put back"):
        EarlyStopping(Counting(), patience=1).restore()


def test_refuses_a_history_without_validation():
    history = History()
    history.add_epoch({"loss": 1.0})
    with pytest.raises(ValueError, match="history has no test_loss"):
        EarlyStopping(Counting(), patience=1).update(history)
    history.add_epoch({"loss": 1.0}, {"loss": 1.0})  # of one epoch in two
    with pytest.raises(ValueError, match="history has no test_loss"):
        EarlyStopping(Counting(), patience=1).update(history)


def test_refuses_to_skip_an_epoch():
    history = History()
    stopping = EarlyStopping(Counting(), patience=1)
    for _ in range(2):
        history.add_epoch({"loss": 1.0}, {"loss": 1.0})
    with pytest.raises(ValueError, match="history has 2 epochs, but 0 had been seen"):
        stopping.update(history)


def test_refuses_to_see_an_epoch_twice():
    _, history, stopping = run([1.0], patience=2)
    with pytest.raises(ValueError, match="history has 1 epochs, but 1 had been seen"):
        stopping.update(history)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_refuses_a_loss_that_is_no_number(loss):
    history = History()
    history.add_epoch({"loss": 1.0}, {"loss": loss})
    with pytest.raises(ValueError, match=f"history ends with the test loss {loss}"):
        EarlyStopping(Counting(), patience=1).update(history)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give patience or criterion; neither"),
        ({"patience": 2, "criterion": GL(1)}, "give patience or criterion; both"),
        ({"patience": 0}, "epochs is 0; it must be at least 1"),
        ({"patience": 2, "min_improvement": -1.0}, "min_improvement is -1.0"),
        ({"criterion": GL(1), "min_improvement": 0.1}, "min_improvement is 0.1, but it belongs"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(Counting(), **options)
