r"""Formulas as notebooks' viewers read them: the book's own commands written out, rows aligned.

The site gives KaTeX the commands of ``katex_macros`` and wraps a formula of several rows by itself;
MathJax in a notebook knows of neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MOST = 1000  # commands may use each other, but not themselves
# Environments that number their rows may not stand between dollars; these may.
_INNER = {
    "align": "aligned",
    "alignat": "alignedat",
    "gather": "gathered",
    "multline": "gathered",
    "eqnarray": "aligned",
}


def expand(tex: str, macros: Mapping[str, str]) -> str:
    r"""Write out commands such as ``\vect{x}``, defined as ``{"\\vect": r"\boldsymbol{#1}"}``.

    Raises:
        ValueError: a command lacks an argument, or is defined by itself.
    """
    if not macros:
        return tex
    names = "|".join(
        re.escape(name) + (r"(?![A-Za-z])" if name[-1].isalpha() else "") for name in macros
    )
    command = re.compile(rf"(?<!\\)((?:\\\\)*)({names})")
    for _ in range(_MOST):
        found = command.search(tex)
        if not found:
            return tex
        result, end = macros[found[2]], found.end()
        for n in range(1, max(map(int, re.findall(r"#(\d)", result)), default=0) + 1):
            argument, end = _argument(tex, end, found[2])
            result = result.replace(f"#{n}", argument)
        gap = " " if re.search(r"\\[A-Za-z]+$", result) and tex[end : end + 1].isalpha() else ""
        tex = tex[: found.start(2)] + result + gap + tex[end:]
    raise ValueError(f"a command of {', '.join(macros)} is defined by itself")


def _argument(tex: str, start: int, name: str) -> tuple[str, int]:
    """A group in braces, a command or a character, and where it ends."""
    rest = tex[start:].lstrip()
    start, depth = len(tex) - len(rest), 0
    for token in re.finditer(r"\\(?:[A-Za-z]+|.)|.", rest, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return rest[1 : token.start()] if token.start() else token[0], start + token.end()
        if depth < 0:
            break
    raise ValueError(f"{name} lacks its argument")


def display(tex: str, number: str = "", *, one_line: bool = False) -> str:
    r"""A displayed formula, with its number at the right if it has one.

    Args:
        tex: without dollars; rows and blank lines as on the site.
        number: goes into a ``\tag``.
        one_line: for quotations, where viewers take each line's ``>`` for part of the formula.
    """
    rows = [_aligned(_inner(row.strip())) for row in re.split(r"\n[ \t]*\n", tex.strip())]
    if len(rows) > 1:
        rows = ["\\begin{gathered}", " \\\\\n".join(rows), "\\end{gathered}"]
    lines = ["$$", *rows, *([f"\\tag{{{number}}}"] if number else []), "$$"]
    if one_line:
        return " ".join(re.sub(r"(?<!\\)%.*", "", "\n".join(lines)).split())
    return "\n".join(lines)


def needs_rewriting(tex: str) -> bool:
    """Whether a formula between dollars would be shown differently from the site."""
    return display(tex).split() != f"$$ {tex} $$".split()


def _inner(row: str) -> str:
    """Without environments that cannot stand between dollars."""
    row = re.sub(r"\\(?:begin|end)\{(?:equation|math|displaymath)\*?\}\s*", "", row)
    names = "|".join(_INNER)
    return re.sub(
        rf"\\(begin|end)\{{({names})\*?\}}",
        lambda match: f"\\{match[1]}{{{_INNER[match[2]]}}}",
        row,
    ).strip()


def _aligned(row: str) -> str:
    r"""Inside ``aligned`` if it breaks lines (``\\``) outside any environment or group."""
    bare = re.sub(r"(?<!\\)\\[{}]", "", row)
    for enclosed in (r"\\begin\{(\w+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}", r"\{[^{}]*\}"):
        found = 1
        while found:  # from the inside out
            bare, found = re.subn(enclosed, "", bare, flags=re.DOTALL)
    return f"\\begin{{aligned}}\n{row}\n\\end{{aligned}}" if "\\\\" in bare else row
