import math

import pytest
import torch
from sklearn.svm import SVC

from linebyline.linear_models.kernel_svm import KernelSVM, check_kernel
from linebyline.linear_models.kernels import linear, polynomial, rbf
from linebyline.linear_models.separability import separability

CORNERS = torch.tensor([[0.0, 0], [2, 0], [0, 2], [3, 3]], dtype=torch.float64)
SIDES = torch.tensor([-1, 1, 1, 1])


def clouds(examples: int = 60, features: int = 4, apart: float = 1.0, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(examples, features, dtype=torch.float64, generator=generator)
    y = torch.where(torch.arange(examples) % 3 == 0, 1, -1)
    x[:, 0] += apart * y
    return x, y


THEIRS = {
    "linear": (linear, {"kernel": "linear"}),
    "polynomial": (polynomial(3), {"kernel": "poly", "degree": 3, "gamma": 1, "coef0": 1}),
    "rbf": (rbf(1.5), {"kernel": "rbf", "gamma": 1 / (2 * 1.5**2)}),
}


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_equals_scikit_learn(name, penalty):
    # LIBSVM keeps its kernel matrix in single precision. Of such numbers dot products are exact
    # there; other kernels are not, and cost digits.
    x, y = clouds()
    x, new = ((256 * part).round() / 256 for part in (x, clouds(seed=1)[0]))
    kernel, settings = THEIRS[name]
    ours = KernelSVM(kernel, penalty=penalty).fit(x, y, tolerance=1e-9)
    theirs = SVC(C=penalty, tol=1e-9, **settings).fit(x.numpy(), y.numpy())
    assert ours.support.tolist() == sorted(theirs.support_.tolist())
    signed = torch.from_numpy(theirs.dual_coef_[0])[theirs.support_.argsort()]
    near = {"rtol": 1e-6, "atol": 1e-6} if name == "linear" else {"rtol": 1e-4, "atol": 1e-4}
    torch.testing.assert_close(ours.signed, signed, **near)
    scores = torch.from_numpy(theirs.decision_function(new.numpy()))
    torch.testing.assert_close(ours.score(new), scores, **near)
    assert ours(new).tolist() == theirs.predict(new.numpy()).tolist()


def test_by_hand():
    """The street x + y = 0 to x + y = 2, held by the first three; the fourth is behind it."""
    svm = KernelSVM(penalty=math.inf).fit(CORNERS, SIDES, tolerance=1e-10)
    assert svm.support.tolist() == [0, 1, 2]
    torch.testing.assert_close(svm.alphas, svm.alphas.new_tensor([1, 0.5, 0.5]))
    torch.testing.assert_close(svm.score(CORNERS), CORNERS.new_tensor([-1, 1, 1, 5]))
    assert svm.squared_norm == pytest.approx(2)
    assert svm.bias.item() == pytest.approx(-1)


def test_the_hard_margin_is_that_of_separability():
    """Which pays for the bias: give it the points already moved so that the best bias is 0."""
    x, y = clouds(apart=6)
    svm = KernelSVM(penalty=math.inf).fit(x, y, tolerance=1e-10)
    w = svm.signed @ svm.vectors
    moved = x + svm.bias * w / (w @ w)
    found = separability(moved, y, bias=False)
    assert found.margin == pytest.approx(1 / math.sqrt(svm.squared_norm), rel=1e-6)
    torch.testing.assert_close(found.weights, w / w.norm(), rtol=1e-6, atol=1e-6)
    assert svm.alphas.sum().item() == pytest.approx(svm.squared_norm)


@pytest.mark.parametrize("name", THEIRS)
def test_each_example_is_in_one_of_three_cases(name):
    x, y = clouds(apart=0.5)
    svm = KernelSVM(THEIRS[name][0], penalty=0.5).fit(x, y, tolerance=1e-9)
    alphas = x.new_zeros(len(x))
    alphas[svm.support] = svm.alphas
    margins = y * svm.score(x)
    assert (margins[alphas == 0] >= 1 - 1e-8).all()
    assert (margins[alphas == 0.5] <= 1 + 1e-8).all()
    on_edge = margins[(alphas > 0) & (alphas < 0.5)]
    torch.testing.assert_close(on_edge, torch.ones_like(on_edge), rtol=0, atol=1e-8)
    assert (alphas <= 0.5).all()
    assert (alphas @ y.to(x)).abs() < 1e-9
    slack = (1 - margins).clamp(min=0).sum().item()
    primal, dual = svm.squared_norm / 2 + 0.5 * slack, alphas.sum() - svm.squared_norm / 2
    assert primal == pytest.approx(dual.item(), abs=1e-7)


def test_the_others_can_go_and_a_support_vector_cannot():
    x, y = clouds()
    svm = KernelSVM(penalty=1).fit(x, y, tolerance=1e-9)
    fewer = KernelSVM(penalty=1).fit(x[svm.support], y[svm.support], tolerance=1e-9)
    torch.testing.assert_close(fewer.score(x), svm.score(x), rtol=1e-6, atol=1e-6)
    rest = torch.arange(len(x)) != svm.support[0]
    moved = KernelSVM(penalty=1).fit(x[rest], y[rest], tolerance=1e-9)
    assert (moved.score(x) - svm.score(x)).abs().max() > 1e-3


def test_without_a_free_example_the_bias_is_in_the_middle():
    """Two points each on one spot: all at the limit, and the bias could be anything in between."""
    x, y = CORNERS.new_tensor([[-0.5], [0.5]]), torch.tensor([-1, 1])
    svm = KernelSVM(penalty=0.25).fit(x, y)
    assert svm.alphas.tolist() == [0.25, 0.25]
    assert svm.bias == 0
    assert KernelSVM(penalty=0.25).fit(x + 3, y).score(x + 3).sum().item() == pytest.approx(0)


def test_it_learns_xor():
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = torch.tensor([-1, 1, 1, -1])
    svm = KernelSVM(polynomial(2), penalty=math.inf).fit(x, y)
    assert svm(x).equal(y)
    assert svm.score(x).dtype == torch.float32


def test_a_loose_tolerance_takes_fewer_steps():
    x, y = clouds(200)
    loose, tight = (KernelSVM(rbf(1)).fit(x, y, tolerance=tol).steps for tol in (1e-1, 1e-8))
    assert 0 < loose < tight


def test_refuses_bad_settings():
    for penalty in (0, -1, math.nan):
        with pytest.raises(ValueError, match="penalty is"):
            KernelSVM(penalty=penalty)
    with pytest.raises(ValueError, match="tolerance is 0"):
        KernelSVM().fit(CORNERS, SIDES, tolerance=0)
    with pytest.raises(ValueError, match="call fit"):
        KernelSVM().score(CORNERS)


def test_refuses_bad_examples():
    with pytest.raises(ValueError, match="only the answer 1"):
        KernelSVM().fit(CORNERS, torch.ones(4, dtype=torch.long))
    with pytest.raises(ValueError, match="y must be -1 and"):
        KernelSVM().fit(CORNERS, torch.tensor([0, 1, 1, 2]))
    with pytest.raises(ValueError, match="not finite"):
        KernelSVM().fit(CORNERS * math.nan, SIDES)


def test_a_hard_margin_on_classes_that_overlap_gives_up():
    x, y = clouds(apart=0)
    with pytest.raises(ValueError, match="max_steps is 300"):
        KernelSVM(penalty=math.inf).fit(x, y, max_steps=300)


def test_refuses_what_is_no_dot_product():
    def sigmoid(x, z):
        return torch.tanh(x @ z.T - 1)

    with pytest.raises(ValueError, match="not positive semidefinite"):
        KernelSVM(sigmoid).fit(CORNERS, SIDES)
    with pytest.raises(ValueError, match="not symmetric"):
        check_kernel(torch.tensor([[1.0, 0], [0.5, 1]]))
    with pytest.raises(ValueError, match="square and finite"):
        check_kernel(torch.full((2, 2), math.inf))
    with pytest.raises(ValueError, match="square and finite"):
        check_kernel(torch.zeros(2, 3))
    flat = torch.ones(50, 50, dtype=torch.float64)
    check_kernel(flat)  # of rank 1: its other eigenvalues are 0 up to rounding
    with pytest.raises(ValueError, match="semidefinite"):
        check_kernel(flat - 1e-6 * torch.eye(50, dtype=torch.float64))
