"""Solutions and dropdowns are native disclosures, without links or repeated ids."""

from __future__ import annotations

from collections.abc import Callable

Build = Callable[..., tuple[str, str]]
EXTENSIONS = ["myst_parser", "sphinx_exercise", "sphinx_proof", "disclosure"]
EXERCISES = """\
# T

:::{exercise} First
:label: ex-1
Do *this*.
:::

:::{solution} ex-1
:class: dropdown
:label: sol-1
So.
:::

:::{exercise}
:label: ex-2
And this.
:::
"""


def test_a_dropdown_solution_is_folded(build_page: Build) -> None:
    page, warnings = build_page(EXERCISES, extensions=EXTENSIONS)
    assert warnings == ""
    fold = page.split("<details")[1].split("</details>")[0]
    assert 'class="admonition solution"' in fold
    assert 'id="sol-1"' in fold
    summary = fold.split("</summary>")[0]
    assert "Solution to Exercise 1 (First)" in summary.replace("</span>", "")
    assert "<a " not in summary
    assert "So." in fold.split("</summary>")[1]


def test_exercises_stay_open_and_numbered(build_page: Build) -> None:
    page, _ = build_page(EXERCISES, extensions=EXTENSIONS)
    assert page.count("<details") == 1
    assert "Exercise 1" in page
    assert "Exercise 2" in page


def test_no_id_is_repeated(build_page: Build) -> None:
    page, _ = build_page(EXERCISES, extensions=EXTENSIONS)
    assert "exercise-content" not in page.replace("exercise_content", "")
    assert 'id="solution-content"' not in page


def test_an_admonition_of_class_dropdown_is_folded_others_are_not(build_page: Build) -> None:
    text = """\
# T

:::{admonition} Open
Seen.
:::

:::{admonition} A **title**
:class: tip dropdown
Hidden.
:::
"""
    page, warnings = build_page(text, extensions=EXTENSIONS)
    assert warnings == ""
    assert page.count("<details") == 1
    fold = page.split("<details")[1].split("</details>")[0]
    assert 'class="admonition tip"' in fold
    assert "<strong>title</strong>" in fold.split("</summary>")[0]
    assert "Hidden." in fold
    assert "Seen." not in fold
