"""The lists of names that code links to are well formed, and every name exists."""

from __future__ import annotations

import io
from pathlib import Path

import inventories
import pytest
from sphinx.util.inventory import InventoryFile

ROOT = Path(__file__).resolve().parents[3]
LISTS = sorted((ROOT / "book" / "inventories").glob("*.txt"))
NAMES = [(path.stem, *entry) for path in LISTS for entry in inventories.read(path).entries]
HEAD = "# project: P\n# version: 1\n# base: https://p.example/\n"


def test_there_are_lists() -> None:
    assert {path.stem for path in LISTS} == {"matplotlib", "numpy", "torch"}


@pytest.mark.parametrize(("project", "name", "role", "address"), NAMES)
def test_a_listed_name_exists(project: str, name: str, role: str, address: str) -> None:
    item, holder = inventories.found(name)
    kind = (
        "class" if isinstance(item, type) else "method" if isinstance(holder, type) else "function"
    )
    assert role == f"py:{kind}"
    assert all(inventories.other_names(name) | {name})
    page, _, anchor = address.partition("#")
    assert page.endswith(".html")
    assert anchor


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_list_is_sorted_and_names_nothing_twice(path: Path) -> None:
    names = [name for name, _, _ in inventories.read(path).entries]
    assert names == sorted(set(names))


def test_sphinx_reads_what_is_compiled(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_text(HEAD + "\np.Thing py:class thing.html#$\n", "utf8")
    inventory = inventories.read(path)
    loaded = InventoryFile.load(
        io.BytesIO(inventories.compiled(inventory)), inventory.base, lambda base, page: base + page
    )
    project, version, address, _ = loaded["py:class"]["p.Thing"]
    assert (project, version, address) == ("P", "1", "https://p.example/thing.html#p.Thing")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "p.Thing thing.html\n", "p.txt, line 4"),
        (HEAD + "p.Thing class thing.html\n", "p.txt, line 4"),
        ("# project: P\n", "does not say its base, version"),
    ],
)
def test_a_list_that_is_not_of_the_form_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p.txt"
    path.write_text(text, "utf8")
    with pytest.raises(ValueError, match=message):
        inventories.read(path)


@pytest.mark.parametrize("name", ["torch.nosuch", "nosuch.thing", "torch.nn.Linear.nosuch"])
def test_a_name_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        inventories.found(name)


def test_a_thing_is_known_by_where_it_is_defined() -> None:
    assert inventories.other_names("torch.nn.Linear") == {"torch.nn.modules.linear.Linear"}
    assert "matplotlib.axes._axes.Axes.plot" in inventories.other_names("matplotlib.axes.Axes.plot")
