"""Shared by the tests of studies."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture(scope="module")
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the study stored; `test_<study>.py` is about `linebyline.studies.<study>`."""
    study = import_module(f"linebyline.studies.{request.path.stem.removeprefix('test_')}")
    return study.load()


class EnoughError(Exception):
    """So many steps were asked for."""


@pytest.fixture
def first_losses(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Begins a training, and ends it when its loss was computed so many times: these losses."""

    def begin(train: Callable[[], object], owner: Any, loss: str, *, steps: int) -> list[float]:
        losses: list[float] = []
        true_loss = getattr(owner, loss)

        def watched(*args: Any) -> Any:
            if len(losses) == steps:
                raise EnoughError
            value = true_loss(*args)
            losses.append(value.item())
            return value

        monkeypatch.setattr(owner, loss, watched)
        with pytest.raises(EnoughError):
            train()
        return losses

    return begin
