"""What every chapter owes its reader, as far as a machine can tell."""

import ast
import re

import nbformat
import pytest
from chapters import RAISES, chapters, code_cells, read, tags
from claims import claims_of

CHAPTERS = [pytest.param(path, id=path.stem) for path in chapters()]
WIDTH, LINES = 86, 15  # what fits beside the margin of a page, and on its screen
WORDS = 1_500, 3_500


@pytest.fixture(params=CHAPTERS)
def chapter(request):
    return request.param


def outputs(chapter):
    """The chapter's cells, each with its stored outputs."""
    stored = code_cells(nbformat.read(chapter.with_suffix(".ipynb"), 4))
    return list(zip(code_cells(read(chapter)), stored, strict=True))


def prose(chapter) -> str:
    """What is read as text: no code, no formulas."""
    cells = (cell.source for cell in read(chapter).cells if cell.cell_type == "markdown")
    return re.sub(r"\$\$.*?\$\$|\$[^$]*\$|```.*?```", " ", "\n\n".join(cells), flags=re.S)


def test_cells_fit_the_page(chapter):
    for cell in code_cells(read(chapter)):
        lines = cell.source.splitlines()
        assert len(lines) <= LINES, f"{len(lines)} lines: {lines[0]}"
        assert max(map(len, lines)) <= WIDTH, max(lines, key=len)


def test_code_shown_from_the_library_fits_the_page(chapter):
    text = chapter.read_text("utf8")
    for path, options in re.findall(r"\{literalinclude\} (\S+)\n((?::.*\n)*)", text):
        name = re.search(r":pyobject: (\S+)", options)[1].split(".")
        source = (chapter.parent / path).read_text("utf8")
        tree = ast.parse(source)
        for part in name:
            tree = next(node for node in tree.body if getattr(node, "name", None) == part)
        indent = int(match[1]) if (match := re.search(r":dedent: (\d+)", options)) else 0
        for line in source.splitlines()[tree.lineno - 1 : tree.end_lineno]:
            assert len(line) - indent <= WIDTH or ":start-at:" in options, line


def test_long_plotting_code_is_folded(chapter):
    for cell in code_cells(read(chapter)):
        if "plt." in cell.source and len(cell.source.splitlines()) > 5:
            assert "hide-input" in tags(cell), cell.source.splitlines()[0]


def test_every_figure_has_a_caption_and_a_text_for_those_who_do_not_see_it(chapter):
    for cell, stored in outputs(chapter):
        if any("image/png" in output.get("data", {}) for output in stored.outputs):
            settings = cell.metadata.get("mystnb", {})
            assert len(settings.get("figure", {}).get("caption", "")) > 40, cell.source
            assert settings["figure"].get("name", "").startswith("fig-"), cell.source
            assert len(settings.get("image", {}).get("alt", "")) > 40, cell.source


def test_nothing_but_the_meant_errors_and_no_warnings(chapter):
    for cell, stored in outputs(chapter):
        for output in stored.outputs:
            assert output.get("name") != "stderr", output.text
            assert output.output_type != "error" or RAISES in tags(cell)


def test_each_column_of_a_table_says_what_it_holds(chapter):
    for cell in read(chapter).cells:
        for head in re.findall(r"^\|(.*)\|\n\|[-| :]+\|$", cell.source, re.M):
            assert cell.cell_type != "markdown" or all(map(str.strip, head.split("|"))), head


def test_outputs_are_short(chapter):
    for _, stored in outputs(chapter):
        for output in stored.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            assert len(text.splitlines()) <= 25, text
            assert max(map(len, text.splitlines()), default=0) <= 2 * WIDTH, text


def test_the_first_cell_prepares_the_notebook(chapter):
    first = code_cells(read(chapter))[0].source
    assert "from linebyline.notebook import" in first
    assert "start()" in first


def test_the_opening_asks_one_question_and_says_what_is_needed(chapter):
    text = chapter.read_text("utf8")
    opening = re.search(
        r"^# .+\n\n\*\*([^*]+\?)\*\*\n\n:::\{admonition\} This chapter\n", text, re.M
    )
    assert opening, "below the title stand one question in bold and the chapter's card"
    card = text[opening.end() :].split("\n:::\n")[0]
    names = ["You will be able to", "You should know", "Papers", "Time"]
    assert re.findall(r"^\*\*([^*]+)\*\*", card, re.M) == names


def test_length(chapter):
    words = len(prose(chapter).split())
    assert WORDS[0] <= words <= WORDS[1], f"{words} words"


def test_there_are_four_exercises_and_each_solution_shows_a_wrong_answer_too(chapter):
    text = chapter.read_text("utf8")
    asked = re.findall(r"\{exercise(?:-start)?\}[^\n]*\n:label: (\S+)", text)
    assert len(asked) >= 4
    solved = dict(re.findall(r"\{solution-start\} (\S+)(.*?)\{solution-end\}", text, re.S))
    solved |= dict(re.findall(r"\{solution\} (\S+)(.*?):::", text, re.S))
    assert sorted(asked) == sorted(solved)
    for name, solution in solved.items():
        if "{code-cell}" in solution:
            assert RAISES in solution, f"{name} has no wrong answer that its check rejects"


def test_a_check_rejects_its_wrong_answer_by_saying_why(chapter):
    for cell, stored in outputs(chapter):
        if RAISES in tags(cell):
            (error,) = (output for output in stored.outputs if output.output_type == "error")
            assert error.evalue.strip(), cell.source


def test_claims_are_named_after_their_chapter_and_once(chapter):
    names = [claim.id for claim in claims_of(nbformat.read(chapter.with_suffix(".ipynb"), 4))]
    assert names, "a chapter has at least one claim"
    assert all(name.startswith(f"{chapter.stem.replace('_', '-')}-") for name in names)
    assert len(set(names)) == len(names)


def test_the_end_is_there(chapter):
    text = chapter.read_text("utf8")
    after = text.split("\n## In five lines\n")[1]
    assert re.findall(r"^\d\. ", after, re.M) == ["1. ", "2. ", "3. ", "4. ", "5. "]
    assert "**Terms**" in after
    assert "**Further reading" in after
