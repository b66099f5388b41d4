"""Which modules of ``linebyline`` a chapter's code uses, and a hash of each that only its meaning
decides.

The hash is of the syntax tree without docstrings (comments are not in it), written out in a form
that does not depend on the version of Python: empty fields, which versions add, are left out. A
table that lies beside a module under its name (``milestones.toml``) counts as part of the module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

SOURCE = Path(__file__).resolve().parents[2] / "src"
PACKAGE = "linebyline"
DATA = (".csv", ".json", ".toml")


def fingerprints(sources: Iterable[str], root: Path = SOURCE) -> dict[str, str]:
    """Module name to hash, for every module that these pieces of code import, directly or through
    others.
    """
    found: dict[str, str] = {}
    todo = [name for source in sources for name in imports(parse_cell(source), root)]
    while todo:
        name = todo.pop()
        path = locate(name, root)
        if path is None or name in found:
            continue
        asked, meaning = _understood(path.read_text("utf8"))
        found[name] = sha256(meaning + _data(path)).hexdigest()[:16]
        # What __init__ re-exports is followed by name in imports(), so that one layer does not drag
        # in all of its group.
        todo += [] if path.name == "__init__.py" else imports(asked, root)
    return dict(sorted(found.items()))


def _data(module: Path) -> bytes:
    """The tables that a module reads: files of its name beside it, such as ``milestones.toml``."""
    beside = (module.with_suffix(suffix) for suffix in DATA)
    return b"".join(path.read_bytes() for path in beside if path.is_file())


def imports(tree: ast.AST, root: Path) -> Iterator[str]:
    """Modules of the package that a piece of code imports; a name that a package re-exports counts
    as the module it comes from.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == PACKAGE:
                    yield from _whole(alias.name, root)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            module = str(node.module)
            for alias in node.names if f"{module}.".startswith(f"{PACKAGE}.") else ():
                if alias.name == "*":
                    yield from _whole(module, root)
                else:
                    yield from _resolve(module, alias.name, root)


def _whole(module: str, root: Path) -> Iterator[str]:
    """A module; if it is a package, with all that it re-exports."""
    yield module
    path = locate(module, root)
    if path is not None and path.name == "__init__.py":
        yield from imports(_understood(path.read_text("utf8"))[0], root)


def _resolve(module: str, name: str, root: Path) -> Iterator[str]:
    """What ``from module import name`` brings."""
    if locate(f"{module}.{name}", root):
        yield from _whole(f"{module}.{name}", root)
        return
    yield module
    path = locate(module, root)
    if path is None or path.name != "__init__.py":
        return
    for node in _understood(path.read_text("utf8"))[0].body:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                yield from _resolve(str(node.module), alias.name, root)


def locate(module: str, root: Path) -> Path | None:
    """The file of a module, or None if the package has no such module."""
    base = root.joinpath(*module.split("."))
    return next(
        (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None
    )


@cache
def _understood(text: str) -> tuple[ast.Module, bytes]:
    """A module's import statements, wherever they stand in it, and what is hashed of it; kept, for
    many chapters ask for the same modules.
    """
    tree = ast.parse(text)
    asked = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return ast.Module(body=[*asked], type_ignores=[]), canonical(tree).encode()


@cache
def parse_cell(source: str) -> ast.AST:
    """A code cell's syntax tree, IPython's magic translated; an empty one if it has an error."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def canonical(node: object) -> str:
    """A syntax tree as text, without positions, empty fields and statements that are only a string:
    docstrings, also those of values.
    """
    if isinstance(node, list):
        return "[" + ",".join(canonical(entry) for entry in node if not _says_only(entry)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = [
        f"{name}={canonical(value)}"
        for name, value in ast.iter_fields(node)
        if value is not None and value != []
    ]
    return f"{type(node).__name__}({','.join(fields)})"


def _says_only(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
