import pytest
import torch

from linebyline.linear_models.newton import Touch, newton_path


def parabola(w):
    """w1² + 2 w2² - 2 w1 - 8 w2, whose bottom is (1, 2), worked out on paper."""
    a = torch.diag(w.new_tensor([2.0, 4.0]))
    b = w.new_tensor([2.0, 8.0])
    return Touch(w @ a @ w / 2 - b @ w, a @ w - b, a)


def largest(step):
    return step.abs().max()


def test_a_parabola_takes_one_step_and_one_to_see_it():
    path, arrived = newton_path(
        parabola, torch.zeros(2, dtype=torch.float64), moved=largest, max_steps=9
    )
    assert arrived
    assert len(path) == 3
    torch.testing.assert_close(path[1], torch.tensor([1.0, 2.0], dtype=torch.float64))


def steep(w):
    """Log cosh: from 2, whole steps of Newton's method fly apart."""
    value = torch.log(torch.cosh(w)).sum()
    return Touch(value, torch.tanh(w), torch.diag(1 / torch.cosh(w) ** 2))


def test_backtracking_keeps_steps_that_are_too_long_in_check():
    start = torch.tensor([2.0], dtype=torch.float64)
    path, arrived = newton_path(steep, start, moved=largest, max_steps=30)
    assert arrived
    assert path[-1].abs() < 1e-12
    values = torch.log(torch.cosh(path)).flatten()
    assert (values.diff()[:-1] < 0).all()
    assert (start - torch.sinh(start) * torch.cosh(start)).abs() > 10  # the whole step


def test_the_digits_double():
    start = torch.tensor([1.0], dtype=torch.float64)
    path, _ = newton_path(steep, start, moved=largest, max_steps=30)
    errors = path[1:-2].abs().flatten()  # cubic here, for the third derivative is 0 at the bottom
    assert (errors[1:] < errors[:-1] ** 2).all()


def test_says_if_it_did_not_arrive():
    path, arrived = newton_path(steep, torch.tensor([2.0]), moved=largest, max_steps=1)
    assert not arrived
    assert len(path) == 2


def test_stops_where_the_hessian_cannot_be_inverted():
    def flat(w):
        return Touch(w.sum(), torch.ones_like(w), torch.zeros(2, 2))

    path, arrived = newton_path(flat, torch.zeros(2), moved=largest, max_steps=5)
    assert not arrived
    assert len(path) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_all_is_computed_in_the_type_of_the_start(dtype):
    path, arrived = newton_path(parabola, torch.zeros(2, dtype=dtype), moved=largest, max_steps=9)
    assert arrived
    assert path.dtype == dtype
