import math

import pytest
import torch
from sklearn.svm import LinearSVC

from linebyline.linear_models.linear_svm import LinearSVM, hinge_loss, objective, pegasos
from linebyline.linear_models.perceptron import with_one


def clouds(examples: int = 60, features: int = 4, apart: float = 1.0, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(examples, features, dtype=torch.float64, generator=generator)
    y = torch.where(torch.arange(examples) % 3 == 0, 1, -1)
    x[:, 0] += apart * y
    return x, y


@pytest.mark.parametrize("penalty", [0.05, 1.0])
def test_equals_scikit_learn(penalty):
    x, y = clouds()
    ours = LinearSVM(4, penalty=penalty).fit(x, y, tolerance=1e-9)
    theirs = LinearSVC(loss="hinge", C=penalty, tol=1e-11, max_iter=100_000, random_state=0)
    theirs.fit(x.numpy(), y.numpy())
    wanted = torch.tensor([*theirs.coef_[0], *theirs.intercept_])
    found = torch.cat([ours.weights, ours.bias[None]])
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)
    assert ours(x).tolist() == theirs.predict(x.numpy()).tolist()


def test_the_weights_are_the_mixture_and_the_cases_hold():
    x, y = clouds()
    svm = LinearSVM(4, penalty=0.3).fit(x, y, tolerance=1e-10)
    mixed = (svm.alphas * y) @ with_one(x)
    torch.testing.assert_close(mixed, torch.cat([svm.weights, svm.bias[None]]))
    margins = y * svm.score(x)
    assert (margins[svm.alphas == 0] >= 1 - 1e-8).all()
    assert (margins[svm.alphas == 0.3] <= 1 + 1e-8).all()
    free = margins[(svm.alphas > 0) & (svm.alphas < 0.3)]
    assert len(free) > 0
    torch.testing.assert_close(free, torch.ones_like(free))


def test_hinge_loss_by_hand():
    scores, y = torch.tensor([2.0, 0.5, -1, -3]), torch.tensor([1, 1, 1, -1])
    assert hinge_loss(scores, y).tolist() == [0, 0.5, 2, 0]
    w, x = torch.tensor([2.0]), torch.tensor([[1.0], [0.25]])
    assert objective(w, x, torch.tensor([1, 1]), 0.5).item() == pytest.approx(1 + 0.25)


def test_hinge_gradient():
    _, y = clouds()
    scores = torch.linspace(-2, 2.05, len(y), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(hinge_loss, (scores, y))


def test_pegasos_reaches_the_same_optimum():
    x, y = clouds()
    decay = 1 / (len(y) * 0.3)
    svm = LinearSVM(4, penalty=0.3).fit(x, y, tolerance=1e-9)
    best = objective(torch.cat([svm.weights, svm.bias[None]]), with_one(x), y, decay)
    run = pegasos(with_one(x), y, decay=decay, marks=[100, 10_000])
    early, late = (objective(w, with_one(x), y, decay) - best for w in run.averages)
    assert 0 < late < early / 10
    assert late < 1e-2
    share = run.touches / run.visits
    assert (share - svm.alphas / 0.3).abs().mean() < 0.05


def test_pegasos_steps_along_the_gradient():
    """Autograd takes the same steps, of the learning rate 1 / (decay t)."""
    x, y = clouds()
    run = pegasos(x, y, decay=0.1, marks=[1, 40], seed=3)
    drawn = torch.randint(60, (40,), generator=torch.Generator().manual_seed(3))
    w, seen = x.new_zeros(4, requires_grad=True), []
    for t, i in enumerate(drawn.tolist(), start=1):
        loss = objective(w, x[i : i + 1], y[i : i + 1], 0.1)
        (slope,) = torch.autograd.grad(loss, w)
        seen.append(w.detach())
        w = (w - slope / (0.1 * t)).detach().requires_grad_()
    torch.testing.assert_close(run.weights, w.detach())
    torch.testing.assert_close(run.averages, torch.stack([seen[0], torch.stack(seen).mean(0)]))
    assert run.visits.equal(torch.bincount(drawn, minlength=60))
    mixed = (run.touches * y).double() @ x / (0.1 * 40)
    torch.testing.assert_close(run.weights, mixed)


def test_refuses_bad_settings():
    with pytest.raises(ValueError, match="in_features is 0"):
        LinearSVM(0)
    for penalty in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="penalty is"):
            LinearSVM(2, penalty=penalty)
    x, y = clouds(features=2)
    with pytest.raises(ValueError, match="tolerance is 0"):
        LinearSVM(2).fit(x, y, tolerance=0)
    with pytest.raises(ValueError, match="x has 2 features"):
        LinearSVM(3).fit(x, y)
    with pytest.raises(ValueError, match="epochs is 1, too few"):
        LinearSVM(2, penalty=100).fit(x, y, epochs=1)
    with pytest.raises(ValueError, match="y must be -1 and"):
        LinearSVM(2).fit(x, (y + 1) // 2)
    with pytest.raises(ValueError, match="decay is 0"):
        pegasos(x, y, decay=0, marks=[1])
    for marks in ([], [0, 1], [2, 1], [1, 1]):
        with pytest.raises(ValueError, match="marks is"):
            pegasos(x, y, decay=1, marks=marks)


def test_one_input_and_a_machine_of_its_own():
    x, y = clouds()
    svm = LinearSVM(1).fit(x[:, :1], y)
    before = svm.score(x[:, :1])
    svm.bias.add_(1)
    torch.testing.assert_close(svm.score(x[:, :1]), before + 1)
