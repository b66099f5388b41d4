"""A piece of the library says which file it comes from; a block of the page's own does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Build = Callable[..., tuple[str, str]]
MODULE = '"""A module."""\n\n\ndef double(x):\n    """Twice."""\n    return 2 * x\n'
PAGE = """\
# T

```{literalinclude} src/package/part/concept.py
:pyobject: double
```

```{eval-rst}
.. py:module:: package.part.concept
```
"""


@pytest.fixture
def build(build_page: Build, tmp_path: Path) -> Build:
    """Builds a page beside a package and a file that is none of its modules."""
    for place in ("src/package/part/concept.py", "other/concept.py"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text(MODULE, "utf8")
    return lambda page: build_page(page, extensions=["myst_parser", "listings"])


def test_the_file_is_named_above_its_code_and_leads_to_its_reference(build: Build) -> None:
    page, warnings = build(PAGE)
    assert warnings == ""
    line = page.split('<p class="listing">')[1].split("</p>")[0]
    assert ">double</span>" in line
    assert ">package/part/concept.py<" in line
    assert 'href="#module-package.part.concept"' in line
    assert page.index('class="listing"') < page.index('<div class="highlight-')
    assert "return" in page


def test_a_whole_file_has_no_part(build: Build) -> None:
    page, _ = build(PAGE.replace(":pyobject: double\n", ""))
    line = page.split('<p class="listing">')[1].split("</p>")[0]
    assert " in " not in line


@pytest.mark.parametrize(
    ("old", "new"), [("src/package/part", "other"), (":pyobject:", ":caption: Mine\n:pyobject:")]
)
def test_other_blocks_have_no_such_line(build: Build, old: str, new: str) -> None:
    page, _ = build(PAGE.replace(old, new, 1))
    assert "listing" not in page
    assert "return" in page
