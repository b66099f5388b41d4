"""Reverse-mode differentiation of arrays: a NumPy array that remembers how it was computed."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from linebyline.autograd import elementwise, rearrangements, reductions, softmax
from linebyline.autograd.broadcasting import sum_to
from linebyline.autograd.elementwise import Pull
from linebyline.autograd.matrix_product import matrix_product
from linebyline.autograd.read_only import read_only
from linebyline.autograd.reductions import Axis
from linebyline.autograd.topological_order import topological_order

Truth = Bool[ndarray | np.bool_, "..."]


class Tensor:
    """An array in a graph of arrays, with the gradient of an output with respect to it.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 6.5.6; the methods are
    named and behave as NumPy's. It is `Value` with one difference. For arrays the local derivative
    is a Jacobian, a matrix with a row for each number of the result, and it is never built. An
    edge holds the *pull* instead, the function that multiplies by it: from g, the gradient of the
    result, pull(g) is the gradient of the operand.

    Whatever is a Tensor is differentiated with respect to; an array, a list or a number, on either
    side of an operator, is a constant. All numbers are float64.

    Nothing that a backward pass needs can change under it. Data and constants are copied, and all
    arrays in the graph are read-only: NumPy refuses to write into them. `x += y` makes a new
    Tensor. A leaf may be given another array, by `w.data = w.data - lr * w.grad`; the graphs that
    it was in keep the array that they were computed with, and stay right.

    Args:
        data: an array, nested lists or a number; or a Tensor, whose numbers begin a new graph.

    Attributes:
        grad: Σ ∂y/∂self over all calls of `y.backward()` since the last `zero_grad`, of the shape
            of `data`; None if there was no call.
        edges: (operand, pull) pairs; none for a leaf.
        operation: what computed it, as it is written; "" for a leaf.

    Raises:
        TypeError: data or an operand does not hold real numbers; an entry is assigned to.
        ValueError: shapes do not fit.
    """

    __slots__ = ("_data", "edges", "grad", "operation")
    __array_ufunc__ = None  # NumPy leaves `array * tensor` to Tensor.__rmul__
    __hash__ = None  # type: ignore[assignment]  # == compares number by number

    def __init__(self, data: Any) -> None:
        self._data = _array(data)
        self.grad: ndarray | None = None
        self.edges: tuple[tuple[Tensor, Pull], ...] = ()
        self.operation = ""

    @classmethod
    def from_rule(
        cls, operation: str, rule: Callable[..., Any], *operands: Any, **options: Any
    ) -> "Tensor":
        """The result of a rule, with an edge to each operand that is a Tensor.

        Args:
            operation: how it is written.
            rule: a function of arrays that returns the result's array and one pull for each of
                them, such as those in `elementwise`.
            operands: tensors and constants, at the places where the rule wants arrays.
            options: what else the rule wants to know.
        """
        data, *pulls = rule(*map(_array, operands), **options)
        result = cls(0.0)
        result._data = np.asarray(data)
        result._data.flags.writeable = False
        pairs = zip(operands, pulls, strict=True)
        result.edges = tuple((a, pull) for a, pull in pairs if isinstance(a, Tensor))
        result.operation = operation
        return result

    @property
    def data(self) -> Float[ndarray, "..."]:
        """The numbers, read-only. A leaf may be given others of the same shape."""
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if self.edges:
            raise ValueError(
                f"this Tensor was computed by {self.operation!r} and keeps its data; "
                "only a leaf, which you made from an array, can be given new data"
            )
        new = _array(data)
        if new.shape != self.shape:
            raise ValueError(f"data must keep the shape {self.shape}, not {new.shape}")
        self._data = new

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._data.shape

    def backward(self, gradient: Any = None) -> None:
        """Add the gradient of this Tensor to the `grad` of everything it was computed from.

        Every call is a sweep of its own: the adjoints begin anew and only their outcome is added
        to `grad`. So a second call adds the same once more, and so does that of another output.

        Args:
            gradient: ∂L/∂self, of the same shape, for an L that is computed elsewhere. A single
                number needs none: it is L itself, and ∂L/∂L = 1.

        Raises:
            ValueError: `gradient` has another shape, or is missing where it is needed.
        """
        if gradient is None and self._data.size != 1:
            raise ValueError(
                f"backward needs a gradient of shape {self.shape}, or a single number to "
                "begin from: sum() or mean() makes one"
            )
        start = np.ones(self.shape) if gradient is None else _array(gradient)
        if start.shape != self.shape:
            raise ValueError(f"gradient must have shape {self.shape}, not {start.shape}")
        adjoints: dict[int, Any] = {id(self): start}  # ∂L/∂self
        for node in reversed(topological_order(self)):
            adjoint = adjoints.pop(id(node))  # all its contributions are in
            node.grad = np.array(adjoint if node.grad is None else node.grad + adjoint)
            for operand, pull in node.edges:
                g = sum_to(pull(adjoint), operand.shape)  # where it was broadcast
                adjoints[id(operand)] = adjoints.get(id(operand), 0.0) + g

    def zero_grad(self) -> None:
        """Forget the gradients here and in everything that this was computed from."""
        for node in topological_order(self):
            node.grad = None

    def __add__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("+", elementwise.add, self, other)

    def __sub__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("-", elementwise.subtract, self, other)

    def __rsub__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("-", elementwise.subtract, other, self)

    def __mul__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("*", elementwise.multiply, self, other)

    def __truediv__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("/", elementwise.divide, self, other)

    def __rtruediv__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("/", elementwise.divide, other, self)

    def __matmul__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("@", matrix_product, self, other)

    def __rmatmul__(self, other: Any) -> "Tensor":
        return Tensor.from_rule("@", matrix_product, other, self)

    def __pow__(self, exponent: float) -> "Tensor":
        return Tensor.from_rule("**", elementwise.power, self, exponent=exponent)

    def __rpow__(self, base: float) -> "Tensor":
        return Tensor.from_rule("**", elementwise.exponential, self, base=base)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "Tensor":
        return Tensor.from_rule("-", elementwise.negate, self)

    def exp(self) -> "Tensor":
        """The exponential of each number."""
        return Tensor.from_rule("exp", elementwise.exp, self)

    def log(self) -> "Tensor":
        """The natural logarithm of each number."""
        return Tensor.from_rule("log", elementwise.log, self)

    def tanh(self) -> "Tensor":
        """The hyperbolic tangent of each number."""
        return Tensor.from_rule("tanh", elementwise.tanh, self)

    def sigmoid(self) -> "Tensor":
        """The logistic function 1 / (1 + exp(-a)) of each number."""
        return Tensor.from_rule("sigmoid", elementwise.sigmoid, self)

    def relu(self) -> "Tensor":
        """The rectifier max(0, a) of each number."""
        return Tensor.from_rule("relu", elementwise.relu, self)

    def sum(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """The sum over an axis, several, or all."""
        options = {"axis": axis, "keepdims": keepdims}
        return Tensor.from_rule("sum", reductions.sum, self, **options)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """The mean over an axis, several, or all."""
        options = {"axis": axis, "keepdims": keepdims}
        return Tensor.from_rule("mean", reductions.mean, self, **options)

    def max(self, axis: Axis = None, keepdims: bool = False) -> "Tensor":
        """The maximum over an axis, several, or all; equals share the gradient."""
        options = {"axis": axis, "keepdims": keepdims}
        return Tensor.from_rule("max", reductions.max, self, **options)

    def log_sum_exp(self, axis: Axis = -1, keepdims: bool = False) -> "Tensor":
        """The logarithm of Σ exp(a) over an axis, several, or all (None)."""
        options = {"axis": axis, "keepdims": keepdims}
        return Tensor.from_rule("log_sum_exp", softmax.log_sum_exp, self, **options)

    def softmax(self, axis: Axis = -1) -> "Tensor":
        """exp(a) / Σ exp(a) over an axis, several, or all (None)."""
        return Tensor.from_rule("softmax", softmax.softmax, self, axis=axis)

    def log_softmax(self, axis: Axis = -1) -> "Tensor":
        """The logarithm of the softmax, finite where that underflows."""
        return Tensor.from_rule("log_softmax", softmax.log_softmax, self, axis=axis)

    def reshape(self, *shape: int) -> "Tensor":
        """The same numbers in another shape, as in `x.reshape(2, -1)`."""
        return Tensor.from_rule("reshape", rearrangements.reshape, self, shape=shape)

    def transpose(self, *axes: int) -> "Tensor":
        """The axes in the order that is named; without names the other way round."""
        return Tensor.from_rule("transpose", rearrangements.transpose, self, axes=axes)

    @property
    def T(self) -> "Tensor":  # noqa: N802  # NumPy's name
        """The axes the other way round; of a matrix, the transpose."""
        return self.transpose()

    def __getitem__(self, where: Any) -> "Tensor":
        return Tensor.from_rule("[]", rearrangements.index, self, where=where)

    def __setitem__(self, where: Any, value: Any) -> NoReturn:
        raise TypeError(
            "a Tensor's entries cannot be set, or gradients would no longer be right: "
            "compute a new Tensor, or give a leaf new data"
        )

    def __len__(self) -> int:
        return len(self._data)

    def __float__(self) -> float:
        if self._data.size != 1:
            raise TypeError(f"only one number can be a float, not shape {self.shape}")
        return self._data.item()

    def __bool__(self) -> bool:
        return bool(self._data)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("NumPy knows nothing of the graph; give it the numbers, .data")

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return self._data == _array(other)

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return self._data != _array(other)

    def __lt__(self, other: Any) -> Truth:
        return self._data < _array(other)

    def __le__(self, other: Any) -> Truth:
        return self._data <= _array(other)

    def __gt__(self, other: Any) -> Truth:
        return self._data > _array(other)

    def __ge__(self, other: Any) -> Truth:
        return self._data >= _array(other)

    def __repr__(self) -> str:
        numbers = np.array2string(
            self._data, precision=4, separator=", ", threshold=50, prefix="Tensor("
        )
        origin = f", operation={self.operation!r}" if self.operation else ""
        return f"Tensor({numbers}, shape={self.shape}{origin})"


def _array(operand: Any) -> Float[ndarray, "..."]:
    return operand.data if isinstance(operand, Tensor) else read_only(operand)
