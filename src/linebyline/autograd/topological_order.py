"""The order of a graph in which everything comes after what it was computed from."""

from typing import Any, Protocol, TypeVar, runtime_checkable


@runtime_checkable
class Node(Protocol):
    """What this module asks of a node: its edges, each of them a pair that begins with the node
    at the other end.
    """

    @property
    def edges(self) -> tuple[tuple[Any, Any], ...]:
        """One pair for each operand that the node was computed from; none for a leaf."""


N = TypeVar("N", bound=Node)


def topological_order(output: N) -> list[N]:
    """Every node that `output` was computed from, each once and after its own operands.

    Source: Cormen, Leiserson, Rivest & Stein 2009, *Introduction to Algorithms*, section 22.4: the
    order in which a depth-first search finishes. Deviation: the search keeps a stack of its own
    instead of calling itself, so a graph may be deeper than Python's limit on recursion.

    Read from the end, the list is the order of a backward pass: at each node, all that was
    computed from it has been there before. It takes time in proportion to the number of edges,
    however many paths there are.

    Args:
        output: where the search begins; it is the last of the list.
    """
    order: list[N] = []
    seen: set[int] = set()  # by id(): equal numbers can be two nodes
    stack = [(output, False)]
    while stack:
        node, operands_are_placed = stack.pop()
        if operands_are_placed:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))  # below its operands: they come up first
            stack.extend((operand, False) for operand, _ in node.edges)
    return order
