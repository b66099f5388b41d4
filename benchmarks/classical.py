"""The models that are not networks, beside scikit-learn: fitting, and predicting.

Both sides get the same data in float64 and are asked for the same optimum; where it is unique, two
sides whose predictions differ are not timed. scikit-learn's trees and support vector machines are
Cython and C++, and ours are a few dozen lines of PyTorch: a ratio below 1 is expected there, and
the question is how far below. Last, steps of tabular Q-learning are counted on a Gymnasium
environment, beside the environment's own steps without an agent that learns, and those of a deep
Q-network on eight CartPoles.

    python benchmarks/classical.py [--repetitions 11]
"""

import os

os.environ |= dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")  # one thread a side

import random
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import torch
from comparison import Run, compare, options, record
from sklearn import ensemble, linear_model, svm, tree
from torch import Tensor
from torch.nn.functional import one_hot

from linebyline.ensembles.adaboost import AdaBoost
from linebyline.ensembles.decision_tree import grow
from linebyline.ensembles.gradient_boosting import GradientBoosting
from linebyline.ensembles.random_forest import random_forest
from linebyline.linear_models.kernel_svm import KernelSVM
from linebyline.linear_models.kernels import rbf
from linebyline.linear_models.lasso import lasso_regression
from linebyline.linear_models.linear_regression import least_squares
from linebyline.linear_models.linear_svm import LinearSVM
from linebyline.linear_models.logistic_regression import fit_newton
from linebyline.linear_models.ridge import ridge_regression
from linebyline.linear_models.softmax_regression import fit_softmax
from linebyline.reinforcement.dqn import DQN, Settings
from linebyline.reinforcement.q_learning import QLearning
from linebyline.studies.replay_and_targets import cart_poles

MEASURED = [
    "src/linebyline/linear_models",
    "src/linebyline/ensembles",
    "src/linebyline/reinforcement",
]
EXAMPLES, FEATURES, CLASSES = 2000, 20, 5
STEPS = 20_000
Fit = Callable[[], Callable[[Tensor], Any]]  # fits, and returns what predicts


def table() -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, a number to be predicted, and a class of five."""
    draw = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw, dtype=torch.float64)

    x = normal(EXAMPLES, FEATURES)
    number = x @ normal(FEATURES) + (x[:, 0] * x[:, 1]).sin() + normal(EXAMPLES)
    return x, number, (x @ normal(FEATURES, CLASSES) + normal(EXAMPLES, CLASSES)).argmax(1)


def peer(model: Any, x: Tensor, y: Tensor, method: str = "predict") -> Fit:
    """One of scikit-learn's."""
    inputs, targets = x.numpy(), y.numpy()

    def fit() -> Callable[[Tensor], Any]:
        model.fit(inputs, targets)
        return lambda rows: getattr(model, method)(rows.numpy())

    return fit


def pairs() -> Iterator[tuple[str, float | None, Fit, Fit]]:
    """Name, by how much answers may differ (None: the optimum is not unique), ours, and theirs."""
    x, number, label = table()
    two = (label == 0).long()
    signs, hot = 2 * two - 1, one_hot(label).double()
    n, penalty, all_of = len(x), 1e-2, {"tol": 1e-10, "max_iter": 10_000}
    yield (
        "least squares",
        1e-8,
        lambda: least_squares(x, number).predict,
        peer(linear_model.LinearRegression(), x, number),
    )
    yield (
        "ridge",
        1e-8,
        lambda: ridge_regression(x, number, 10.0).predict,
        peer(linear_model.Ridge(alpha=10.0), x, number),
    )
    yield (
        "lasso",
        1e-6,
        lambda: lasso_regression(x, number, 200.0).predict,
        peer(linear_model.Lasso(alpha=200.0 / n, **all_of), x, number),
    )
    logistic = linear_model.LogisticRegression(C=1 / (n * penalty), **all_of)
    yield (
        "logistic regression, Newton",
        1e-5,
        lambda: fit_newton(x, two, penalty=penalty).score,
        peer(logistic, x, two, "decision_function"),
    )
    yield (
        "softmax regression, five classes",
        1e-3,
        lambda: fit_softmax(x, label, penalty=penalty).probability,
        peer(logistic, x, label, "predict_proba"),
    )
    yield (
        "support vector machine, linear",
        None,
        lambda: LinearSVM(FEATURES, penalty=0.1).fit(x, signs, tolerance=1e-3).score,
        peer(svm.LinearSVC(C=0.1, loss="hinge", max_iter=100_000), x, signs, "decision_function"),
    )
    yield (
        "support vector machine, RBF kernel",
        1e-2,
        lambda: (
            KernelSVM(rbf((FEATURES / 2) ** 0.5), penalty=1.0).fit(x, signs, tolerance=1e-3).score
        ),
        peer(svm.SVC(gamma=1 / FEATURES, tol=1e-3), x, signs, "decision_function"),
    )
    yield (
        "decision tree",
        None,
        lambda: grow(x, hot),
        peer(tree.DecisionTreeClassifier(random_state=0), x, label),
    )
    yield (
        "random forest of 50 trees",
        None,
        lambda: random_forest(x, hot, trees=50, features_tried=4),
        peer(ensemble.RandomForestClassifier(50, max_features=4, random_state=0), x, label),
    )
    yield (
        "AdaBoost of 50 stumps",
        None,
        lambda: AdaBoost(50).fit(x, signs),
        peer(ensemble.AdaBoostClassifier(n_estimators=50, random_state=0), x, signs),
    )
    boosted = ensemble.GradientBoostingRegressor(n_estimators=50, max_depth=3, learning_rate=0.1)
    yield (
        "gradient boosting of 50 trees",
        1e-6,
        lambda: GradientBoosting(50, max_depth=3, learning_rate=0.1).fit(x, number),
        peer(boosted, x, number),
    )


def refuse_two_answers(name: str, allowed: float | None, ours: Any, theirs: Any) -> None:
    """Two sides that answer differently are no comparison."""
    if allowed is None:
        return
    apart = (torch.as_tensor(ours) - torch.as_tensor(theirs)).abs().max().item()
    if apart > allowed:
        raise SystemExit(f"{name}: the two sides' answers differ by {apart:.2g}")


def steps(learning: bool) -> Run:
    """So many steps on the lake of ice, with an agent that learns or with random actions only."""

    def run() -> None:
        environment = gymnasium.make("FrozenLake-v1")
        if learning:
            agent = QLearning(environment, discount=0.95, epsilon=1.0)
            while agent.visits.sum() < STEPS:
                agent.run(100)
            return
        draw = random.Random(0)
        environment.reset(seed=0)
        for _ in range(STEPS):
            _, _, terminated, truncated, _ = environment.step(draw.randrange(4))
            if terminated or truncated:
                environment.reset()

    return run


def cart_steps(learning: bool) -> Run:
    """A tenth as many on eight CartPoles side by side, with a deep Q-network or at random."""

    def run() -> None:
        carts = cart_poles(8)
        if learning:
            DQN(carts, Settings()).run(STEPS // 10)  # an update for each eight steps
            return
        draw = torch.Generator().manual_seed(0)
        carts.reset(seed=0)
        for _ in range(STEPS // 80):
            carts.step(torch.randint(2, (8,), generator=draw).numpy())

    return run


def main() -> None:
    """Time every pair; a ratio is scikit-learn's time divided by ours."""
    asked = options(__doc__, repetitions=11)
    if asked.device != "cpu":
        raise SystemExit("scikit-learn works on a CPU: give --device cpu")
    x, _, _ = table()
    figures = {}
    for name, allowed, ours, theirs in pairs():
        fitted = ours(), theirs()
        refuse_two_answers(name, allowed, *(predict(x) for predict in fitted))
        sides = {
            "fit": (ours, theirs),
            "predict": tuple(lambda predict=predict: predict(x) for predict in fitted),
        }
        figures[name] = {
            what: compare(*runs, asked.device, asked.repetitions) for what, runs in sides.items()
        }
        fit, predict = (figures[name][what]["ratio"] for what in sides)
        print(f"fit {fit:7.3f}  predict {predict:7.3f}  {name}")
    agent = compare(steps(True), steps(False), asked.device, asked.repetitions)
    rates = {side: round(1000 * STEPS / agent[f"{side}_ms"]) for side in ("ours", "torch")}
    print(f"{rates['ours']} steps a second with Q-learning, {rates['torch']} without an agent")
    agent = compare(cart_steps(True), cart_steps(False), asked.device, asked.repetitions)
    carts = {side: round(100 * STEPS / agent[f"{side}_ms"]) for side in ("ours", "torch")}
    print(f"{carts['ours']} steps a second with a DQN, {carts['torch']} without an agent")
    figures["steps a second"] = {
        "q_learning": rates["ours"],
        "environment": rates["torch"],
        "dqn": carts["ours"],
        "eight_carts": carts["torch"],
    }
    record(__file__, asked, MEASURED, {"ratios": figures})


if __name__ == "__main__":
    main()
