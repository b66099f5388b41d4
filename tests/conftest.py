"""Shared by all tests."""

from collections.abc import Iterator

import jaxtyping
import pytest


@pytest.fixture
def without_shape_checks() -> Iterator[None]:
    """As a user runs the library: under pytest, jaxtyping speaks up before our messages can."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
