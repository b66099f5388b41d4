import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from linebyline.ensembles.stacking import stacking_weights


def errors(members=3):
    g = torch.Generator().manual_seed(0)
    mix = torch.rand(members, members, generator=g).double()
    return torch.randn(60, members, generator=g).double() @ mix


def test_no_other_weights_are_better():
    e = errors()
    w = stacking_weights(e)
    whole = {"type": "eq", "fun": lambda w: w.sum() - 1}
    best = minimize(
        lambda w: np.square(e.numpy() @ w).mean(), np.ones(3) / 3, constraints=whole, tol=1e-12
    )
    np.testing.assert_allclose(w, best.x, atol=1e-4)
    assert w.sum() == pytest.approx(1)


def test_two_that_err_apart_get_what_their_squares_say():
    """Mean squares 4 and 1, no product: weights 1/5 and 4/5."""
    e = torch.tensor([[2.0, 1], [2, -1], [-2, 1], [-2, -1]])
    torch.testing.assert_close(stacking_weights(e), torch.tensor([0.2, 0.8]))


def test_refuses_twins():
    e = errors(2)
    with pytest.raises(ValueError, match="err alike"):
        stacking_weights(torch.cat([e, e[:, :1]], dim=1))


def test_refuses_fewer_examples_than_members():
    with pytest.raises(ValueError, match="2 examples, fewer than the 3 members"):
        stacking_weights(torch.rand(2, 3))


def test_as_many_examples_as_members_are_enough():
    w = stacking_weights(errors()[:3])
    assert w.sum() == pytest.approx(1)
