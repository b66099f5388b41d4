"""Shared by the tests of studies."""

from importlib import import_module
from typing import Any

import pytest


@pytest.fixture(scope="module")
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the study stored; `test_<study>.py` is about `linebyline.studies.<study>`."""
    study = import_module(f"linebyline.studies.{request.path.stem.removeprefix('test_')}")
    return study.load()
