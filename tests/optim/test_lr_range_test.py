"""The range test raises the rate, notices when it is too large, and leaves no trace."""

import copy
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from linebyline.optim.adam import Adam
from linebyline.optim.lr_range_test import RangeTest, lr_range_test
from linebyline.optim.momentum import Momentum
from linebyline.optim.sgd import SGD


class Network(nn.Module):
    """A small one, with buffers and with draws of its own."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.first, self.last = nn.Linear(4, 16), nn.Linear(16, 1)
            self.norm = nn.BatchNorm1d(16)

    def forward(self, x: Tensor) -> Tensor:
        h = nn.functional.dropout(self.norm(self.first(x)).relu(), 0.2, training=self.training)
        return self.last(h)


def losses_of(model: nn.Module, batches: int = 1000) -> Callable[[], Tensor]:
    generator = torch.Generator().manual_seed(1)

    def each() -> Iterator[Tensor]:
        for _ in range(batches):
            x = torch.randn(32, 4, generator=generator)
            yield (model(x) - x.sum(1, keepdim=True)).pow(2).mean()

    return each().__next__


def bowl(theta: nn.Parameter) -> Callable[[], Tensor]:
    return lambda: 0.5 * (theta**2).sum()


class Bowl(nn.Module):
    """Its loss is ½θ²: plain descent converges for rates below 2, and diverges above."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.ones(1, dtype=torch.float64))


def test_its_steps_are_those_of_plain_training() -> None:
    """Against a loop written out: the same rates, set by hand, give the same losses."""
    tested, trained = Network(), Network()
    torch.manual_seed(7)
    seen = lr_range_test(
        tested, SGD(tested.parameters(), lr=9.0), losses_of(tested), highest=0.1, steps=20
    )
    torch.manual_seed(7)
    optimizer, next_loss = torch.optim.SGD(trained.parameters(), lr=9.0), losses_of(trained)
    losses = []
    for lr in seen.lrs:
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        loss = next_loss()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert len(losses) == 20
    assert seen.losses == pytest.approx(losses, rel=1e-5)


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [("geometric", [0.01, 0.1, 1.0]), ("linear", [0.01, 0.505, 1.0])],
)
def test_rates_are_spaced_as_asked(spacing: str, expected: list[float]) -> None:
    model = Bowl()
    optimizer = SGD([{"params": [model.theta]}], lr=5.0)
    seen = lr_range_test(
        *(model, optimizer, bowl(model.theta)),
        **{"lowest": 0.01, "highest": 1.0, "steps": 3, "spacing": spacing},
    )
    assert isinstance(seen, RangeTest)
    assert seen.lrs == pytest.approx(expected)
    # ½, and after a step at the rate η the loss is (1 - η)² of what it was.
    second = 0.5 * (1 - expected[0]) ** 2
    assert seen.losses == pytest.approx([0.5, second, second * (1 - expected[1]) ** 2])


def test_all_groups_get_the_same_rate() -> None:
    model = nn.ParameterList([torch.ones(1), torch.ones(1)])
    groups = [{"params": [model[0]], "lr": 5.0}, {"params": [model[1]], "lr": 1.0}]
    optimizer = SGD(groups, lr=1.0)
    rates = []
    optimizer.register_step_pre_hook(
        lambda of, *_: rates.append([group["lr"] for group in of.param_groups])
    )
    lr_range_test(model, optimizer, lambda: model[0].sum() + model[1].sum(), steps=4, diverged=9e9)
    assert len(rates) == 4
    assert all(first == second for first, second in rates)
    assert [group["lr"] for group in optimizer.param_groups] == [5.0, 1.0]


def test_the_smoothed_loss_is_a_weighted_mean() -> None:
    """Of three losses with β = ½ the weights are ⅛, ¼ and ½, over their sum ⅞."""
    model = Bowl()
    values = iter([1.0, 2.0, 4.0])
    seen = lr_range_test(
        *(model, SGD(model.parameters(), lr=1.0), lambda: model.theta.sum() * 0 + next(values)),
        **{"steps": 3, "smoothing": 0.5, "diverged": 100.0},
    )
    assert seen.losses == [1.0, 2.0, 4.0]
    assert seen.smoothed == pytest.approx([1.0, (1 + 2 * 2) / 3, (1 + 2 * 2 + 4 * 4) / 7])


def test_stops_where_theory_says_that_descent_diverges() -> None:
    model = Bowl()
    optimizer = SGD(model.parameters(), lr=1.0)
    seen = lr_range_test(
        *(model, optimizer, bowl(model.theta)),
        **{"lowest": 0.1, "highest": 100.0, "steps": 300, "smoothing": 0.0},
    )
    assert 2 < seen.lrs[-1] < 4  # found a little later than it begins
    assert len(seen.lrs) == len(seen.losses) == len(seen.smoothed) < 300
    least = min(seen.losses)
    assert seen.losses[-1] > 4 * least
    assert max(seen.losses[seen.losses.index(least) : -1]) <= 4 * least


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 0.5, 1.9, 2.1, 1.0], 4),  # above 4 · 0.5
        ([-1.0, -2.0, 3.9, 4.1, 0.0], 4),  # 3 · 2 above -2: the same distance as from 2 to 8
        ([1.0, math.nan, 1.0], 2),
        ([1.0, math.inf, 1.0], 2),
        ([math.nan, 1.0], 1),
    ],
)
def test_stops_at_a_loss_too_large_or_none(losses: list[float], expected: int) -> None:
    model = Bowl()
    values = iter(losses)
    optimizer = SGD(model.parameters(), lr=1.0)
    updates: list[int] = []
    optimizer.register_step_post_hook(lambda *_: updates.append(1))
    seen = lr_range_test(
        *(model, optimizer, lambda: model.theta.sum() * 0 + next(values)),
        **{"steps": len(losses), "smoothing": 0.0},
    )
    assert len(seen.losses) == expected
    assert len(updates) == expected - 1  # a loss that ends the run is not trained on
    torch.testing.assert_close(seen.losses, losses[:expected], equal_nan=True)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 1.0, 1.0, 6.0, 1.0], 5),  # 6 is above 4 · 1, but the mean is 3.7 only
        ([1.0, 0.2, 1.0, 1.4, 1.0], 5),  # the mean 1.1 is above 4 · 0.2, but not above 4 · 0.47
        ([1.0, 1.0, 1.0, 9.0, 1.0], 4),  # the mean is 5.3
    ],
)
def test_one_ragged_batch_does_not_end_it(losses: list[float], expected: int) -> None:
    """The smoothed loss is compared, and with the lowest smoothed one."""
    model = Bowl()
    values = iter(losses)
    seen = lr_range_test(
        *(model, SGD(model.parameters(), lr=1.0), lambda: model.theta.sum() * 0 + next(values)),
        **{"steps": 5, "smoothing": 0.5},
    )
    assert seen.losses == losses[:expected]


@pytest.mark.parametrize("rule", [Momentum, Adam])
@pytest.mark.parametrize("batches", [1000, 5])
def test_leaves_no_trace(rule: Any, batches: int) -> None:
    """Weights, buffers, rates, memory, mode and torch's generator, even when the data run out."""
    model = Network()
    optimizer = rule(model.parameters(), lr=0.01)
    warm = losses_of(model)
    for _ in range(3):
        optimizer.zero_grad()
        warm().backward()
        optimizer.step()
    model.norm.eval()
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    drawn = torch.get_rng_state()
    parameters = list(model.parameters())

    if batches == 5:
        with pytest.raises(StopIteration):
            lr_range_test(model, optimizer, losses_of(model, batches))
    else:
        seen = lr_range_test(model, optimizer, losses_of(model))
        assert seen.losses[-1] != seen.losses[0]

    torch.testing.assert_close(model.state_dict(), weights, rtol=0, atol=0)
    after = optimizer.state_dict()
    assert after["param_groups"] == state["param_groups"]
    for index, memory in state["state"].items():
        torch.testing.assert_close(after["state"][index], memory, rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(mine is yours for mine, yours in zip(parameters, model.parameters(), strict=True))
    assert all(theta.grad is None for theta in model.parameters())
    assert (model.training, model.norm.training) == (True, False)


def test_a_fresh_optimizer_remembers_nothing_of_it() -> None:
    model = Bowl()
    optimizer = Adam(model.parameters())
    seen = lr_range_test(model, optimizer, bowl(model.theta), highest=0.1, steps=9)
    assert len(seen.lrs) == 9  # to the end
    assert not optimizer.state
    assert model.theta.grad is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lowest": 0.0}, "lowest must be positive and finite, not 0.0"),
        ({"lowest": math.nan}, "lowest must be positive and finite, not nan"),
        ({"lowest": 1.0, "highest": 1.0}, "highest must be above lowest, 1.0, and finite, not 1.0"),
        ({"highest": math.inf}, "highest must be above lowest, 1e-06, and finite, not inf"),
        ({"steps": 1}, "steps must be at least 2, not 1"),
        ({"spacing": "log"}, "spacing must be 'geometric' or 'linear', not 'log'"),
        ({"smoothing": 1.0}, "smoothing must be at least 0 and below 1, not 1.0"),
        ({"smoothing": -0.1}, "smoothing must be at least 0 and below 1, not -0.1"),
        ({"diverged": 1.0}, "diverged must be above 1, not 1.0"),
        ({"diverged": math.nan}, "diverged must be above 1, not nan"),
    ],
)
def test_refuses_by_name(options: dict[str, Any], message: str) -> None:
    model = Bowl()
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        lr_range_test(model, SGD(model.parameters(), lr=1.0), bowl(model.theta), **options)


def test_refuses_what_it_could_not_restore() -> None:
    model, other = Bowl(), nn.Parameter(torch.zeros(3, 2))
    optimizer = SGD([model.theta, other], lr=1.0)
    message = r"optimizer holds a parameter of shape \(3, 2\) that is not the model's"
    with pytest.raises(ValueError, match=message):
        lr_range_test(model, optimizer, bowl(model.theta))
