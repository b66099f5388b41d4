"""What each directive becomes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from plain import PlainError
from plain_directives import DIRECTIVES

Show = Callable[..., str]
OTHER = "https://site/book/part/other.html"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```{note}\nText *a*.\n\n- b\n```", "> **Note**\n>\n> Text *a*.\n>\n> - b"),
        (
            "```{warning} Begins here\nand goes on.\n```",
            "> **Warning**\n>\n> Begins here\n> and goes on.",
        ),
        (":::{seealso}\n:name: x\nText.\n:::", "> **See also**\n>\n> Text."),
        (":::{admonition} A $t$\n:class: tip\nText.\n:::", "> **A $t$**\n>\n> Text."),
        ("```{sidebar} Title\nText.\n```", "> **Title**\n>\n> Text."),
        ("```{margin}\nText.\n```", "> Text."),
        ("```{epigraph}\nWords.\n\n-- Somebody\n```", "> Words.\n>\n> — Somebody"),
        (
            ":::{dropdown} A `b` <\nText.\n:::",
            "<details>\n<summary>A <code>b</code> &lt;</summary>\n\nText.\n\n</details>",
        ),
        (
            ":::{tip}\n:class: dropdown\nText.\n:::",
            "<details>\n<summary>Tip</summary>\n\nText.\n\n</details>",
        ),
    ],
)
def test_admonitions(shown: Show, text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "```{card} Title\nHead\n^^^\nBody\n+++\nFoot\n```",
            "> **Title**\n>\n> Head\n>\n> Body\n>\n> Foot",
        ),
        ("```{card} Go\n:link: https://x\nBody\n```", "> **[Go](https://x)**\n>\n> Body"),
        (
            "```{card} Go\n:link: other\n:link-type: doc\n```",
            "> **[Go](https://site/book/part/other.html)**",
        ),
        (
            "```{card}\n:link: far\n:link-type: ref\n```",
            "> **[More](https://site/book/part/other.html#far)**",
        ),
        ("```{card}\n:link: https://x\n```", "> **[More](https://x)**"),
        ("```{card}\n:link: other\n:link-type: doc\n```", f"> **[More]({OTHER})**"),
        (
            "::::{grid} 2\n:::{grid-item-card} A\nx\n:::\n:::{grid-item}\ny\n:::\n::::",
            "> **A**\n>\n> x\n\ny",
        ),
        (
            "::::{tab-set}\n:::{tab-item} A\nx\n:::\n:::{tab-item} B\n```\ny\n```\n:::\n::::",
            "**A**\n\nx\n\n**B**\n\n```\ny\n```",
        ),
    ],
)
def test_cards_and_tabs(shown: Show, book: Path, text: str, expected: str) -> None:
    (book / "part" / "other.md").touch()
    assert shown(text, others={"book/part/other.md": "(far)=\n# Other"}) == expected


IMAGE = "https://repo/raw/main/book/part/line.png"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```{image} line.png\n:alt: A [line]\n:width: 5em\n```", f"![A \\[line\\]]({IMAGE})"),
        ("```{image} /book/part/line.png\n```", f"![]({IMAGE})"),
        ("```{image} https://x/y.png\n:alt: y\n```", "![y](https://x/y.png)"),
        (
            "```{figure} line.png\n---\nname: fig-a\nalt: A line\n---\n"
            "A *caption* {eq}`e`.\n\nLegend.\n```",
            f"![A line]({IMAGE})\n\n**Fig. 2.1.** A *caption* [(3)](https://site/book/part/other.html#equation-e)."
            "\n\nLegend.",
        ),
        ("```{figure} line.png\n:name: fig-a\n```", f"![]({IMAGE})"),
    ],
)
def test_pictures(shown: Show, text: str, expected: str) -> None:
    others = {"book/part/other.md": "$$ a $$ (a)\n\n$$ b $$ (b)\n\n$$ c $$ (e)"}
    assert shown(text, others=others) == expected


def test_exercises_and_solutions(shown: Show) -> None:
    text = shown(
        "## Exercises\n\n```{exercise} By hand\n:label: ex\nDo $x$.\n```\n\n"
        "````{solution} ex\n```python\n1\n```\n````",
        "```{exercise-start}\n:label: gated\n```\nDo.",
        "```{exercise-end}\n```\n\n```{solution-start} gated\n:class: dropdown\n```\nDone.\n\n"
        "```{solution-end}\n```",
        "#### Deep\n\n```{exercise}\n:nonumber:\nx\n```\n\n"
        "```{exercise}\n:hidden:\nx\n```\n\nSee {ref}`ex`.",
    )
    assert text.split("\n<cell>\n") == [
        '## Exercises\n\n<a id="ex" name="ex"></a>\n\n### Exercise 2.1 (By hand)\n\nDo $x$.\n\n'
        "<details>\n<summary>Solution to Exercise 2.1</summary>\n\n```python\n1\n```\n\n</details>",
        "### Exercise 2.2\n\nDo.",
        "### Solution to Exercise 2.2\n\nDone.",
        "#### Deep\n\n##### Exercise\n\nx\n\nSee [Exercise 2.1](#ex).",
    ]


def test_gates_must_pair(shown: Show) -> None:
    with pytest.raises(
        PlainError, match=r"'```\{solution-end\}': it ends exercise-start; pair it with"
    ):
        shown("```{exercise-start}\n```\n\n```{solution-end}\n```")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ":::{prf:theorem} Bound, {cite:t}`c2020`\n:label: t\nText.\n:::",
            "> **Theorem 2.1 (Bound, C *et al.* [2020])**\n>\n> Text.",
        ),
        ("```{prf:lemma}\nText.\n```", "> **Lemma 2.1**\n>\n> Text."),
        ("```{prf:remark}\n:nonumber:\nText.\n```", "> **Remark**\n>\n> Text."),
        ("```{prf:proof}\nText.\n```", "> **Proof.** Text."),
        ("```{prf:proof}\n$x$ is.\n```", "> **Proof.** $x$ is."),
        ("```{prf:proof}\n$$x$$\n```", "> **Proof.**\n>\n> $$ x $$"),
        ("```{prf:proof}\n- one\n```", "> **Proof.**\n>\n> - one"),
    ],
)
def test_theorems(shown: Show, text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```{math}\na\n```", "$$\na\n$$"),
        (
            "```{math} a\n:label: x\nb\n```",
            "$$\n\\begin{gathered}\na \\\\\nb\n\\end{gathered}\n\\tag{1}\n$$",
        ),
        ("```{math}\n:name: x\na\n```", "$$\na\n\\tag{1}\n$$"),
    ],
)
def test_formulas(shown: Show, text: str, expected: str) -> None:
    assert shown(text) == expected


def test_nowrap_is_refused(shown: Show) -> None:
    with pytest.raises(
        PlainError, match="nowrap cannot be shown; use an environment such as aligned"
    ):
        shown("```{math}\n:nowrap:\n\\begin{align}a\\end{align}\n```")


def test_tables_with_a_caption(shown: Show) -> None:
    text = shown("```{table} Of *x*\n:name: t\n| a |\n|---|\n| {eq}`e` |\n```\n\n$$ a $$ (e)")
    assert text.startswith("**Table 2.1.** Of *x*\n\n| a |\n|---|\n| [(1)](#equation-e) |\n\n")
    assert shown("```{table}\n| a |\n|---|\n```") == "| a |\n|---|"


def test_the_bibliography_lists_what_the_chapter_cites(shown: Show) -> None:
    text = shown(
        "```{bibliography}\n:filter: docname in docnames\n```", "{cite}`c2020` {cite:t}`a1999`"
    )
    assert text.startswith("- A and B. *Title*. 1999.\n- C and others. 2020.\n<cell>\n")


def test_the_glossary_is_a_list(shown: Show) -> None:
    text = shown(
        "```{glossary}\nfirst\nsecond\n  Both, see {term}`learning rate`.\n\n"
        "  - more\n\nthird\n  Last.\n```"
    )
    link = "[learning rate](https://site/book/glossary.html#term-learning-rate)"
    assert text == f"- **first**, **second**: Both, see {link}.\n\n  - more\n- **third**: Last."


@pytest.mark.parametrize("name", ["toctree", "tableofcontents", "contents", "index", "meta"])
def test_what_only_the_site_has_goes(shown: Show, name: str) -> None:
    assert shown(f"One.\n\n```{{{name}}}\nx\n```\n\nTwo.") == "One.\n\nTwo."


def test_a_code_cell_inside_a_block_is_refused(shown: Show) -> None:
    with pytest.raises(
        PlainError, match=r"'```\{code-cell\}': a code cell inside another block; put it"
    ):
        shown("````{note}\n```{code-cell}\n1\n```\n````")


def test_what_is_refused_elsewhere_is_unknown_here() -> None:
    assert not {"eval-rst", "raw", "include", "csv-table", "mermaid", "only"} & DIRECTIVES.keys()
