"""Every node once, after its operands; deep and tangled graphs take linear time."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.autograd.topological_order import Node, topological_order


class Point:
    """A node with nothing but edges."""

    def __init__(self, *operands: "Point") -> None:
        self.edges = tuple((operand, None) for operand in operands)


@settings(deadline=None)
@given(st.data())
def test_every_node_stands_once_and_after_its_operands(data: st.DataObject) -> None:
    points = [Point()]
    for _ in range(data.draw(st.integers(0, 15))):
        points.append(Point(*data.draw(st.lists(st.sampled_from(points), max_size=3))))
    order = topological_order(points[-1])
    place = {id(point): index for index, point in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is points[-1]
    for point in order:
        for operand, _ in point.edges:
            assert place[id(operand)] < place[id(point)]
    reached = {id(operand) for point in order for operand, _ in point.edges}
    assert reached | {id(points[-1])} == set(place)


def test_a_leaf_is_alone() -> None:
    leaf = Point()
    assert topological_order(leaf) == [leaf]
    assert isinstance(leaf, Node)


def test_a_chain_may_be_deeper_than_the_recursion_limit() -> None:
    points = [Point()]
    for _ in range(10_000):
        points.append(Point(points[-1]))
    assert topological_order(points[-1]) == points


def test_many_paths_take_no_more_time_than_many_edges() -> None:
    """Sixty diamonds in a row have 2⁶⁰ paths and 120 edges."""
    points = [Point()]
    for _ in range(60):
        points.append(Point(points[-1], points[-1]))
    order = topological_order(points[-1])
    assert all(after.edges[0][0] is before for before, after in pairwise(order))


def test_a_long_edge_waits_for_the_long_way_round() -> None:
    """The output reaches the leaf at once and through two others; the leaf still comes first."""
    leaf = Point()
    first = Point(leaf)
    second = Point(first)
    for output in (Point(leaf, second), Point(second, leaf)):
        assert topological_order(output) == [leaf, first, second, output]
