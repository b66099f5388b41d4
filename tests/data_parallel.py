"""What two processes do for test_loop.py: run by torchrun, it saves what came out in each."""

import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from linebyline.data.examples import Examples, TrainTest
from linebyline.layers.mlp import MLP
from linebyline.training.adversarial import GameHistory, Player, play
from linebyline.training.divergence import NonFiniteLossError
from linebyline.training.history import History
from linebyline.training.loop import fit
from linebyline.training.metrics import accuracy
from linebyline.training.placement import Placement

CASES: dict[str, dict[str, Any]] = {
    "even": {"count": 48},
    "uneven": {"count": 53, "batch_size": 7},
    "one left": {"count": 49},  # the last batch has an example for one of two processes
    "pieces": {"count": 53, "batch_size": 11, "accumulation": 3},
    "pieces for one": {"count": 50, "accumulation": 3},  # the last 2 go to the first process
    "one test example": {"count": 48, "tested": 1},
    "no test": {"count": 48, "tested": 0},
    "double": {"count": 53, "batch_size": 7, "precision": "64-true"},
    "single": {"count": 53, "batch_size": 7, "strategy": "single"},
}


def examples(count: int, seed: int) -> Examples:
    """Points of three classes, divided by planes."""
    inputs = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
    planes = torch.randn(4, 3, generator=torch.Generator().manual_seed(99))
    return Examples(inputs, (inputs @ planes).argmax(1))


def train(
    count: int, tested: int = 30, epochs: int = 3, start: int = 1, **options: Any
) -> dict[str, Any]:
    """One run of `fit`, and what it leaves."""
    model = MLP([4, 8, 3], generator=torch.Generator().manual_seed(start))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    train = examples(count, 0)
    data = TrainTest(train, examples(tested, 5)) if tested else train
    options = {"batch_size": 16, "metrics": {"hits": accuracy}, "device": "cpu"} | options
    history = History()
    for _ in range(2):  # the second call goes on
        fit(model, nn.functional.cross_entropy, optimizer, data, epochs=epochs, history=history,
            **options)  # fmt: skip
    return {"history": vars(history), "weights": model.state_dict()}


def smooth(critic: nn.Module, real: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """A penalty on slopes between data and samples, which is differentiated twice."""
    between = ((real + made) / 2).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (slopes.norm(dim=1) - 1).square().mean()


def game(start: int = 1, **options: Any) -> dict[str, Any]:
    """One game of two networks, in two calls, and what it leaves."""
    draw = torch.Generator().manual_seed(start)
    made = MLP([3, 8, 4], activation=torch.tanh, generator=draw)
    judge = MLP([4, 8, 1], activation=torch.tanh, generator=draw)
    critic = Player(
        judge,
        lambda real, fake, labels: (fake - real * (1 + labels[:, None])).mean(),
        torch.optim.Adam(judge.parameters(), lr=0.01),
    )
    generator = Player(
        made, lambda fake: -fake.mean(), torch.optim.Adam(made.parameters(), lr=0.01)
    )
    history = GameHistory()

    def noise(count, g):
        return torch.randn(count, 3, generator=g)

    for _ in range(2):
        play(critic, generator, examples(30, 0), noise, rounds=4, batch_size=7, critic_steps=2,
             regularizer=smooth, device="cpu", precision="64-true", history=history,
             **options)  # fmt: skip
    losses = {"critic": history.critic_loss, "generator": history.generator_loss}
    return {"losses": losses, "weights": {**made.state_dict(), "judge": judge.layers[0].weight}}


def dropout_masks() -> torch.Tensor:
    """The masks that this process's dropout draws."""
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5))
    masks: list[torch.Tensor] = []
    model[1].register_forward_hook(lambda *args: masks.append(args[2] == 0))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = History()
    for _ in range(2):
        fit(model, nn.functional.cross_entropy, optimizer, examples(16, 0), epochs=1,
            history=history, device="cpu")  # fmt: skip
    return torch.stack(masks)


def running_mean() -> torch.Tensor:
    """What batch normalization remembers, after a test set that is not cut evenly."""
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = TrainTest(examples(40, 0), examples(257 * 2 - 1, 5))
    fit(model, nn.functional.cross_entropy, optimizer, data, epochs=2, batch_size=10, device="cpu")
    return model[1].running_mean


def refusals() -> list[str]:
    """What is said to wrong arguments, and to a loss that is no number in one process only."""
    said = []
    for wrong in ({"batch_size": 1}, {"batch_size": 3, "accumulation": 2}):
        try:
            train(16, **wrong)
        except ValueError as error:
            said.append(str(error))
    model = nn.Linear(4, 3)
    bad = examples(16, 0)
    bad.inputs[:, 0] = torch.where(torch.arange(16) == 3, torch.nan, bad.inputs[:, 0])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    try:
        fit(model, nn.functional.cross_entropy, optimizer, bad, epochs=1, device="cpu")
    except NonFiniteLossError as error:
        said.append(str(error))
    return said


if __name__ == "__main__":
    warnings.simplefilter("error")
    rank = Placement("cpu").rank
    results: dict[str, Any] = {name: train(**case) for name, case in CASES.items()}
    results["first weights"] = train(48, start=1 + rank)
    results["game"] = game(start=1 + rank)
    results["masks"], results["running mean"] = dropout_masks(), running_mean()
    results["refusals"] = refusals()
    torch.save(results, Path(sys.argv[1]) / f"{rank}.pt")
