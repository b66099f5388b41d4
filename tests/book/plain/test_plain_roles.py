"""What each role becomes; test_plain_site.py holds the words and links to the site's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from plain import PlainError

Show = Callable[..., str]
OTHER = """
(far)=
# Other {math}`x`

$$ a $$ (eq-far)

```{figure} x.png
:name: fig-far
A *far* one.
```

```{prf:lemma}
:label: lem
```
"""
PAGE = "https://site/book/part/other.html"


@pytest.fixture
def say(shown: Show, book: Path) -> Callable[[str], str]:
    """A line beside another page, with some values."""
    (book / "part" / "other.md").touch()
    values = {"x": 0.125, "n": 1234, "word": "it's"}
    return lambda text: shown(text, others={"book/part/other.md": OTHER}, values=values)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("{ref}`far`", f"[Other $x$]({PAGE}#far)"),
        ("{ref}`*there* <far>`", f"[*there*]({PAGE}#far)"),
        ("{ref}`FAR`", f"[Other $x$]({PAGE}#far)"),
        ("{ref}`fig-far`", f"[A *far* one.]({PAGE}#fig-far)"),
        ("{numref}`fig-far`", f"[Fig. 3.1]({PAGE}#fig-far)"),
        ("{numref}`Figure %s <fig-far>`", f"[Figure 3.1]({PAGE}#fig-far)"),
        ("{numref}`{number}: {name} <fig-far>`", f"[3.1: A *far* one.]({PAGE}#fig-far)"),
        ("{numref}`far`", f"[Section 3]({PAGE}#far)"),
        ("{eq}`eq-far`", f"[(1)]({PAGE}#equation-eq-far)"),
        ("{prf:ref}`lem`", f"[Lemma 3.1]({PAGE}#lem)"),
        ("{doc}`other`", f"[Other $x$]({PAGE})"),
        ("{doc}`that <other.md>`", f"[that]({PAGE})"),
        ("[](other.md)", f"[Other $x$]({PAGE})"),
        ("[far](other.md#far)", f"[far]({PAGE}#far)"),
        ("[x](other.md#eq-far 'title')", f"[x]({PAGE}#equation-eq-far 'title')"),
        ("[code](../../src/unit.py#L3)", "[code](https://repo/blob/main/src/unit.py#L3)"),
        ("![a *b*](line.png)", "![a *b*](https://repo/raw/main/book/part/line.png)"),
        ("{download}`line.png`", "[`line.png`](https://repo/raw/main/book/part/line.png)"),
        ("{download}`it <line.png>`", "[it](https://repo/raw/main/book/part/line.png)"),
        (
            "{term}`Learning rate`",
            "[Learning rate](https://site/book/glossary.html#term-learning-rate)",
        ),
        (
            "{term}`rates <learning rate>`",
            "[rates](https://site/book/glossary.html#term-learning-rate)",
        ),
        ("{glue}`x`", "0.125"),
        ("{glue:text}`x:.2f`", "0.12"),
        ("{glue:text}`x:.1%`", "12.5%"),
        ("{glue:text}`n:,`", "1,234"),
        ("{glue:text}`n:d`", "1234"),
        ("{glue:text}`word`", "it's"),
        ("{cite:t}`a1999,c2020`", "A and B [[1999](https://doi/1)], C *et al.* [2020]"),
        ("{cite}`a1999`", "[[A and B, 1999](https://doi/1)]"),
        ("{cite:ps}`c2020`", "[C, D, and E, 2020]"),
        ("{func}`~a.b.f` {py:meth}`C.m` {func}`g()`", "`f()` `C.m()` `g()`"),
        ("{class}`~a.C` {mod}`a.b` {py:attr}`!x` {class}`this <a.C>`", "`C` `a.b` `x` `this`"),
        ("{math}`x^2`", "$x^2$"),
        ("{code}`a` {literal}``b ` c``", "`a` ``b ` c``"),
        ("{literal}`` ` ``", "`` ` ``"),
        ("{index}`word` {index}`word <single: entry>`", "word word"),
        ("{abbr}`SGD (stochastic gradient descent)`", "SGD (stochastic gradient descent)"),
        ("{kbd}`Ctrl` H{sub}`2`O x{sup}`3`", "<kbd>Ctrl</kbd> H<sub>2</sub>O x<sup>3</sup>"),
        ("{strong}`a` {emphasis}`b`", "**a** *b*"),
        ("[{ref}`far` `{ref}`](https://x)", f"[[Other $x$]({PAGE}#far) `{{ref}}`](https://x)"),
        ("{ref}`two\nlines <far>`", f"[two lines]({PAGE}#far)"),
        (r"\{ref}`far` ``{ref}`far` ``", r"\{ref}`far` ``{ref}`far` ``"),
    ],
)
def test_roles_and_links(say: Callable[[str], str], role: str, expected: str) -> None:
    assert say(role) == expected


@pytest.mark.parametrize(
    ("role", "message"),
    [
        ("{ref}`none`", "unknown label 'none'; give the label of a place"),
        ("{eq}`none`", "unknown label 'none'"),
        ("{eq}`far`", "far is no equation but a section; use {ref} or {numref}"),
        ("{numref}`plain`", "plain has no number; write {ref}`text <plain>`"),
        ("{ref}`plain`", "plain has no title; write {ref}`text <plain>`"),
        ("{doc}`none`", "none.md leads nowhere"),
        ("{doc}`https://x/y`", "https://x/y.md is no page of this book"),
        ("{term}`none`", "'none' is not in the glossary; add it to glossary.md"),
        ("{cite}`a1999,none`", "no reference 'none'; add it to references.bib"),
        ("{glue}`none`", "no cell glues 'none'; glue it in a code cell"),
        ("{glue:text}`x:.2q`", "x is 0.125: "),
        ("{glue:text}`word:.2f`", 'word is "it\'s": '),
        ("{download}`none.zip`", "no file none.zip"),
        ("![a](none.png)", "no file none.png"),
    ],
)
def test_what_refers_to_nothing_is_refused(
    say: Callable[[str], str], role: str, message: str
) -> None:
    with pytest.raises(PlainError) as error:
        say(f"(plain)=\nA paragraph.\n\nHere {role} is.")
    assert message in str(error.value)
    assert str(error.value).startswith(f"book/part/chapter.md: {f'Here {role} is.'!r}: ")


def test_a_paper_without_an_address_leads_to_the_bibliography(shown: Show) -> None:
    text = shown("{cite:t}`c2020`", others={"book/bibliography.md": "# Bibliography"})
    assert text == "C *et al.* [[2020](https://site/book/bibliography.html)]"
