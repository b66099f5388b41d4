"""Code that a chapter shows: its own blocks, and the library's lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from plain import PlainError

Show = Callable[..., str]
UNIT = "[`src/unit.py`](https://repo/blob/main/src/unit.py):"


@pytest.mark.parametrize(
    ("options", "head", "code"),
    [
        (":pyobject: double", "`double` in ", 'def double(x):\n    """Twice."""\n    return 2 * x'),
        (":pyobject: Unit.fire", "`Unit.fire` in ", "    def fire(self):\n        return True"),
        (":pyobject: Unit.fire\n:dedent:", "`Unit.fire` in ", "def fire(self):\n    return True"),
        (":lines: 12-13\n:dedent: 4", "", "def fire(self):\n    return True"),
        (
            ":start-at: def double\n:end-before: class",
            "",
            'def double(x):\n    """Twice."""\n    return 2 * x',
        ),
        (":start-after: Twice\n:end-at: return\n:linenos:", "", "    return 2 * x"),
        (":lines: 4\n:language: text", "", "def double(x):"),
    ],
)
def test_the_librarys_lines(shown: Show, options: str, head: str, code: str) -> None:
    language = "text" if "language" in options else "python"
    text = shown(f"Before\n```{{literalinclude}} ../../src/unit.py\n{options}\n```\nAfter")
    assert text == f"Before\n\n{head}{UNIT}\n\n```{language}\n{code}\n```\n\nAfter"


def test_a_path_may_begin_at_the_root_and_a_caption_is_numbered(shown: Show) -> None:
    text = shown(
        "```{literalinclude} /src/unit.py\n:lines: 4\n:caption: Why {eq}`e`\n:name: l\n```\n\n"
        "$$ a $$ (e)"
    )
    assert text.startswith(
        f"{UNIT}\n\n**Listing 2.1.** Why [(1)](#equation-e)\n\n```python\ndef double(x):\n```\n"
    )


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("../../src/none.py\n", "no file ../../src/none.py; give its path from the chapter"),
        ("../../src/unit.py\n:pyobject: Unit.sleep\n", "Object named 'Unit.sleep' not found"),
        (
            "../../src/unit.py\n:start-at: nowhere\n",
            "start-at pattern not found: nowhere; choose lines that unit.py has",
        ),
        ("../../src/unit.py\n:lines: 100-\n", "no lines pulled from include file"),
        ("../../src/unit.py\n:dedent: x\n", "invalid literal for int"),
        (
            "../../src/unit.py\n:start-at: a\n:start-after: b\n",
            'Cannot use both "start-after" and "start-at" options',
        ),
    ],
)
def test_lines_that_are_not_there_are_refused(shown: Show, directive: str, message: str) -> None:
    with pytest.raises(PlainError) as error:
        shown(f"```{{literalinclude}} {directive}```")
    assert message in str(error.value)
    assert "book/part/chapter.md: '```{literalinclude} " in str(error.value)


def test_blocks_of_code(shown: Show) -> None:
    assert (
        shown("```{code-block} python\n:linenos:\nx = `1` {ref}`y`\n```")
        == "```python\nx = `1` {ref}`y`\n```"
    )
    assert (
        shown("```{code-block} text\n:caption: *C*\nx\n```")
        == "**Listing 2.1.** *C*\n\n```text\nx\n```"
    )
    assert (
        shown("`````{code} md\n```{note}\n```\n````\n`````")
        == "`````md\n```{note}\n```\n````\n`````"
    )
