"""Labels, numbers, contents and glossary; test_plain_site.py holds them to the site."""

from __future__ import annotations

from pathlib import Path

import pytest
from contents import chapter_numbers, toc_order
from glossary import anchors, entries
from labels import Target, labels, ordinal
from myst import PlainError


def test_a_label_names_what_follows_it() -> None:
    text = (
        "(a)=\n# One *two*\n\n(b)=\n(c)=\n## Three\n\n(d)=\nA paragraph.\n\n"
        "(e)=\n```{figure} x.png\nCaption.\n```\n\n(f)=\n"
    )
    found = labels({"book/p.md": text}, {"book/p.md": "4"})
    page = "book/p.html"
    assert found["a"] == Target(page, "One *two*", "section", "4", "a")
    assert found["b"] == Target(page, "Three", "section", "4.1", "b")
    assert found["c"] == Target(page, "Three", "section", "4.1", "c")
    assert found["d"] == Target(page, "", "block", "", "d")
    assert found["e"] == Target(page, "Caption.", "figure", "4.1", "e")
    assert found["f"].kind == "block"
    assert found["book/p.md"] == Target(page, "One *two*", "page", "4")
    assert found["book/p.md#three"] == Target(page, "Three", "section", "4.1", "three")


def test_pages_without_a_number_share_their_counts() -> None:
    figure = "# P\n\n```{figure} x.png\n:name: %s\nC\n```\n"
    texts = {f"{name}.md": figure % name for name in ("a", "b", "c")}
    found = labels(texts, {"b.md": "1"})
    assert [found[name].number for name in ("a", "b", "c")] == ["1", "1.1", "2"]


def test_equations_count_on_each_page_or_by_chapter() -> None:
    texts = {"a.md": "$$ x $$ (a)\n\n$$ y $$ (b)", "c.md": "$$ x $$ (c)"}
    numbers = {"a.md": "1", "c.md": "2"}
    assert [labels(texts, numbers)[name].number for name in "abc"] == ["1", "2", "1"]
    found = labels(texts, numbers, equations_by_chapter=True)
    assert [found[name].number for name in "abc"] == ["1.1", "1.2", "2.1"]


def test_a_numbered_block_is_found_by_its_place() -> None:
    text = "```{exercise}\nA\n```\n\n```{exercise}\n:hidden:\nB\n```\n\n```{exercise}\nC\n```"
    found = labels({"a.md": text}, {"a.md": "3"})
    assert found[ordinal("a.md", "exercise", 2)].number == "3.2"
    assert ordinal("a.md", "exercise", 3) not in found


def test_blocks_are_found_at_any_depth_but_not_in_code() -> None:
    text = (
        "- :::::{note}\n  ::::{tip}\n  $$ a $$ (deep)\n  ::::\n  :::::\n\n"
        "```\n$$ b $$ (code)\n```\n\n`````{code-block}\n$$ c $$ (block)\n`````\n"
    )
    found = labels({"a.md": text})
    assert "deep" in found
    assert not {"code", "block"} & found.keys()


def test_a_figure_that_code_draws_counts_if_it_has_a_caption() -> None:
    cell = "```{code-cell}\n---\nmystnb:\n  figure:\n    name: %s\n%s---\nx\n```\n\n"
    figure = "```{figure} x.png\n:name: last\nC\n```\n"
    text = (
        cell % ("bare", "")
        + cell % ("drawn", "    caption: |\n      One {term}`x`.\n\n      Legend.\n")
        + figure
    )
    found = labels({"a.md": text})
    assert "bare" not in found
    assert found["drawn"] == Target("a.html", "One {term}`x`.", "figure", "1", "drawn")
    assert found["drawn"].words == "One x."
    assert found["last"].number == "2"


def test_names() -> None:
    assert Target("p", "Caption", "figure", "2.1").numbered == "Fig. 2.1"
    assert Target("p", "Caption", "figure", "2.1").words == "Caption"
    assert Target("p", "", "prf:theorem", "2.1").words == "Theorem 2.1"
    assert Target("p", "", "solution", "2.1").words == "Solution to Exercise 2.1"
    assert Target("p", "", "exercise").words == "Exercise"
    assert Target("p", "", "equation", "3").words == "(3)"


def test_two_places_may_not_share_a_label() -> None:
    with pytest.raises(PlainError, match=r"b\.md.*label 'X' is taken, on a\.html; choose another"):
        labels({"a.md": "(x)=\n# A", "b.md": "(X)=\n# B"})


def test_a_solution_needs_its_exercise() -> None:
    with pytest.raises(PlainError, match=r"a\.md: '```\{solution\} none'.*no exercise 'none'"):
        labels({"a.md": "```{solution} none\n:label: s\nx\n```"})
    with pytest.raises(PlainError, match="no exercise 'sec'; give an exercise's label"):
        labels({"a.md": "(sec)=\n# S\n\n```{solution} sec\n:label: s\nx\n```"})


def test_an_exercise_may_come_after_its_solution() -> None:
    text = "```{solution} later\n:label: s\nx\n```\n\n```{exercise}\n:label: later\ny\n```"
    assert labels({"a.md": text})["s"].number == "1"


def test_chapters_are_numbered_across_parts(tmp_path: Path) -> None:
    toc = tmp_path / "_toc.yml"
    toc.write_text(
        "root: index\nparts:\n"
        "- numbered: 2\n  chapters:\n  - file: a\n    sections:\n    - file: a1\n"
        "- chapters:\n  - file: loose\n- numbered: true\n  chapters:\n  - file: b\n    title: B\n",
        "utf8",
    )
    assert chapter_numbers(toc) == {"a.md": "1", "a1.md": "1.1", "b.md": "2"}
    assert toc_order(toc) == ["index.md", "a.md", "a1.md", "loose.md", "b.md"]
    toc.write_text("root: index\noptions: {numbered: true}\nchapters:\n- file: a\n", "utf8")
    assert chapter_numbers(toc) == {"a.md": "1"}


def test_the_glossary_knows_its_terms() -> None:
    body = "first\nsecond : classifier\n  Both.\n\n  - more\n    deeper\n\nL2 *norm*\n  Length."
    assert entries(body) == [
        (["first", "second"], "Both.\n\n- more\n  deeper"),
        (["L2 *norm*"], "Length."),
    ]
    assert anchors(f"# G\n\n```{{glossary}}\n{body}\n```\n") == {
        "first": "term-first",
        "second": "term-second",
        "l2 *norm*": "term-L2-norm",
    }


def test_anchors_are_the_sites_own() -> None:
    text = (
        "```{figure} x.png\n:name: Fig_A\nC\n```\n\n```{note}\n:name: Note_A\nx\n```\n\n"
        "```{admonition} A *title*\n:name: adm\nx\n```\n\n```{exercise}\n:label: Ex_A\nx\n```\n\n"
        "(before)=\n```{exercise}\n:label: Ex_B\n:nonumber:\nx\n```\n\n"
        "```{solution} ex_a\n:label: Sol_A\nx\n```\n\n```{prf:lemma}\n:label: Lem_A\nx\n```\n\n"
        "```{prf:lemma}\n:label: Lem_B\n:nonumber:\nx\n```\n\n"
        "$$ x $$ (Eq_A)\n\n(Sec_A)=\n# S\n"
    )
    found = labels({"a.md": text})
    page = "a.html"
    assert found["fig_a"] == Target(page, "C", "figure", "1", "fig-a")
    assert found["note_a"] == Target(page, "", "block", "", "note-a")
    assert found["adm"] == Target(page, "", "block", "", "adm")
    assert found["ex_a"] == Target(page, "", "exercise", "1", "Ex_A")
    assert found["ex_b"] == Target(page, "", "exercise", "", "Ex_B")
    assert found["before"] == Target(page, "", "exercise", "", "before")
    assert found["sol_a"] == Target(page, "", "solution", "1", "Sol_A")
    assert found["lem_a"] == Target(page, "", "prf:lemma", "1", "Lem_A")
    assert found["lem_b"] == Target(page, "", "prf:lemma", "", "Lem_B")
    assert found["eq_a"] == Target(page, "", "equation", "1", "equation-eq-a")
    assert found["sec_a"] == Target(page, "S", "section", "", "sec-a")


def test_a_starred_environment_does_not_count() -> None:
    stars = "\\begin{align*}\na\n\\end{align*}\n\n\\begin{align}\na\n\\end{align}\n\n$$ b $$ (b)"
    assert labels({"a.md": stars})["b"].number == "2"
