"""Derivatives of random expressions equal torch's and finite differences; misuse is refused."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linebyline.autograd.value import Value

# Each works on Values, on torch's scalars, and for the finite differences on Values again.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "number +": lambda a: 2.5 + a,
    "number -": lambda a: 2.5 - a,
    "number *": lambda a: 2.5 * a,
    "number /": lambda a: 2.5 / a,
    "number **": lambda a: 2.5**a,
    "+ number": lambda a: a + 0.5,
    "- number": lambda a: a - 0.5,
    "* number": lambda a: a * 0.5,
    "/ number": lambda a: a / 0.5,
    "** 2": lambda a: a**2,
    "** 0": lambda a: a**0,
    "** 1": lambda a: a**1,
    "** -1.5": lambda a: a**-1.5,
    "negative": lambda a: -a,
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "sin": lambda a: a.sin(),
    "tanh": lambda a: a.tanh(),
    "sigmoid": lambda a: a.sigmoid(),
    "relu": lambda a: a.relu(),
}
BINARY = ("+", "-", "*", "/")
POSITIVE = ("log", "** -1.5")  # of positive numbers only
DIVIDES = ("/", "number /")


class Expression:
    """What a random expression does, so that it can be calculated again with other leaves."""

    def __init__(self, leaves: int) -> None:
        self.leaves = leaves
        self.steps: list[tuple[str, list[int]]] = []

    def __call__(self, leaves: list[Any]) -> list[Any]:
        """All its numbers: the leaves, and the result of each step."""
        numbers = list(leaves)
        for name, operands in self.steps:
            numbers.append(OPERATIONS[name](*(numbers[index] for index in operands)))
        return numbers


@st.composite
def expressions(draw: st.DrawFn) -> tuple[Expression, list[float]]:
    """An expression and its leaves; of all that was calculated, any may be taken once more."""
    leaves = draw(st.lists(st.integers(-300, 300).map(lambda n: n / 100), min_size=1, max_size=4))
    expression = Expression(len(leaves))
    numbers = [Value(leaf) for leaf in leaves]
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(sorted(OPERATIONS)))
        indices = st.integers(0, len(numbers) - 1)
        operands = [draw(indices) for _ in range(2 if name in BINARY else 1)]
        last = numbers[operands[-1]]
        if name in POSITIVE and last < 0.1:
            continue
        if name in DIVIDES and abs(float(last)) < 0.1:
            continue
        result = OPERATIONS[name](*(numbers[index] for index in operands))
        if abs(float(result)) > 10:  # so that neither exp nor the differences lose all digits
            continue
        expression.steps.append((name, operands))
        numbers.append(result)
    assume(expression.steps)
    return expression, leaves


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("pair", [(1.5, 0.7), (0.3, -0.7), (-1.5, 0.7)])
def test_each_operation_equals_torch(name: str, pair: tuple[float, float]) -> None:
    numbers = pair if name in BINARY else pair[:1]
    if name in POSITIVE:
        numbers = (abs(numbers[0]),)
    ours = [Value(number) for number in numbers]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    y, reference = OPERATIONS[name](*ours), OPERATIONS[name](*theirs)
    y.backward()
    reference.backward()
    assert y.data == pytest.approx(reference.item(), rel=1e-14)
    for mine, yours in zip(ours, theirs, strict=True):
        assert mine.grad == pytest.approx(yours.grad.item(), rel=1e-13)


@settings(deadline=None)
@given(expressions())
def test_equals_torch(drawn: tuple[Expression, list[float]]) -> None:
    expression, leaves = drawn
    ours = expression([Value(leaf) for leaf in leaves])
    theirs = expression(
        [torch.tensor(leaf, dtype=torch.float64, requires_grad=True) for leaf in leaves]
    )
    for number in theirs:
        number.retain_grad()
    ours[-1].backward()
    theirs[-1].backward()
    for mine, yours in zip(ours, theirs, strict=True):
        assert mine.data == pytest.approx(yours.item(), rel=1e-11, abs=1e-11)
        expected = 0.0 if yours.grad is None else yours.grad.item()  # None: not part of the last
        assert mine.grad == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(expressions())
def test_equals_finite_differences(drawn: tuple[Expression, list[float]]) -> None:
    expression, leaves = drawn
    numbers = expression([Value(leaf) for leaf in leaves])
    kinks = [numbers[operands[0]] for name, operands in expression.steps if name == "relu"]
    assume(all(abs(float(kink)) > 0.01 for kink in kinks))
    numbers[-1].backward()
    step = 1e-6
    for index in range(len(leaves)):
        ends = []
        for sign in (1, -1):
            moved = [*leaves]
            moved[index] += sign * step
            ends.append(float(expression([Value(leaf) for leaf in moved])[-1]))
        slope = (ends[0] - ends[1]) / (2 * step)
        assert numbers[index].grad == pytest.approx(slope, rel=1e-4, abs=1e-5)


def test_the_example_of_the_survey() -> None:
    """Baydin et al.: y = log x₁ + x₁x₂ - sin x₂ at (2, 5)."""
    x1, x2 = Value(2.0), Value(5.0)
    y = x1.log() + x1 * x2 - x2.sin()
    y.backward()
    assert y.data == pytest.approx(math.log(2) + 10 - math.sin(5))
    assert x1.grad == pytest.approx(1 / 2 + 5)
    assert x2.grad == pytest.approx(2 - math.cos(5))


def test_the_edges_hold_the_local_derivatives() -> None:
    a, b = Value(3.0), Value(4.0)
    product = a * b
    assert [(operand is a, operand is b, slope) for operand, slope in product.edges] == [
        (True, False, 4.0),
        (False, True, 3.0),
    ]
    assert product.operation == "*"
    assert len((a * 4.0).edges) == len((4.0 * a).edges) == 1  # a number is a constant
    assert a.edges == ()


def test_a_number_that_is_used_twice_has_the_sum() -> None:
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6.0


def test_all_paths_count() -> None:
    """Each doubling has two edges to the same number, so forty of them have 2⁴⁰ paths."""
    x = y = Value(1.0)
    for _ in range(40):
        y = y + y
    y.backward()
    assert x.grad == 2.0**40


def test_a_second_backward_adds_the_same_once_more() -> None:
    """Of the numbers between too, whose own `grad` takes no part in the sweep."""
    x = Value(3.0)
    middle = x * x
    y = middle * middle
    y.backward()
    first = (x.grad, middle.grad, y.grad)
    assert first == (108.0, 18.0, 1.0)
    y.backward()
    assert (x.grad, middle.grad, y.grad) == (216.0, 36.0, 2.0)


def test_another_output_adds_to_it() -> None:
    x = Value(3.0)
    middle = x * 2
    (middle * 5).backward()
    (middle**2).backward()
    assert x.grad == 10 + 8 * 3
    assert middle.grad == 5 + 2 * 6


def test_zero_grad_forgets_the_whole_graph() -> None:
    x, other = Value(3.0), Value(1.0)
    middle = x * 2
    y = middle + 1
    y.backward()
    other.backward()
    y.zero_grad()
    assert x.grad == middle.grad == y.grad == 0.0
    assert other.grad == 1.0
    y.backward()
    assert x.grad == 2.0


def test_zero_grad_of_a_leaf_is_its_own_affair() -> None:
    x, z = Value(3.0), Value(4.0)
    (x * z).backward()
    x.zero_grad()
    assert (x.grad, z.grad) == (0.0, 3.0)


@pytest.mark.usefixtures("without_shape_checks")
def test_ten_thousand_nodes_in_a_row() -> None:
    x = y = Value(1.0)
    for _ in range(10_000):
        y = y + x * 1e-4
    y.backward()
    assert x.grad == pytest.approx(2.0)
    del y  # nor does Python run out of stack while it takes the graph apart


def test_a_new_number_for_a_leaf_leaves_old_results_alone() -> None:
    x = Value(3.0)
    y = x * x
    x.data = 10.0
    assert y == 9.0
    y.backward()
    assert x.grad == 6.0  # the derivative where y was calculated
    assert x * x == 100.0


def test_refuses_a_new_number_for_a_result() -> None:
    y = Value(3.0) * 2
    with pytest.raises(ValueError, match=r"computed by '\*' and keeps its data; only a leaf"):
        y.data = 5.0
    assert y == 6.0


def test_plus_equals_leaves_the_old_value_alone() -> None:
    x = Value(2.0)
    total = x
    total += x * x
    total *= 3
    assert x == 2.0
    total.backward()
    assert x.grad == 3 * (1 + 2 * 2)


def test_sums_and_maxima_of_python_work() -> None:
    x, y = Value(2.0), Value(3.0)
    assert max(x, y) is y
    total = sum([x, y, x], start=Value(0.0)) + sum([x])
    total.backward()
    assert (x.grad, y.grad) == (3.0, 1.0)


@pytest.mark.parametrize("other", [Value(3.0), 3, 3.0])
def test_compares_the_numbers(other: Value | float) -> None:
    assert Value(3.0) == other
    assert Value(2.0) != other
    assert Value(2.0) < other
    assert Value(3.0) <= other
    assert Value(4.0) > other
    assert Value(3.0) >= other
    assert not Value(3.0) < other
    assert not Value(3.0) > other
    assert other == Value(3.0)
    assert other < Value(4.0)


def test_is_equal_to_nothing_else_and_no_key() -> None:
    assert Value(3.0) != "3"
    assert Value(3.0) != None  # noqa: E711
    with pytest.raises(TypeError, match="unhashable"):
        hash(Value(3.0))


def test_is_a_number_where_python_asks_for_one() -> None:
    assert float(Value(2.5)) == 2.5
    assert math.floor(float(Value(2.5))) == 2
    assert Value(1.0)
    assert not Value(0.0)
    assert isinstance(np.float64(2) * Value(3.0), Value)
    assert float(Value(Value(2.0) * 3)) == 6.0  # the number begins a new graph


@pytest.mark.usefixtures("without_shape_checks")
def test_takes_the_numbers_of_numpy() -> None:
    x = Value(np.float32(1.5))
    assert isinstance(x.data, float)
    assert isinstance((np.int64(2) * x).data, float)


def test_prints_number_derivative_and_origin() -> None:
    x = Value(3)
    y = x * x
    y.backward()
    assert repr(x) == "Value(3, grad=6)"
    assert repr(y) == "Value(9, grad=1, operation='*')"


@pytest.mark.parametrize("a", [-800.0, -30.0, 0.0, 30.0, 800.0])
def test_sigmoid_neither_overflows_nor_loses_small_numbers(a: float) -> None:
    expected = torch.sigmoid(torch.tensor(a, dtype=torch.float64)).item()
    assert Value(a).sigmoid().data == pytest.approx(expected, rel=1e-14)


def test_relu_is_flat_at_zero() -> None:
    x = Value(0.0)
    x.relu().backward()
    assert x.grad == 0.0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_powers_of_zero_equal_torch(n: int) -> None:
    ours, theirs = Value(0.0), torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    (ours**n).backward()
    (theirs**n).backward()
    assert ours.grad == theirs.grad.item()


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("calculate", "message"),
    [
        (lambda a: a.log() + (a - 2).log(), "log needs a positive number, not 0.0"),
        (lambda a: (a - 3) ** 0.5, "-1.0 ** 0.5 has no real value or no finite derivative"),
        (lambda a: (a - 2) ** 0.5, "0.0 ** 0.5 has no real value or no finite derivative"),
        (lambda a: (a - 2) ** -1, "0.0 ** -1.0 has no real value or no finite derivative"),
        (lambda a: 0**a, "base must be a positive number, not 0.0"),
        (lambda a: (-2) ** a, "base must be a positive number, not -2.0"),
    ],
)
def test_refuses_numbers_without_a_derivative(
    calculate: Callable[[Value], Value], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        calculate(Value(2.0))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("other", ["2", None, [1.0], 1j])
def test_refuses_what_is_no_number(other: Any) -> None:
    message = re.escape(f"a Value calculates with values and numbers, not {other!r}")
    for calculate in (
        lambda: Value(other),
        lambda: Value(1.0) + other,
        lambda: other * Value(1.0),
        lambda: other / Value(1.0),
        lambda: Value(1.0) < other,
    ):
        with pytest.raises(TypeError, match=message):
            calculate()


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_an_exponent_that_is_a_value_with_the_remedy() -> None:
    a, b = Value(2.0), Value(3.0)
    with pytest.raises(TypeError, match=re.escape("write (b * a.log()).exp()")):
        a**b
    y = (b * a.log()).exp()
    y.backward()
    assert y.data == pytest.approx(8.0)
    assert a.grad == pytest.approx(3 * 2**2)
    assert b.grad == pytest.approx(8 * math.log(2))


def test_learns_xor() -> None:
    """With two hidden units, by gradient descent."""
    weights = [Value(w) for w in np.random.default_rng(0).normal(size=9)]
    examples = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]

    def answer(x: tuple[int, int]) -> Value:
        hidden = [
            (weights[i] * x[0] + weights[i + 1] * x[1] + weights[i + 2]).tanh() for i in (0, 3)
        ]
        return (weights[6] * hidden[0] + weights[7] * hidden[1] + weights[8]).sigmoid()

    for _ in range(120):
        loss = sum(((answer(x) - y) ** 2 for x, y in examples), start=Value(0.0))
        loss.zero_grad()
        loss.backward()
        for w in weights:
            w.data -= 1.0 * w.grad
    assert loss < 0.05
    assert [round(float(answer(x))) for x, _ in examples] == [0, 1, 1, 0]
