"""What the code reference reads of the package can be read: annotations, and docstrings as
reStructuredText. The site's build would find the same, some minutes later.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import typing
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import docutils.core
import pytest
from sphinx.ext.napoleon import GoogleDocstring

PACKAGE = Path(__file__).parents[2] / "src" / "linebyline"
GROUPS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())
MARKUP = ("start-string without end-string", "Undefined substitution", "Unknown target name")


def modules(group: str) -> Iterator[ModuleType]:
    for path in sorted((PACKAGE / group).glob("*.py")):
        name = f"linebyline.{group}.{path.stem}".removesuffix(".__init__")
        yield importlib.import_module(name)


def defined(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The module, its functions and classes, and their methods, with their names."""
    yield module.__name__, module
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing) or inspect.isclass(thing):
            yield f"{module.__name__}.{name}", thing
        if inspect.isclass(thing):
            for method, value in vars(thing).items():
                if isinstance(value, FunctionType):
                    yield f"{module.__name__}.{name}.{method}", value


def misread(docstring: str) -> list[str]:
    """What docutils says of markup that was not meant, or does not end."""
    if not {"|", "*"} & set(docstring):
        return []
    said = io.StringIO()
    settings = {"warning_stream": said, "report_level": 2}
    docutils.core.publish_doctree(str(GoogleDocstring(docstring)), settings_overrides=settings)
    return [line for line in said.getvalue().splitlines() if any(part in line for part in MARKUP)]


@pytest.mark.parametrize("group", GROUPS)
def test_docstrings_can_be_read(group: str) -> None:
    found = [
        (name, said)
        for module in modules(group)
        for name, thing in defined(module)
        if (docstring := inspect.cleandoc(thing.__doc__ or "")) and (said := misread(docstring))
    ]
    assert found == []


@pytest.mark.parametrize("group", GROUPS)
def test_annotations_can_be_read(group: str) -> None:
    for module in modules(group):
        for name, thing in defined(module):
            if inspect.isfunction(thing):
                try:
                    with contextlib.suppress(NameError):  # imported for type checkers alone
                        typing.get_type_hints(thing)
                except (ValueError, TypeError, SyntaxError) as error:
                    pytest.fail(f"{name}: {error}")


@pytest.mark.parametrize(
    "text", ["The length |x| of x.", "A star *args is not emphasis.", "|a + b"]
)
def test_a_misread_docstring_is_found(text: str) -> None:
    assert misread(text)
