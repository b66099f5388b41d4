import pytest
import torch
from sklearn.metrics.pairwise import linear_kernel, polynomial_kernel, rbf_kernel

from linebyline.linear_models.kernels import linear, polynomial, quadratic_features, rbf


def inputs(rows: int = 6, features: int = 3, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, features, dtype=torch.float64, generator=generator)


X, Z = inputs(), inputs(4, seed=1)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (linear, linear_kernel(X, Z)),
        (polynomial(3), polynomial_kernel(X, Z, degree=3, gamma=1, coef0=1)),
        (polynomial(2, offset=0), polynomial_kernel(X, Z, degree=2, gamma=1, coef0=0)),
        (rbf(0.7), rbf_kernel(X, Z, gamma=1 / (2 * 0.7**2))),
    ],
)
def test_equals_scikit_learn(ours, theirs):
    torch.testing.assert_close(ours(X, Z), torch.from_numpy(theirs))


@pytest.mark.parametrize("kernel", [linear, polynomial(3), rbf(0.7)])
def test_gradient(kernel):
    assert torch.autograd.gradcheck(
        kernel, (X.clone().requires_grad_(), Z.clone().requires_grad_())
    )


@pytest.mark.parametrize("features", [1, 2, 5])
def test_the_quadratic_features_are_the_map_behind_the_kernel(features):
    x, z = inputs(6, features), inputs(4, features, seed=1)
    mapped = quadratic_features(x)
    assert mapped.shape[1] == (features + 1) * (features + 2) // 2
    torch.testing.assert_close(mapped @ quadratic_features(z).T, polynomial(2)(x, z))


def test_the_features_by_hand():
    root = 2**0.5
    wanted = torch.tensor([[1, 2 * root, 3 * root, 4, 9, 6 * root]])
    torch.testing.assert_close(quadratic_features(torch.tensor([[2.0, 3.0]])), wanted)


def test_an_input_is_exactly_one_with_itself():
    far = 1e4 + torch.randn(5, 50, generator=torch.Generator().manual_seed(0))
    assert (rbf(0.01)(far, far).diagonal() == 1).all()


def test_refuses_what_is_no_kernel():
    with pytest.raises(ValueError, match="degree is 0"):
        polynomial(0)
    with pytest.raises(ValueError, match="offset is -1"):
        polynomial(2, offset=-1)
    for width in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="width is"):
            rbf(width)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("kernel", [linear, polynomial(), rbf()])
def test_refuses_inputs_that_do_not_fit(kernel):
    with pytest.raises(ValueError, match="equally many features"):
        kernel(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        kernel(torch.zeros(3), torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        quadratic_features(torch.zeros(3))


def test_the_polynomial_of_degree_one_is_linear():
    torch.testing.assert_close(polynomial(1, offset=0)(X, Z), linear(X, Z))
