"""Evaluation equals one pass over all examples, learns nothing, and leaves the model as it was."""

import pytest
import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn

from linebyline.data.examples import Examples
from linebyline.layers.mlp import MLP
from linebyline.losses.mse import mean_squared_error
from linebyline.training.evaluation import evaluate
from linebyline.training.metrics import accuracy


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def examples() -> Examples:
    inputs = torch.randn(50, 4, dtype=torch.float64, generator=seeded())
    return Examples(inputs, torch.randint(3, (50,), generator=seeded(1)))


@pytest.fixture
def model() -> MLP:
    return MLP([4, 8, 3], generator=seeded(2)).double()


@pytest.mark.parametrize("batch_size", [1, 7, 50, 256])
def test_equals_one_pass_over_all(model: MLP, examples: Examples, batch_size: int) -> None:
    inputs, targets = examples
    loss = nn.functional.cross_entropy
    figures = evaluate(model, loss, examples, metrics={"hits": accuracy}, batch_size=batch_size)
    logits = model(inputs).detach()
    assert figures["loss"] == pytest.approx(loss(logits, targets).item(), rel=1e-12)
    expected = accuracy_score(targets.numpy(), logits.argmax(1).numpy())
    assert figures["hits"] == pytest.approx(expected, abs=1e-7)
    assert list(figures) == ["loss", "hits"]


def test_learns_nothing(model: MLP, examples: Examples) -> None:
    seen: list[Tensor] = []

    def loss(prediction: Tensor, target: Tensor) -> Tensor:
        seen.append(prediction)
        return nn.functional.cross_entropy(prediction, target)

    evaluate(model, loss, examples)
    assert not any(prediction.requires_grad for prediction in seen)
    assert all(theta.grad is None for theta in model.parameters())


def test_dropout_is_off_and_every_layer_gets_its_mode_back(examples: Examples) -> None:
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(4, 3), nn.BatchNorm1d(3)).double()
    model[2].eval()  # frozen by someone
    statistics = model[2].running_mean.clone()
    first = evaluate(model, nn.functional.cross_entropy, examples)
    assert first == evaluate(model, nn.functional.cross_entropy, examples)
    assert [part.training for part in model] == [True, True, False]
    assert model.training
    assert torch.equal(model[2].running_mean, statistics)


def test_the_mode_comes_back_after_an_error(model: MLP, examples: Examples) -> None:
    with pytest.raises(ZeroDivisionError):
        evaluate(model, lambda *_: torch.tensor(1 // 0), examples)
    assert model.training


def test_refuses_a_metric_called_loss(model: MLP, examples: Examples) -> None:
    with pytest.raises(ValueError, match="metrics must not hold the name 'loss'"):
        evaluate(model, nn.functional.cross_entropy, examples, metrics={"loss": accuracy})


def test_refuses_a_loss_that_is_no_mean(model: MLP, examples: Examples) -> None:
    def one_each(prediction: Tensor, target: Tensor) -> Tensor:
        return nn.functional.cross_entropy(prediction, target, reduction="none")

    with pytest.raises(ValueError, match=r"'loss' must return a scalar tensor.*\(50,\)"):
        evaluate(model, one_each, examples)


def test_refuses_examples_that_do_not_fit(model: MLP, examples: Examples) -> None:
    with pytest.raises(ValueError, match="examples must have a target for each input"):
        evaluate(model, mean_squared_error, Examples(examples.inputs, examples.targets[:-1]))
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        evaluate(model, mean_squared_error, examples, batch_size=0)
