"""The same stem names a module, its test and its chapter; what stands in the tree is reachable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "linebyline"
BOOK = ROOT / "book"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
PACKAGES = sorted(SOURCE.rglob("__init__.py"))
CODE = [*MODULES, *sorted((BOOK / "_ext").glob("*.py"))]
# Of tests/, what tests the book and the project rather than a module of the package.
OTHERS = {"book", "project", "site", "colab"}


def relative(path: Path) -> str:
    """A path as the messages and the names of tests say it."""
    return path.relative_to(ROOT).as_posix()


def pages() -> list[Path]:
    """Every page of the book, chapter or not."""
    return sorted(
        path for path in BOOK.rglob("*.md") if path.relative_to(BOOK).parts[0][0] not in "_."
    )


def contents(node: object) -> Iterator[str]:
    """Every page that _toc.yml names, without its suffix."""
    if isinstance(node, dict):
        yield from (str(node[key]) for key in ("root", "file") if key in node)
        for value in node.values():
            yield from contents(value)
    elif isinstance(node, list):
        for value in node:
            yield from contents(value)


def shown() -> set[str]:
    """Dotted names of the modules that a page shows: a literalinclude of the file, an import in a
    code cell, or an entry in the code reference.
    """
    found = set()
    for page in pages():
        text = page.read_text("utf8")
        for path in re.findall(r"^`{3,}\{literalinclude\} *(\S+)", text, re.M):
            file = (page.parent / path).resolve()
            if file.is_relative_to(SOURCE):
                found.add(".".join(file.relative_to(SOURCE.parent).with_suffix("").parts))
        found |= set(re.findall(r"automodule:: *([\w.]+)", text))
        for name, names in re.findall(r"^from (linebyline[\w.]*) import ([\w, ]+)", text, re.M):
            found |= {name, *(f"{name}.{each.split()[0]}" for each in names.split(","))}
    return found


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_a_module_has_its_test(module: Path) -> None:
    folder = module.relative_to(SOURCE).parent
    test = ROOT / "tests" / folder / f"test_{module.name}"
    assert test.exists(), f"{relative(module)} has no test: write {relative(test)}"


def test_a_test_has_its_module_or_chapter() -> None:
    """test_<concept>.py mirrors src/, test_<chapter>_claims.py, where there is one, book/."""
    for test in (ROOT / "tests").rglob("test_*.py"):
        folder = test.relative_to(ROOT / "tests").parent
        if folder.parts and folder.parts[0] in OTHERS:
            continue
        module = SOURCE / folder / test.name.removeprefix("test_")
        chapter = BOOK / folder / f"{module.stem.removesuffix('_claims')}.md"
        tested = module.exists() or chapter.exists()
        assert tested, f"{relative(test)} tests neither a module nor a chapter"


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_a_module_is_shown_in_the_book(module: Path) -> None:
    name = ".".join(module.relative_to(SOURCE.parent).with_suffix("").parts)
    assert name in shown(), f"no page shows {name}: include it in a chapter, or in book/api/"


def test_a_chapter_on_a_concept_shows_its_module() -> None:
    """The chapter with a module's name includes that module's code; if several have it, of one."""
    named: dict[str, set[Path]] = {}
    for module in MODULES:
        named.setdefault(module.stem, set()).add(module)
    for page in pages():
        if page.stem in named and page.parent not in {BOOK, BOOK / "api"}:
            includes = re.findall(r"\{literalinclude\} *(\S+)", page.read_text("utf8"))
            files = {(page.parent / path).resolve() for path in includes}
            assert named[page.stem] & files, f"{relative(page)} does not show its module"


def test_the_contents_name_every_page_and_no_other() -> None:
    listed = list(contents(yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))))
    assert len(listed) == len(set(listed)), "a page stands twice in _toc.yml"
    assert {relative(page.with_suffix("")) for page in pages()} == set(listed)


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_a_file_is_one_concept(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "misc"}, "name it after its concept"
    length = len(path.read_text("utf8").splitlines())
    assert length <= 300, f"{relative(path)} has {length} lines: past 300 it is two concepts"


@pytest.mark.parametrize("package", PACKAGES, ids=relative)
def test_an_init_only_re_exports(package: Path) -> None:
    docstring, *rest = ast.parse(package.read_text("utf8")).body
    assert isinstance(docstring, ast.Expr), f"{relative(package)} says nothing of its group"
    for node in rest:
        is_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        assert is_all or isinstance(node, ast.ImportFrom), (
            f"{relative(package)}: {ast.unparse(node)}"
        )


def test_the_package_says_that_it_is_typed() -> None:
    assert (SOURCE / "py.typed").exists()
