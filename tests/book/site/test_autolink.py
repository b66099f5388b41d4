"""sphinx-codeautolink reads pages with theorems and exercises, whose sections have no title."""

from __future__ import annotations

from collections.abc import Callable

PAGE = """\
# T

## Before

:::{prf:theorem}
:label: thm
One.
:::

:::{exercise}
:label: ex
Two.
:::

## After

```python
import string
string.capwords("x")
```
"""


def test_such_a_page_is_read(build_page: Callable[..., tuple[str, str]]) -> None:
    extensions = [
        "myst_parser",
        "sphinx_proof",
        "sphinx_exercise",
        "sphinx_codeautolink",
        "autolink",
    ]
    page, warnings = build_page(PAGE, extensions=extensions, codeautolink_concat_default=True)
    assert warnings == ""
    assert "capwords" in page
