"""The error of a diverging run says when, from where, whose fault, and what to try."""

import math

import pytest
import torch
from torch import nn

from linebyline.data.examples import Examples, TrainTest
from linebyline.layers.mlp import MLP
from linebyline.losses.mse import mean_squared_error
from linebyline.optim.sgd import SGD
from linebyline.training.divergence import NonFiniteLossError, record_finite
from linebyline.training.history import History
from linebyline.training.loop import READ_EVERY, fit

FINE = torch.zeros(3, 2)


def optimizer(*rates: float) -> SGD:
    return SGD([{"params": [torch.zeros(1)], "lr": rate} for rate in rates], lr=1.0)


def test_finite_losses_are_appended() -> None:
    history = History(step_loss=[3.0])
    record_finite([2.0, 1.0], history, 1, optimizer(0.1), FINE)
    record_finite([], history, 1, optimizer(0.1), FINE)
    assert history.step_loss == [3.0, 2.0, 1.0]


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_stops_at_the_first_that_is_not(loss: float) -> None:
    history = History(step_loss=[3.0])
    with pytest.raises(FloatingPointError) as caught:
        record_finite([40.0, loss, 1.0, math.nan], history, 2, optimizer(0.1), FINE)
    error = caught.value
    assert isinstance(error, NonFiniteLossError)
    assert error.history is history
    assert history.step_loss == [3.0, 40.0]
    assert f"the loss became {loss} at step 3, in epoch 2, from 40 before" in str(error)
    assert "The inputs are all finite" in str(error)
    assert "Try a smaller learning rate than 0.1, or gradient clipping" in str(error)


def test_the_first_step_has_no_before() -> None:
    with pytest.raises(NonFiniteLossError, match=r"at step 1, in epoch 1\. The"):
        record_finite([math.nan], History(), 1, optimizer(0.1), FINE)


def test_inputs_at_fault_are_counted() -> None:
    inputs = torch.tensor([[1.0, math.nan], [math.inf, 2.0]])
    message = "2 of the 4 numbers in the inputs are NaN or infinite: clean the data first"
    with pytest.raises(NonFiniteLossError, match=message):
        record_finite([math.nan], History(), 1, optimizer(0.1), inputs)


def test_of_several_rates_the_smallest_is_named() -> None:
    with pytest.raises(NonFiniteLossError, match=r"rate than 0\.25, or"):
        record_finite([math.nan], History(), 1, optimizer(0.5, 0.25), FINE)


def line() -> MLP:
    return MLP([2, 1], generator=torch.Generator().manual_seed(1))


def points(count: int = 32) -> Examples:
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(0))
    return Examples(x, x.sum(1, keepdim=True))


def diverge(data: TrainTest | Examples, rate: float, **options: int) -> NonFiniteLossError:
    model = line()
    with pytest.raises(FloatingPointError) as caught:
        fit(
            model,
            mean_squared_error,
            SGD(model.parameters(), lr=rate),
            data,
            device="cpu",
            **options,
        )
    assert isinstance(caught.value, NonFiniteLossError)
    return caught.value


@pytest.mark.parametrize("rate", [1e6, 10.0])
def test_a_run_stops_at_the_step_at_which_a_plain_loop_diverges(rate: float) -> None:
    data, model, losses = points(), line(), [0.0]
    optimizer, generator = SGD(model.parameters(), lr=rate), torch.Generator().manual_seed(0)
    while math.isfinite(losses[-1]):
        for batch in torch.randperm(32, generator=generator).split(16):
            optimizer.zero_grad()
            loss = mean_squared_error(model(data.inputs[batch]), data.targets[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    first = next(step for step, loss in enumerate(losses) if not math.isfinite(loss))
    error = diverge(data, rate, epochs=500, batch_size=16)
    assert error.history.step_loss == losses[1:first]
    assert error.history.epochs == (first - 1) // 2
    where = f"at step {first}, in epoch {(first + 1) // 2}, from {losses[first - 1]:.4g} before"
    assert where in str(error)
    assert f"a smaller learning rate than {rate:g}" in str(error)


def test_a_long_epoch_is_stopped_before_its_end() -> None:
    model, calls = line(), []
    model.register_forward_hook(lambda *_: calls.append(1))
    optimizer = SGD(model.parameters(), lr=1e9)
    with pytest.raises(NonFiniteLossError, match="in epoch 1"):
        fit(
            model,
            mean_squared_error,
            optimizer,
            points(10 * READ_EVERY),
            epochs=1,
            batch_size=1,
            device="cpu",
        )
    assert len(calls) == READ_EVERY


def test_clipping_as_the_message_says_helps() -> None:
    diverge(points(), 10.0, epochs=100)
    model = line()
    optimizer = SGD(model.parameters(), lr=10.0)
    parameters = list(model.parameters())
    optimizer.register_step_pre_hook(lambda *_: nn.utils.clip_grad_norm_(parameters, 0.01) and None)
    fit(model, mean_squared_error, optimizer, points(), epochs=100, device="cpu")


def test_nan_in_either_set_is_named() -> None:
    spoilt = points()
    spoilt.inputs[3, 1] = math.nan
    message = "1 of the 64 numbers in the inputs are NaN or infinite: clean the data first"
    assert message in str(diverge(spoilt, 0.1, epochs=1))
    error = diverge(TrainTest(points(), spoilt), 0.1, epochs=1)
    assert "the loss became nan on the test set, after epoch 1" in str(error)
    assert message in str(error)
