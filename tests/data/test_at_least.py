"""Which number is refused, and by which name."""

import re

import pytest

from linebyline.data.at_least import at_least


def test_the_least_is_allowed() -> None:
    at_least(count=(1, 1), gap=(0, 0), length=(7, 2))


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_below_is_named(order: int) -> None:
    given = dict([("count", (1, 1)), ("facts", (1, 2))][::order])
    with pytest.raises(ValueError, match=re.escape("facts must be at least 2, not 1")):
        at_least(**given)
