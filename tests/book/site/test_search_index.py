"""What is searched for is in the index; formulas, outputs and what is listed elsewhere are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sphinx.search

PAGE = """\
# Heading

Prose of $\\hiddentex$ and

$$ \\displayedtex $$

```python
written = code(some_layer, 1234)
a_total = written + 0x56
show(a_total, {"a_key": 1})
def an_answer(): ...
```

[printed]{.cell_output}

```{glossary}
perceptron
  A neuron.
```

```{eval-rst}
.. py:module:: package

.. py:function:: documented

   Described.
```
"""


@pytest.fixture
def index(
    build_page: Callable[..., tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The index of one page."""
    monkeypatch.setattr(sphinx.search, "IndexBuilder", sphinx.search.IndexBuilder)
    _, warnings = build_page(PAGE, extensions=["myst_parser", "search"])
    assert warnings == ""
    script = (tmp_path / "out" / "searchindex.js").read_text("utf8")
    return json.loads(script.removeprefix("Search.setIndex(").removesuffix(")"))


def test_prose_and_code_are_found(index: dict[str, Any]) -> None:
    assert {"prose", "written", "neuron", "describ"} <= index["terms"].keys()
    assert "head" in index["titleterms"]


def test_of_code_what_comes_from_elsewhere_is_found(index: dict[str, Any]) -> None:
    words = index["terms"].keys()
    assert any(word.startswith("some_lay") for word in words)
    assert not [word for word in words if word.startswith(("a_", "an_", "0x", "12"))]


def test_formulas_and_outputs_are_not(index: dict[str, Any]) -> None:
    words = index["terms"].keys()
    assert not {word for word in words if "tex" in word or word.startswith("print")}


def test_a_term_and_an_object_are_listed_once(index: dict[str, Any]) -> None:
    assert list(index["indexentries"]) == ["perceptron"]
    assert "documented" in json.dumps(index["objects"])


def test_the_page_itself_keeps_all(
    build_page: Callable[..., tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sphinx.search, "IndexBuilder", sphinx.search.IndexBuilder)
    page, _ = build_page(PAGE, extensions=["myst_parser", "search"])
    assert "printed" in page
    assert "hiddentex" in page
