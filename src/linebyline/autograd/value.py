"""Reverse-mode differentiation of numbers: a number that remembers how it was computed."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from linebyline.autograd.topological_order import topological_order


class Value:
    """A number in a graph of numbers, with the derivative of an output with respect to it.

    Source: Baydin, Pearlmutter, Radul & Siskind 2018, *Automatic differentiation in machine
    learning: a survey*, section 3.2; for networks Rumelhart, Hinton & Williams 1986, *Learning
    representations by back-propagating errors*. Deviation: the survey records a list of all steps;
    here each number knows its own operands, and the order is found when it is needed.

    Calculate with values as with numbers; a number may stand on either side. Each result keeps one
    edge to each operand that is a Value, and on the edge the local derivative: by how much the
    result moves when this operand alone does. Plain numbers are constants and have no edge. ::

        x = Value(3.0)
        y = x * x + 2 * x
        y.backward()
        x.grad             # 8.0, which is 2x + 2

    The local derivatives are numbers, taken when the result was. Giving a leaf another number
    afterwards changes neither the results that it is in nor their derivatives.

    Comparisons compare the numbers, equality too, so a Value is no key of a dictionary. `+=` and
    its like make a new Value and leave the old one as it was. The derivatives are numbers
    themselves: there are no second ones to be had.

    Args:
        data: a number; or a Value, whose number begins a new graph.

    Attributes:
        grad: Σ ∂y/∂self over all calls of `y.backward()` since the last `zero_grad`.
        edges: (operand, local derivative) pairs; none for a leaf.
        operation: what computed it, as it is written; "" for a leaf.

    Raises:
        TypeError: an operand or the data is neither a Value nor a real number.
        ValueError: a function has no real value or no finite derivative there.
    """

    __slots__ = ("_data", "edges", "grad", "operation")

    def __init__(self, data: Value | float) -> None:
        self._data = _number(data)
        self.grad = 0.0
        self.edges: tuple[tuple[Value, float], ...] = ()
        self.operation = ""

    @classmethod
    def from_operation(
        cls,
        operation: str,
        data: float,
        *edges: tuple[Any, float],
    ) -> Value:
        """The result of an operation: its number, and (operand, local derivative) pairs.

        Operands that are no Value are constants, and are left out.
        """
        result = cls(data)
        result.edges = tuple((a, slope) for a, slope in edges if isinstance(a, Value))
        result.operation = operation
        return result

    @property
    def data(self) -> float:
        """The number. A leaf may be given another: that is how a parameter learns."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if self.edges:
            raise ValueError(
                f"this Value was computed by {self.operation!r} and keeps its data; "
                "only a leaf, which you made from a number, can be given new data"
            )
        self._data = _number(data)

    def backward(self) -> None:
        """Add the derivative of this number to the `grad` of everything it was computed from.

        The adjoint of v is ∂self/∂v. By the chain rule it is the sum, over all that was computed
        directly from v, of their adjoints times the local derivatives on the edges between.

        Every call is a sweep of its own: the adjoints begin anew and only their outcome is added
        to `grad`. So a second call adds the same once more, and so does that of another output.
        """
        adjoints = {id(self): 1.0}  # ∂self/∂self
        for node in reversed(topological_order(self)):
            adjoint = adjoints.pop(id(node))  # all its contributions are in
            node.grad += adjoint
            for operand, slope in node.edges:
                adjoints[id(operand)] = adjoints.get(id(operand), 0.0) + adjoint * slope

    def zero_grad(self) -> None:
        """Forget the derivatives here and in everything that this was computed from."""
        for node in topological_order(self):
            node.grad = 0.0

    def __add__(self, other: Value | float) -> Value:
        a, b = self.data, _number(other)
        return Value.from_operation("+", a + b, (self, 1.0), (other, 1.0))

    def __sub__(self, other: Value | float) -> Value:
        a, b = self.data, _number(other)
        return Value.from_operation("-", a - b, (self, 1.0), (other, -1.0))

    def __mul__(self, other: Value | float) -> Value:
        a, b = self.data, _number(other)
        return Value.from_operation("*", a * b, (self, b), (other, a))  # ∂ab/∂a = b

    def __truediv__(self, other: Value | float) -> Value:
        a, b = self.data, _number(other)
        return Value.from_operation("/", a / b, (self, 1 / b), (other, -a / b**2))

    def __pow__(self, exponent: float) -> Value:
        if isinstance(exponent, Value):
            raise TypeError("exponent must be a number; else write (b * a.log()).exp()")
        a, n = self.data, _number(exponent)
        if (a < 0 and n % 1) or (a == 0 and n < 1 and n != 0):
            raise ValueError(f"{a} ** {n} has no real value or no finite derivative")
        slope = n * a ** (n - 1) if n else 0.0  # n aⁿ⁻¹; a⁰ is constant, at 0 too
        return Value.from_operation("**", a**n, (self, slope))

    def __neg__(self) -> Value:
        return Value.from_operation("-", -self.data, (self, -1.0))

    # The same with the number on the left: it is a constant, so there is one edge.
    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: float) -> Value:
        return Value.from_operation("-", _number(other) - self.data, (self, -1.0))

    def __rtruediv__(self, other: float) -> Value:
        a, b = _number(other), self.data
        return Value.from_operation("/", a / b, (self, -a / b**2))

    def __rpow__(self, base: float) -> Value:
        c, b = _number(base), self.data
        if c <= 0:
            raise ValueError(f"base must be a positive number, not {c}")
        y = c**b
        return Value.from_operation("**", y, (self, y * math.log(c)))  # y = exp(b log c)

    def exp(self) -> Value:
        """The exponential, which is its own derivative."""
        y = math.exp(self.data)
        return Value.from_operation("exp", y, (self, y))

    def log(self) -> Value:
        """The natural logarithm, of positive numbers."""
        a = self.data
        if a <= 0:
            raise ValueError(f"log needs a positive number, not {a}")
        return Value.from_operation("log", math.log(a), (self, 1 / a))

    def sin(self) -> Value:
        """The sine of an angle in radians."""
        a = self.data
        return Value.from_operation("sin", math.sin(a), (self, math.cos(a)))

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        y = math.tanh(self.data)
        return Value.from_operation("tanh", y, (self, 1 - y**2))

    def sigmoid(self) -> Value:
        """The logistic function 1 / (1 + exp(-a)), written so that no exp overflows."""
        a = self.data
        y = 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a))
        return Value.from_operation("sigmoid", y, (self, y * (1 - y)))

    def relu(self) -> Value:
        """The rectifier max(0, a). At 0 there is no derivative; 0 is taken, as torch does."""
        a = self.data
        return Value.from_operation("relu", max(0.0, a), (self, 1.0 if a > 0 else 0.0))

    def __float__(self) -> float:
        return self.data

    def __bool__(self) -> bool:
        return self.data != 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value | Real):
            return NotImplemented
        return self.data == _number(other)

    __hash__ = None  # type: ignore[assignment]  # equal nodes are not the same

    def __lt__(self, other: Value | float) -> bool:
        return self.data < _number(other)

    def __le__(self, other: Value | float) -> bool:
        return self.data <= _number(other)

    def __gt__(self, other: Value | float) -> bool:
        return self.data > _number(other)

    def __ge__(self, other: Value | float) -> bool:
        return self.data >= _number(other)

    def __repr__(self) -> str:
        origin = f", operation={self.operation!r}" if self.operation else ""
        return f"Value({self.data:.6g}, grad={self.grad:.6g}{origin})"


def _number(operand: object) -> float:
    if isinstance(operand, Value):
        return operand.data
    if isinstance(operand, Real):
        return float(operand)
    raise TypeError(f"a Value calculates with values and numbers, not {operand!r}")
