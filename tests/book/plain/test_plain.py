"""A chapter's cells together: what passes, counts and links across cells, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain import Context, PlainError, Target, caption, glued, leftovers, render

Show = Callable[..., str]

WORDS = st.text(alphabet="ab é.,;!?'\"*_&1<>=-+/\\|#()", min_size=1, max_size=30)
LINES = st.one_of(
    WORDS,
    st.builds("{} `{}` {}".format, WORDS, st.sampled_from(["x", "{ref}x", "$ y", "{a: 1}"]), WORDS),
    st.builds("{} ${}$ {}".format, WORDS, st.sampled_from(["x", r"\{a\}", "a_{b}^{c}"]), WORDS),
    st.builds(
        "[{}](https://example.org/{})".format, st.sampled_from(["a", "*b*"]), st.just("x?y=z#w")
    ),
)
BLOCKS = st.one_of(
    LINES,
    st.builds("## {}".format, LINES),
    st.builds("- {}\n- {}\n  more".format, LINES, LINES),
    st.builds("1. {}\n\n   {}".format, LINES, LINES),
    st.builds("> {}\n> {}".format, LINES, LINES),
    st.builds("```python\n{}\n{{ref}}`x`\n:::{{note}}\n```".format, WORDS),
    st.builds("~~~\n```{{note}}\n{}\n```\n~~~".format, WORDS),
    st.just("---\n\n    {ref}`x`\n    % indented code"),
    st.just("| a | b |\n|---|--:|\n| `x` | $y$ |"),
    st.just("$$\na = b\n$$"),
    st.just("<details>\n<summary>{x}</summary>\n\ntext\n\n</details>"),
    st.just("[link]: https://example.org\n\n[text][link] <https://example.org>"),
    st.just("---"),
    st.just("\n\n"),
)


def is_plain(markdown: str) -> bool:
    """Whether MyST reads no more in it than Markdown."""
    return not any(line.lstrip("> -1.").startswith(("(", "++")) for line in markdown.split("\n"))


@settings(deadline=None)  # the first call builds the parser
@given(st.lists(BLOCKS, max_size=6).map("\n\n".join).filter(is_plain))
def test_plain_markdown_passes_unchanged(markdown: str) -> None:
    book = Path("/book")
    context = Context(book / "a.md", book, "https://s/", "https://r", {}, {}, {}, {})
    assert render([markdown], context) == [markdown]
    assert leftovers(markdown) == []


def test_numbers_run_on_from_cell_to_cell(shown: Show) -> None:
    exercise = "```{exercise}\nDo.\n```"
    text = shown(f"## E\n\n{exercise}", exercise, "$$ a $$ (one)", "$$ b $$ (two)")
    assert text.split("\n<cell>\n") == [
        "## E\n\n### Exercise 2.1\n\nDo.",
        "### Exercise 2.2\n\nDo.",
        "$$\na\n\\tag{1}\n$$",
        "$$\nb\n\\tag{2}\n$$",
    ]


def test_only_what_is_linked_gets_a_mark(shown: Show) -> None:
    text = shown("(a)=\n# A\n\n(b)=\n## B\n\n$$ x $$ (c)", "See {ref}`b` and {eq}`c`.")
    assert text == (
        '# A\n\n<a id="b" name="b"></a>\n\n## B\n\n<a id="equation-c" name="equation-c"></a>\n\n'
        "$$\nx\n\\tag{1}\n$$\n<cell>\nSee [B](#b) and [(1)](#equation-c)."
    )


def test_headings_are_places_without_a_label(shown: Show) -> None:
    text = shown("# A\n\n## B *c* {math}`x`\n\nSee [there](#b-c-x), [](chapter.md#b-c-x).")
    mark = '<a id="b-c-x" name="b-c-x"></a>'
    assert text == f"# A\n\n{mark}\n\n## B *c* $x$\n\nSee [there](#b-c-x), [B *c* $x$](#b-c-x)."


def test_a_formula_changes_only_if_it_must(shown: Show) -> None:
    assert shown("$$ a  = b $$") == "$$ a  = b $$"
    assert shown(r"$$ a \\ b $$") == "$$\n\\begin{aligned}\na \\\\ b\n\\end{aligned}\n$$"


def test_footnotes_come_last_in_the_order_of_their_marks(shown: Show) -> None:
    text = shown(
        "[^a]: First *text*.\n\n    More.\n\nOne[^b] and[^a].\n\n[^b]: Second[^9].",
        "Two[^b].\n\n[^9]: Ninth.",
    )
    mark = '<a id="footnote-{0}" name="footnote-{0}"></a>'.format
    assert text == (
        "One<sup>[1](#footnote-b)</sup> and<sup>[2](#footnote-a)</sup>.\n<cell>\n"
        "Two<sup>[1](#footnote-b)</sup>.\n\n---\n\n"
        f"{mark('b')}<sup>1</sup> Second<sup>[9](#footnote-9)</sup>.\n\n"
        f"{mark('a')}<sup>2</sup> First *text*.\n\nMore.\n\n{mark('9')}<sup>9</sup> Ninth."
    )


def test_comments_targets_breaks_and_attributes_go(shown: Show) -> None:
    text = shown(
        "% a comment\n\nOne.\n% another\nTwo.\n\n(x)=\n\n% third\n\nThree.\n\n+++ {}\n\n"
        "{#id .class}\nFour [five]{.k} `six`{.l}.\n\n- % seven\n- eight"
    )
    assert text == "One.\nTwo.\n\nThree.\n\nFour five `six`.\n\n-\n- eight"


def test_blocks_inside_containers_keep_their_place(shown: Show) -> None:
    text = shown(
        "1. One\n   ```{note}\n   Two\n\n   three\n   ```\n   four\n\n"
        "> - :::{tip}\n>   Five\n>   :::\n"
    )
    assert text == (
        "1. One\n\n   > **Note**\n   >\n   > Two\n   >\n   > three\n\n   four\n\n"
        "> - > **Tip**\n>   >\n>   > Five"
    )


def test_directives_nest_to_any_depth(shown: Show) -> None:
    text = shown(
        "::::::{note}\nA\n:::::{tip}\n````{admonition} T\n"
        "```{math}\n:label: deep\nx\ny\n```\n````\n:::::\nB\n::::::"
    )
    assert text == (
        "> **Note**\n>\n> A\n>\n> > **Tip**\n> >\n"
        "> > > **T**\n> > >\n> > > $$ x y \\tag{1} $$\n>\n> B"
    )


def test_formulas_in_quotations_stay_on_one_line(shown: Show) -> None:
    assert shown("> $$\n> a\n> $$\n>\n> In $x\n> y$ line.") == "> $$ a $$\n>\n> In $x y$ line."
    assert shown("```{note}\n$a\nb$\n```") == "> **Note**\n>\n> $a b$"


def test_definition_lists_become_lists(shown: Show) -> None:
    text = shown(
        "Before\n\none *x*\n: first {eq}`e`\n  more\n\n  para\n: second\n\n"
        "two\n: $x$\n\n$$ a $$ (e)"
    )
    assert text.startswith(
        "Before\n\n- **one *x***: first [(1)](#equation-e)\n  more\n\n  para\n\n  second\n"
        "- **two**: $x$\n\n<a"
    )


def test_commands_of_the_book_are_written_out_in_formulas_alone(shown: Show) -> None:
    macros = {r"\R": r"\mathbb{R}"}
    text = shown("`\\R` $x \\in \\R$ {math}`\\R`\n\n$$\\R$$\n\n```\n\\R\n```", macros=macros)
    assert (
        text == "`\\R` $x \\in \\mathbb{R}$ $\\mathbb{R}$\n\n$$\n\\mathbb{R}\n$$\n\n```\n\\R\n```"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```{nonsense}\n```", "'```{nonsense}': unknown directive 'nonsense'; use one of note, "),
        ("A {nonsense}`x`.", "'A {nonsense}`x`.': unknown role 'nonsense'; use one of ref, "),
        ("One\nsee {ref}`x", "'see {ref}`x': the role {ref}` has no end; close it"),
        ("```{note}\nx", "'```{note}': it is not closed; end it"),
        ("> ```{note}\n\nx", "'> ```{note}': it is not closed"),
        (
            "```{note} `x`\n```",
            "'```{note} `x`': ```{note} opens no directive; fence it with colons",
        ),
        (":::\nx\n:::", "':::': colons that name no directive; name one"),
        ("{{ x }}", "{{ x }} is a substitution; write the text"),
        ("[^a]", "'[^a]': no such footnote; write it"),
        ("[](#nowhere)", "#nowhere leads nowhere; give a page"),
        ("[x](nowhere.md)", "nowhere.md leads nowhere"),
        ("[x](chapter.md#nowhere)", "chapter.md#nowhere leads nowhere"),
        ("[x](other.md#title)", "other.md#title leads nowhere"),
        ("[x](nowhere.txt)", "no file nowhere.txt; give its path"),
        ("[x](../../../etc)", "no file ../../../etc"),
        ("[](https://x)", "a link without a text; write one"),
        ("[x](project:#y)", "only MyST knows project:#y; write the path"),
        ("<project:#y>", "only MyST knows project:#y"),
        ("```{exercise-start}\n```", "'```{exercise-start}': it has no end; add {exercise-end}"),
        (
            "```{solution-end}\n```",
            "'```{solution-end}': it ends nothing; pair it with {solution-start}",
        ),
        ("$\\R$", "'$\\\\R$': \\R lacks its argument; mend the formula"),
        ("- term\n  : text", "a definition list inside another block; put it at the top level"),
    ],
)
def test_what_cannot_be_shown_is_refused(shown: Show, text: str, message: str) -> None:
    with pytest.raises(PlainError) as error:
        shown(f"# Title\n\n{text}", macros={r"\R": "#1"})
    assert str(error.value).startswith("book/part/chapter.md: ")
    assert message in str(error.value)


def test_labels_of_another_text_are_noticed(book: Path) -> None:
    context = Context(book / "a.md", book, "https://s/", "https://r", {}, {}, {}, {})
    with pytest.raises(PlainError, match=r"the labels know no exercise 1 here; collect them"):
        render(["```{exercise}\nDo.\n```"], context)


def test_the_context_is_checked(book: Path) -> None:
    context = Context(book / "a.md", book, "https://s/", "https://r", {}, {}, {}, {})
    with pytest.raises(ValueError, match=r"chapter is /elsewhere\.md; it must lie in"):
        replace(context, chapter=Path("/elsewhere.md"))
    with pytest.raises(ValueError, match=r"site is 'https://s'; it must end with a slash"):
        replace(context, site="https://s")


def test_the_caption_of_a_figure_that_code_draws(book: Path) -> None:
    target = Target("book/a.html", "Drawn", "figure", "2.1", "fig-x")
    context = Context(
        book / "a.md", book, "https://s/", "https://r", {"fig-x": target}, {}, {}, {"n": 3}
    )
    mark = '<a id="fig-x" name="fig-x"></a>'
    assert (
        caption("Drawn {glue:text}`n` times.", "fig-x", context)
        == f"{mark}**Fig. 2.1.** Drawn 3 times."
    )
    assert caption("Drawn.", None, context) == "Drawn."
    with pytest.raises(PlainError, match=r"name: other.*unknown label 'other'"):
        caption("Drawn.", "other", context)
    (text,) = render(["See {numref}`fig-x`."], context)
    assert text == "See [Fig. 2.1](#fig-x)."


def test_what_a_caption_of_code_cites_is_in_the_bibliography(shown: Show) -> None:
    cell = "```{code-cell}\n---\nmystnb:\n  figure: {caption: 'From {cite:t}`a1999`.'}\n---\n```"
    listed = shown("```{bibliography}\n```", source=f"```{{bibliography}}\n```\n\n{cell}")
    assert listed == "- A and B. *Title*. 1999."


def test_glued_values_come_from_the_outputs() -> None:
    def output(name: str, text: str, prefix: str = "") -> nbformat.NotebookNode:
        metadata = {"scrapbook": {"name": name, "mime_prefix": prefix}}
        return nbformat.v4.new_output(
            "display_data", {f"{prefix}text/plain": text}, metadata=metadata
        )

    outputs = [output("a", "0.5"), output("b", "'word'", "x/"), output("c", "array([1])")]
    outputs.append(nbformat.v4.new_output("stream", text="1"))
    outputs.append(nbformat.v4.new_output("display_data", {"text/plain": "1"}))
    cell = nbformat.v4.new_code_cell(outputs=outputs)
    assert glued([cell]) == {"a": 0.5, "b": "word", "c": "array([1])"}


def test_the_context_of_a_book_on_disk() -> None:
    root = Path(__file__).parent / "book_to_build"
    settings = {
        "repository": {"url": "https://github.com/Owner/name/", "branch": "trunk"},
        "bibtex_bibfiles": ["book/references.bib"],
        "sphinx": {"config": {"katex_macros": {r"\R": "R"}, "math_numfig": False}},
    }
    context = Context.of(
        root / "book" / "part" / "chapter.md", root / "book", settings, values={"a": 1}
    )
    assert (context.site, context.repository) == (
        "https://owner.github.io/name/",
        "https://github.com/Owner/name",
    )
    assert (context.branch, context.macros, context.values) == ("trunk", {r"\R": "R"}, {"a": 1})
    assert context.labels["fig-alone"].number == "1.1"
    assert context.labels["eq-next"].number == "1"
    assert context.references.keys() == {"one", "two", "four"}
    assert context.glossary["step size"] == "term-step-size"
    elsewhere = Context.of(
        context.chapter,
        context.book,
        {**settings, "html": {"baseurl": "https://x.org/y"}},
        values={},
    )
    assert elsewhere.site == "https://x.org/y/"
    numbered = {**settings, "sphinx": {}}
    assert (
        Context.of(context.chapter, context.book, numbered, values={}).labels["eq-next"].number
        == "3.1"
    )


def test_a_book_needs_no_contents_and_may_name_pages_that_are_yet_to_be_made(book: Path) -> None:
    for name in ("a", "b"):
        (book / f"{name}.md").write_text(f"```{{exercise}}\n:label: {name}\n```\n", "utf8")
    settings = {"repository": {"url": "https://github.com/owner/name"}}
    labels = Context.of(book / "a.md", book, settings, values={}).labels
    assert (labels["a"].number, labels["b"].number) == ("1", "2")
    toc = "root: book/none\nchapters:\n- file: book/b\n- file: book/a\n"
    (book.parent / "_toc.yml").write_text(toc, "utf8")
    labels = Context.of(book / "a.md", book, settings, values={}).labels
    assert (labels["a"].number, labels["b"].number) == ("2", "1")
