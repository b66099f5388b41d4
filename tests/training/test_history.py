"""A history says in one line what it holds, plots it, and is continued only by its like."""

from typing import Any

import matplotlib.pyplot as plt
import pytest

from linebyline.plotting import curves
from linebyline.training.history import History


@pytest.fixture
def history() -> History:
    record = History()
    record.step_loss += [4.0, 3.0, 2.0]
    record.add_epoch({"loss": 3.0, "accuracy": 0.25}, {"loss": 2.5, "accuracy": 0.5})
    record.step_loss += [1.5, 1.0, 0.5]
    record.add_epoch({"loss": 1.0, "accuracy": 0.75}, {"loss": 1.25, "accuracy": 0.625})
    return record


def test_holds_steps_and_epochs(history: History) -> None:
    assert history.epochs == 2
    assert history.epoch_ends == [3, 6]
    assert history.train_loss == [3.0, 1.0]
    assert history.test_loss == [2.5, 1.25]
    assert history.train_metrics == {"accuracy": [0.25, 0.75]}
    assert history.test_metrics == {"accuracy": [0.5, 0.625]}


def test_two_histories_share_nothing(history: History) -> None:
    assert History().step_loss == []
    assert History().train_metrics == {}


def test_is_one_line(history: History) -> None:
    assert repr(history) == (
        "History(2 epochs, 6 steps: train loss 1, test loss 1.25, "
        "train accuracy 0.75, test accuracy 0.625)"
    )
    assert repr(History()) == "History(0 epochs, 0 steps)"


def test_asks_for_its_curves(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def training_curves(steps: list[int], train_loss: list[float], **rest: Any) -> Any:
        asked.update(steps=steps, train_loss=train_loss, **rest)
        return rest["ax"]

    monkeypatch.setattr(curves, "training_curves", training_curves)
    figure, ax = plt.subplots()
    assert history.plot(ax=ax) is ax
    plt.close(figure)
    assert asked == {
        "steps": [1, 2, 3, 4, 5, 6],
        "train_loss": history.step_loss,
        "epochs": [3, 6],
        "test_loss": [2.5, 1.25],
        "metrics": {"train accuracy": [0.25, 0.75], "test accuracy": [0.5, 0.625]},
        "ax": ax,
    }


def test_plots_itself(history: History) -> None:
    ax = history.plot()
    assert ax.get_ylabel() == "loss"
    drawn = [line.get_ydata().tolist() for line in ax.get_lines()]
    assert history.step_loss in drawn
    assert history.test_loss in drawn
    plt.close(ax.figure)


def test_plots_what_there_is_of_an_unfinished_epoch() -> None:
    ax = History(step_loss=[3.0, 2.0]).plot()
    assert [line.get_ydata().tolist() for line in ax.get_lines()] == [[3.0, 2.0]]
    plt.close(ax.figure)


def test_refuses_to_plot_nothing() -> None:
    with pytest.raises(ValueError, match="history holds no step yet"):
        History().plot()


def test_is_continued_by_its_like(history: History) -> None:
    history.check_continues(["accuracy"], has_test=True)
    History().check_continues(["anything"], has_test=False)


def test_refuses_other_metrics(history: History) -> None:
    message = r"history records the metrics \['accuracy'\], so metrics cannot be \['hits'\]"
    with pytest.raises(ValueError, match=message):
        history.check_continues(["hits"], has_test=True)


def test_refuses_a_test_set_that_comes_or_goes(history: History) -> None:
    with pytest.raises(ValueError, match="recorded with a test set, so data cannot be without"):
        history.check_continues(["accuracy"], has_test=False)
    alone = History()
    alone.add_epoch({"loss": 1.0})
    with pytest.raises(ValueError, match="recorded without a test set, so data cannot be with"):
        alone.check_continues([], has_test=True)
