"""The drawing has every node with its numbers, and every edge with its derivative."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Circle, FancyArrowPatch

from linebyline.autograd.value import Value
from linebyline.plotting.computational_graph import GRADIENT, LOCAL, RADIUS, computational_graph


def neuron():
    w, v, b = Value(2.0), Value(-1.0), Value(1.0)
    p = (w * 1.0 + v * 3.0 + b).sigmoid()
    e = p - 1.0
    return e * e, {"$w$": w, "$v$": v, "$b$": b}


def rings(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def arrows(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def texts(ax, color=None):
    return [t.get_text() for t in ax.texts if color is None or same_color(t.get_color(), color)]


def test_a_ring_for_every_node_and_an_arrow_for_every_edge():
    output, names = neuron()
    ax = computational_graph(output, names=names)
    assert len(rings(ax)) == 10
    assert len(arrows(ax)) == 10  # the last product has two from one operand


def test_numbers_above_derivatives_below_local_ones_on_the_arrows():
    output, names = neuron()
    output.backward()
    ax = computational_graph(output, names=names)
    assert sorted(texts(ax, GRADIENT)) == sorted(["1", "−1", "−1"] + 6 * ["−0.25"] + ["−0.75"])
    assert sorted(texts(ax, LOCAL)) == sorted(["−0.5"] * 2 + ["0.25", "3"] + ["1"] * 6)
    for ring in rings(ax):
        x, y = ring.center
        (above,) = [t for t in ax.texts if near(t, x, y + RADIUS + 0.14)]
        (below,) = [t for t in ax.texts if near(t, x, y - RADIUS - 0.16)]
        assert above.get_text() != ""
        assert same_color(below.get_color(), GRADIENT)


def near(text, x, y):
    return np.allclose(text.get_position(), (x, y))


def at(ax, name):
    (ring,) = [
        r for r in rings(ax) for t in ax.texts if t.get_text() == name and near(t, *r.center)
    ]
    return ring.center


def test_names_stand_in_their_nodes_and_operations_in_the_others():
    output, names = neuron()
    ax = computational_graph(output, names=names)
    inside = {t.get_text() for t in ax.texts for r in rings(ax) if near(t, *r.center)}
    assert inside == {"$w$", "$v$", "$b$", "×", "+", "−", r"$\sigma$"}
    x, y = at(ax, "$v$")
    assert [t.get_text() for t in ax.texts if near(t, x, y + RADIUS + 0.14)] == ["−1"]


def test_without_backward_no_derivatives_of_the_output():
    ax = computational_graph(neuron()[0])
    assert texts(ax, GRADIENT) == []


def test_what_is_computed_stands_right_of_its_operands():
    """A skip over three operations, too: the leaf waits for the long way round."""
    x = Value(1.0)
    first = x + 1.0
    second = first * 2.0
    output = second + x
    ax = computational_graph(output, names={"x": x, "1": first, "2": second, "y": output})
    xs = [at(ax, name)[0] for name in ("x", "1", "2", "y")]
    assert xs == sorted(xs)
    assert len(set(xs)) == 4


def test_the_first_operand_stands_above_the_second():
    a, b = Value(1.0), Value(2.0)
    for output in (a * b, b * a):
        ax = computational_graph(output, names={"a": a, "b": b})
        first = "a" if output.edges[0][0] is a else "b"
        assert at(ax, first)[1] > at(ax, "b" if first == "a" else "a")[1]


def test_no_text_lies_on_another(overlapping):
    output, names = neuron()
    output.backward()
    ax = computational_graph(output, names=names)
    assert not overlapping(list(ax.texts))


def test_nodes_do_not_overlap():
    leaves = [Value(float(i)) for i in range(6)]
    output = ((leaves[0] * leaves[1]) + (leaves[2] * leaves[3])) * (leaves[4] - leaves[5])
    centers = np.array([ring.center for ring in rings(computational_graph(output))])
    apart = np.linalg.norm(centers[:, None] - centers, axis=2) + 9 * np.eye(len(centers))
    assert apart.min() > 2 * RADIUS


def test_draws_where_it_is_told():
    _, (left, right) = plt.subplots(1, 2)
    assert computational_graph(neuron()[0], ax=right) is right
    assert not left.patches


def test_refuses_what_cannot_be_read_or_is_not_there():
    y = Value(1.0)
    for _ in range(8):
        y = y * 2.0
    with pytest.raises(ValueError, match="output has a graph of 9 columns and up to 1 rows"):
        computational_graph(y)
    tall = Value.from_operation("f", 1.0, *((Value(1.0), 1.0) for _ in range(7)))
    with pytest.raises(ValueError, match="a graph of 2 columns and up to 7 rows; there is room"):
        computational_graph(tall)
    with pytest.raises(ValueError, match=r"names has '\$q\$', which the output was not computed"):
        computational_graph(neuron()[0], names={"$q$": Value(1.0)})
