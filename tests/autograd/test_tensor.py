"""Gradients of random expressions equal torch's and finite differences; a network learns as
torch's does, to the tenth digit; what would make gradients wrong is refused.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from linebyline.autograd.elementwise import Unary
from linebyline.autograd.tensor import Tensor

CONSTANT = np.array([0.5, -1.0, 2.0])
PAIRED = [[-0.5], [1.5], [0.25]]


def turn(x: Any) -> Any:
    """The axes the other way round, in the words of NumPy or of torch."""
    return x.T if isinstance(x, Tensor) else x.permute(tuple(reversed(range(x.ndim))))


def constant(x: Any, numbers: Any) -> Any:
    """A constant: plain numbers for ours, a tensor of its own kind for torch."""
    return numbers if isinstance(x, Tensor) else torch.as_tensor(numbers, dtype=torch.float64)


def by(x: Any, name: str, axis: int | None, keepdims: bool) -> Any:
    """A reduction, in the words of NumPy or of torch."""
    if isinstance(x, Tensor):
        return getattr(x, name)(axis=axis, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis
    theirs = {"max": "amax", "log_sum_exp": "logsumexp"}.get(name, name)
    return getattr(x, theirs)(dim=axes, keepdim=keepdims)


def soft(x: Any, name: str) -> Any:
    """A softmax over the last axis, in the words of NumPy or of torch."""
    return getattr(x, name)(axis=-1) if isinstance(x, Tensor) else getattr(x, name)(dim=-1)


# Each works on ours and on torch's. Those that need positive numbers, or small ones, get them.
UNARY: dict[str, Callable[[Any], Any]] = {
    "negative": lambda x: -x,
    "exp": lambda x: (0.1 * x).exp(),
    "log": lambda x: (x**2 + 0.5).log(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    "power": lambda x: x**3,
    "root": lambda x: (x**2 + 0.5) ** 0.5,
    "exponential": lambda x: 2 ** x.tanh(),
    "constant +": lambda x: constant(x, CONSTANT) + x,
    "constant -": lambda x: constant(x, CONSTANT) - x,
    "constant *": lambda x: constant(x, CONSTANT) * x,
    "constant /": lambda x: constant(x, CONSTANT) / (x**2 + 0.5),
    "constant @": lambda x: constant(x, [PAIRED[0] * 3, PAIRED[1] * 3, PAIRED[2] * 3]) @ x,
    "- constant": lambda x: x - constant(x, PAIRED),
    "/ constant": lambda x: x / constant(x, PAIRED),
    "@ constant": lambda x: x @ constant(x, CONSTANT),
    "sum": lambda x: by(x, "sum", None, False),
    "sum of columns": lambda x: by(x, "sum", 0, False),
    "mean of rows": lambda x: by(x, "mean", -1, True),
    "max of rows": lambda x: by(x, "max", -1, True),
    "max of columns": lambda x: by(x, "max", 0, False),
    "log_sum_exp": lambda x: by(x, "log_sum_exp", -1, False),
    "softmax": lambda x: soft(x, "softmax"),
    "log_softmax": lambda x: soft(x, "log_softmax"),
    "transpose": turn,
    "flat": lambda x: x.reshape(-1),
    "square": lambda x: x.reshape(3, 3),
    "row": lambda x: x[0],
    "rows": lambda x: x[[2, 0, 2]],
    "slice": lambda x: x[..., 1:],
    "new axis": lambda x: x[None],
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / (y**2 + 0.5),
    "@": lambda x, y: x @ y,
}
OPERATIONS: dict[str, Callable[..., Any]] = UNARY | BINARY
KINKED = ("relu", "max of rows", "max of columns")
LEAVES = [(3, 3), (3,), (3, 1), (1, 3), (), (2, 3, 3)]
Steps = list[tuple[str, list[int]]]


def calculate(steps: Steps, leaves: list[Any]) -> list[Any]:
    """The leaves, and the result of each step."""
    tensors = list(leaves)
    for name, operands in steps:
        tensors.append(OPERATIONS[name](*(tensors[index] for index in operands)))
    return tensors


def expression(data: st.DataObject, *, smooth: bool = False) -> tuple[Steps, list[np.ndarray]]:
    """Steps that fit each other's shapes; of all that was calculated, any may be taken again."""
    draw = data.draw
    shapes = draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    leaves = [np.asarray(rng.normal(size=shape)) for shape in shapes]
    names = sorted(name for name in OPERATIONS if not (smooth and name in KINKED))
    tensors = [Tensor(leaf) for leaf in leaves]
    steps: Steps = []
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=12)):
        indices = st.integers(0, len(tensors) - 1)
        operands = [draw(indices) for _ in range(2 if name in BINARY else 1)]
        try:
            result = OPERATIONS[name](*(tensors[index] for index in operands))
        except (ValueError, IndexError):  # the shapes do not fit: another step
            continue
        if not 0 < result.data.size <= 60 or np.abs(result.data).max() > 30:
            continue
        steps.append((name, operands))
        tensors.append(result)
    assume(steps)
    return steps, leaves


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_equals_torch(data: st.DataObject) -> None:
    steps, leaves = expression(data)
    ours = calculate(steps, [Tensor(leaf) for leaf in leaves])
    theirs = calculate(steps, [torch.from_numpy(leaf).requires_grad_() for leaf in leaves])
    for tensor in theirs:
        tensor.retain_grad()
    gradient = np.random.default_rng(0).normal(size=ours[-1].shape)
    ours[-1].backward(gradient)
    theirs[-1].backward(torch.as_tensor(gradient))
    for mine, yours in zip(ours, theirs, strict=True):
        assert mine.shape == tuple(yours.shape)
        np.testing.assert_allclose(mine.data, yours.detach().numpy(), rtol=1e-10, atol=1e-10)
        if yours.grad is None:  # not part of the last
            assert mine.grad is None
        else:
            assert mine.grad.shape == mine.shape
            np.testing.assert_allclose(mine.grad, yours.grad.numpy(), rtol=1e-8, atol=1e-8)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_equals_finite_differences(data: st.DataObject) -> None:
    """Along one random direction for all leaves at once."""
    steps, leaves = expression(data, smooth=True)
    tensors = calculate(steps, [Tensor(leaf) for leaf in leaves])
    rng = np.random.default_rng(1)
    gradient = rng.normal(size=tensors[-1].shape)
    tensors[-1].backward(gradient)
    directions = [rng.normal(size=leaf.shape) for leaf in leaves]
    ends = []
    for step in (1e-5, -1e-5):
        moved = [leaf + step * way for leaf, way in zip(leaves, directions, strict=True)]
        ends.append(np.sum(gradient * calculate(steps, [Tensor(leaf) for leaf in moved])[-1].data))
    slope = sum(
        np.sum(tensor.grad * way)
        for tensor, way in zip(tensors, directions, strict=False)
        if tensor.grad is not None
    )
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_equals_torch(name: str) -> None:
    """On a square, where all of them fit, so that none is left out above."""
    rng = np.random.default_rng(0)
    leaves = [rng.normal(size=(3, 3)) for _ in range(2 if name in BINARY else 1)]
    ours = [Tensor(leaf) for leaf in leaves]
    theirs = [torch.from_numpy(leaf).requires_grad_() for leaf in leaves]
    y, reference = OPERATIONS[name](*ours), OPERATIONS[name](*theirs)
    gradient = rng.normal(size=y.shape)
    y.backward(gradient)
    reference.backward(torch.as_tensor(gradient))
    np.testing.assert_allclose(y.data, reference.detach().numpy(), rtol=1e-13, atol=1e-13)
    for mine, yours in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, yours.grad.numpy(), rtol=1e-12, atol=1e-12)


def digits() -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = load_digits(return_X_y=True)
    return pixels / 16, labels


@pytest.mark.usefixtures("without_shape_checks")
def test_a_network_learns_the_digits_as_with_torch() -> None:
    """An MLP [64, 32, 10] on 1,797 images, three epochs: the same loss at each of 171 steps."""
    x, y = digits()
    rng = np.random.default_rng(0)
    shapes = [(32, 64), (32,), (10, 32), (10,)]
    start = [rng.uniform(-1, 1, size=shape) / np.sqrt(shape[-1]) for shape in shapes]
    ours = [Tensor(values) for values in start]
    theirs = [torch.tensor(values, requires_grad=True) for values in start]
    losses, reference = [], []
    for _ in range(3):
        order = rng.permutation(len(x))
        for batch in [*np.split(order[:1792], 56), order[1792:]]:
            W1, b1, W2, b2 = ours
            h = (x[batch] @ W1.T + b1).relu()
            log_p = (h @ W2.T + b2).log_softmax()
            loss = -log_p[np.arange(len(batch)), y[batch]].mean()
            loss.zero_grad()
            loss.backward()
            for w in ours:
                w.data = w.data - 0.5 * w.grad
            losses.append(float(loss))

            V1, c1, V2, c2 = theirs
            logits = torch.relu(torch.from_numpy(x[batch]) @ V1.T + c1) @ V2.T + c2
            target = torch.nn.functional.cross_entropy(logits, torch.from_numpy(y[batch]))
            gradients = torch.autograd.grad(target, theirs)
            with torch.no_grad():
                for v, gradient in zip(theirs, gradients, strict=True):
                    v.sub_(0.5 * gradient)
            reference.append(target.item())
    np.testing.assert_allclose(losses, reference, rtol=1e-10, atol=1e-10)
    for mine, yours in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.data, yours.detach().numpy(), rtol=1e-9, atol=1e-10)
    assert losses[0] > 2
    assert np.mean(losses[-57:]) < 0.3


def test_a_second_backward_adds_the_same_once_more() -> None:
    x = Tensor([1.0, 2.0])
    middle = x * x
    y = (middle * middle).sum()
    y.backward()
    assert x.grad.tolist() == [4, 32]
    assert middle.grad.tolist() == [2, 8]
    y.backward()
    assert x.grad.tolist() == [8, 64]
    assert middle.grad.tolist() == [4, 16]
    assert y.grad == 2


def test_another_output_adds_to_it() -> None:
    x = Tensor([1.0, 2.0])
    middle = x * 2
    middle.sum().backward()
    middle[0].backward()
    assert x.grad.tolist() == [4, 2]


def test_zero_grad_forgets_the_whole_graph() -> None:
    x, other = Tensor([1.0, 2.0]), Tensor(3.0)
    middle = x * 2
    y = middle.sum()
    y.backward()
    other.backward()
    y.zero_grad()
    assert x.grad is middle.grad is y.grad is None
    assert other.grad == 1
    y.backward()
    assert x.grad.tolist() == [2, 2]


def test_gradients_of_several_tensors_are_not_one_array() -> None:
    """From a + b both get the same g; who scales one gradient must not scale the other."""
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    y = a + b
    y.sum().backward()
    a.grad *= 10
    y.grad *= 100
    assert b.grad.tolist() == [1, 1]
    gradient = np.ones(2)
    a.zero_grad()
    a.backward(gradient)
    gradient[:] = 5
    assert a.grad.tolist() == [1, 1]
    a.grad *= 10  # where the sweep began, too
    assert a.grad.tolist() == [10, 10]


@pytest.mark.usefixtures("without_shape_checks")
def test_ten_thousand_nodes_in_a_row() -> None:
    x = y = Tensor([1.0, 2.0])
    for _ in range(10_000):
        y = y + x
    y.sum().backward()
    assert x.grad.tolist() == [10_001, 10_001]
    del y  # nor does Python run out of stack while it takes the graph apart


def test_backward_begins_from_the_gradient_that_it_is_given() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    (2 * x).backward([[1, 0], [10, 100]])
    assert x.grad.tolist() == [[2, 0], [20, 200]]
    x[:1, :1].backward()  # one number, whatever the axes around it
    assert x.grad.tolist() == [[3, 0], [20, 200]]


def test_refuses_backward_from_several_numbers_without_a_gradient() -> None:
    x = Tensor([[1.0, 2.0]])
    with pytest.raises(
        ValueError,
        match=re.escape(
            "backward needs a gradient of shape (1, 2), or a single number to begin from: sum() or "
            "mean() makes one"
        ),
    ):
        (x * 2).backward()
    assert x.grad is None


def test_refuses_a_gradient_of_another_shape() -> None:
    with pytest.raises(ValueError, match=re.escape("gradient must have shape (1, 2), not (2,)")):
        Tensor([[1.0, 2.0]]).backward(np.ones(2))


@pytest.mark.parametrize(
    "write",
    [
        lambda x, y: x.data.__setitem__(0, 5.0),
        lambda x, y: y.data.__setitem__(0, 5.0),
        lambda x, y: y.data.sort(),
        lambda x, y: x.data.reshape(1, 2).fill(5.0),
        lambda x, y: y[1:].data.fill(5.0),
        lambda x, y: y.T.data.fill(5.0),
        lambda x, y: np.exp(x.data, out=x.data),
    ],
)
def test_arrays_of_a_graph_cannot_be_written_into(write: Callable[[Tensor, Tensor], Any]) -> None:
    x = Tensor([1.0, 2.0])
    y = x.exp()  # its derivative is its own array
    with pytest.raises(ValueError, match="read-only"):
        write(x, y)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, np.exp([1.0, 2.0]))


def test_steps_in_place_are_refused_and_a_new_array_is_not() -> None:
    w = Tensor([1.0, 2.0])
    (w * w).sum().backward()
    with pytest.raises(ValueError, match="read-only"):
        w.data -= 0.5 * w.grad
    w.data = w.data - 0.25 * w.grad
    assert w.data.tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        w.data[0] = 1.0


def test_arrays_of_the_caller_may_change_before_backward() -> None:
    """They were copied: leaf, constant, and the new numbers of a leaf."""
    start, factor, fresh = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])
    x = Tensor(start)
    y = (factor * x * x).sum()
    start[:] = factor[:] = 100
    y.backward()
    assert x.grad.tolist() == [2 * 3 * 1, 2 * 4 * 2]
    x.data = fresh
    fresh[:] = 100
    assert x.data.tolist() == [5, 6]


def test_new_numbers_for_a_leaf_leave_old_graphs_right() -> None:
    x = Tensor([1.0, 2.0])
    y = (x * x).sum()
    x.data = [10.0, 20.0]
    assert float(y) == 5.0
    y.backward()
    assert x.grad.tolist() == [2, 4]  # the gradient where y was calculated


def test_refuses_new_numbers_for_a_result_or_of_another_shape() -> None:
    x = Tensor([1.0, 2.0])
    y = x.exp()
    with pytest.raises(
        ValueError,
        match="this Tensor was computed by 'exp' and keeps its data; only a leaf, which you made",
    ):
        y.data = [1.0, 2.0]
    with pytest.raises(ValueError, match=re.escape("data must keep the shape (2,), not (1, 2)")):
        x.data = [[1.0, 2.0]]


def test_refuses_to_set_entries_with_the_remedy() -> None:
    x = Tensor([1.0, 2.0])
    with pytest.raises(TypeError, match=r"a Tensor's entries cannot be set.*give a leaf new data"):
        x[0] = 5.0


def test_plus_equals_leaves_the_old_tensor_alone() -> None:
    x = Tensor([1.0, 2.0])
    total = x
    total += x * x
    assert x.data.tolist() == [1, 2]
    total.sum().backward()
    assert x.grad.tolist() == [3, 5]


@pytest.mark.parametrize(
    "calculate",
    [
        np.exp,
        lambda w: np.add(w, 1),
        np.asarray,
        lambda w: np.concatenate([w, w]),
        lambda w: np.dot(np.ones(2), w),
        lambda w: Tensor([w, w]),
        lambda w: np.ones(2).__iadd__(w),
        lambda w: Tensor([0.0, 1.0])[w],
    ],
)
def test_numpy_cannot_cut_the_graph_unnoticed(calculate: Callable[[Tensor], Any]) -> None:
    with pytest.raises(TypeError, match=r"NumPy knows nothing of the graph|__array_ufunc__"):
        calculate(Tensor([1.0, 2.0]))


def test_constants_on_the_left_are_left_to_the_tensor() -> None:
    w = Tensor([[1.0, 2.0], [3.0, 4.0]])
    for left in (np.ones(2), [1.0, 1.0], np.ones((2, 2))):
        assert isinstance(left @ w, Tensor)
        assert len((left @ w).edges) == 1
    for left in (np.ones(2), np.float64(3), np.float32(3), np.int64(3), 3, True):
        for result in (left + w, left - w, left * w, left / w):
            assert isinstance(result, Tensor)
            assert len(result.edges) == 1
            assert result.shape == (2, 2)


def test_both_operands_have_an_edge() -> None:
    a, b = Tensor([1.0]), Tensor([2.0])
    for result in (a + b, a - b, a * b, a / b, a @ b):
        assert [operand is each for (operand, _), each in zip(result.edges, (a, b), strict=True)]
        assert [id(operand) for operand, _ in result.edges] == [id(a), id(b)]


@pytest.mark.parametrize(
    ("calculate", "message"),
    [
        (lambda x: x + np.ones(2), "shapes (2, 3) and (2,) do not broadcast for +"),
        (lambda x: np.ones(2) - x, "shapes (2,) and (2, 3) do not broadcast for -"),
        (lambda x: x * Tensor([1, 2]), "shapes (2, 3) and (2,) do not broadcast for *"),
        (lambda x: x / np.ones((3, 2)), "shapes (2, 3) and (3, 2) do not broadcast for /"),
        (lambda x: x @ x, "shapes (2, 3) and (2, 3) have no product @"),
        (lambda x: np.ones(3) @ x, "shapes (3,) and (2, 3) have no product @"),
        (lambda x: x.reshape(4), "shape (2, 3) has 6 numbers, which do not fill shape (4,)"),
        (lambda x: x.transpose(0, 0), "axes must name each of the 2 axes once, not (0, 0)"),
        (lambda x: x.sum(axis=2), "axis 2 is out of bounds"),
        (lambda x: Tensor([]).mean(), "mean needs numbers, but the shape is (0,)"),
    ],
)
def test_names_the_shapes_that_do_not_fit(
    calculate: Callable[[Tensor], Tensor], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        calculate(Tensor(np.ones((2, 3))))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("other", ["2", None, 1j])
def test_refuses_what_are_no_real_numbers(other: Any) -> None:
    x = Tensor([1.0, 2.0])
    for calculate in (lambda: Tensor(other), lambda: x + other, lambda: other * x):
        with pytest.raises(TypeError, match="tensors and constants are real numbers, not"):
            calculate()


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_an_exponent_that_varies_with_the_remedy() -> None:
    a, b = Tensor([2.0, 3.0]), Tensor([3.0, 2.0])
    with pytest.raises(TypeError, match=re.escape("write (b * a.log()).exp()")):
        a**b
    np.testing.assert_allclose((b * a.log()).exp().data, [8, 9])


def test_a_rule_of_your_own() -> None:
    def cube(a: np.ndarray) -> Unary:
        return a**3, lambda g: g * 3 * a**2

    x = Tensor([1.0, 2.0])
    y = Tensor.from_rule("cube", cube, x)
    y.sum().backward()
    assert x.grad.tolist() == [3, 12]
    assert y.operation == "cube"


def test_a_rule_that_forgets_a_pull_or_an_axis_is_noticed() -> None:
    x = Tensor(np.ones((2, 3)))
    with pytest.raises(ValueError, match="shorter"):
        Tensor.from_rule("sum", lambda a, b: (a + b, lambda g: g), x, x)
    y = Tensor.from_rule("sum", lambda a: (a.sum(), lambda g: g * np.ones(3)), x)
    with pytest.raises(ValueError, match=re.escape("shape (2, 3) is not broadcast to (3,)")):
        y.backward()


def test_compares_number_by_number() -> None:
    x = Tensor([1.0, 2.0, 3.0])
    two = np.array([2.0, 2.0, 2.0])
    for other in (2, two, Tensor(two)):
        assert (x == other).tolist() == [False, True, False]
        assert (x != other).tolist() == [True, False, True]
        assert (x < other).tolist() == [True, False, False]
        assert (x <= other).tolist() == [True, True, False]
        assert (x > other).tolist() == [False, False, True]
        assert (x >= other).tolist() == [False, True, True]
    assert (two < x).tolist() == [False, False, True]
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)


def test_a_single_number_is_a_float_and_no_other() -> None:
    assert float(Tensor([[2.5]])) == 2.5
    assert Tensor(1.0)
    assert not Tensor(0.0)
    assert len(Tensor([1.0, 2.0])) == 2
    with pytest.raises(TypeError, match=re.escape("only one number can be a float, not shape (2,")):
        float(Tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))


def test_a_tensor_made_of_a_tensor_begins_a_new_graph() -> None:
    x = Tensor([1.0, 2.0])
    y = Tensor(x.exp())
    (y * y).sum().backward()
    assert x.grad is None
    assert y.edges == ()


def test_prints_numbers_shape_and_origin() -> None:
    x = Tensor([[1, 2], [3, 4]])
    assert repr(x) == "Tensor([[1., 2.],\n        [3., 4.]], shape=(2, 2))"
    assert repr(x.sum()) == "Tensor(10., shape=(), operation='sum')"
    assert len(repr(Tensor(np.zeros((100, 100))))) < 300
