"""From chapter to notebook: what is executed, what is refreshed, what is reported."""

import os

import nbformat
import notebooks
import pytest
from chapters import code_cells, read, settings, stored


def run(*arguments: str) -> int:
    return notebooks.main(list(arguments))


@pytest.fixture
def built(small_book):
    assert run() == 0
    return small_book


def chapter(book):
    return book / "book/one.md"


def notebook(book):
    return book / "book/one.ipynb"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def edit_notebook(book, change):
    content = nbformat.read(notebook(book), 4)
    change(content)
    nbformat.write(content, notebook(book))


def test_a_chapter_becomes_an_executed_notebook(built, capsys):
    content = nbformat.read(notebook(built), 4)
    nbformat.validate(content)
    setup, first, second = (cell for cell in content.cells if cell.cell_type == "code")
    assert setup.id == "setup"
    assert setup.metadata["tags"] == ["nbval-skip", "remove-cell"]
    repository = settings()["repository"]
    address = f"git+{repository['url']}@{repository['branch']}"
    assert f'"linebyline[encyclopedia,imagenet] @ {address}"' in setup.source
    assert content.cells.index(setup) == 1  # below the title, above what needs the package
    assert first.outputs[0].text == "loss 0.5 after 10 steps\n"
    assert second.outputs[0].ename == "ValueError"
    assert [first.execution_count, second.execution_count] == [1, 2]
    assert all("timestamp" not in str(cell.metadata) for cell in content.cells)
    assert "{ref}" not in "".join(cell.source for cell in content.cells)
    assert set(content.metadata) == {"kernelspec", "language_info", "linebyline"}
    assert content.metadata.kernelspec.display_name == "Python 3"
    assert content.metadata.language_info.name == "python"
    assert notebook(built).read_text().endswith("}\n")
    assert run("--check") == 0


DRAWN = """\
```{code-cell} ipython3
---
tags: [%s]
mystnb:
  figure:
    name: fig-dot
    caption: |
      A dot.
---
dot = 1
```

(here)="""


@pytest.mark.parametrize("tag", ["hide-input", "hide-cell", "remove-input", "remove-cell", "other"])
def test_a_cell_is_folded_where_the_page_folds_it_and_its_caption_follows(small_book, tag):
    edit(chapter(small_book), "(here)=", DRAWN % tag)
    content = nbformat.reads(notebooks.dump(chapter(small_book), read(chapter(small_book))), 4)
    (drawn,) = (cell for cell in content.cells if cell.source == "dot = 1")
    assert drawn.metadata.get("jupyter", {}).get("source_hidden", False) == (tag != "other")
    assert drawn.metadata.tags == [tag]
    caption = content.cells[content.cells.index(drawn) + 1]
    assert caption.cell_type == "markdown"
    assert "A dot." in caption.source
    assert all(cell is drawn or "jupyter" not in cell.metadata for cell in content.cells)


def test_words_for_the_writer_alone_leave_no_empty_cell(small_book):
    edit(chapter(small_book), "```{code-cell} ipython3\n:tags", "% TODO\n\n```{code-cell}\n:tags")
    content = nbformat.reads(notebooks.dump(chapter(small_book), read(chapter(small_book))), 4)
    assert all(cell.source.strip() for cell in content.cells)
    assert "TODO" not in "".join(cell.source for cell in content.cells)


@pytest.fixture
def executed(monkeypatch):
    """Names of the chapters that are executed; none is, their stored outputs come back."""
    names = []

    def execute(path, *, on_cell):
        on_cell()  # the progress bar's step
        names.append(path.name)
        return stored(path)

    monkeypatch.setattr(notebooks, "execute", execute)
    return names


def test_all_executes_even_what_did_not_change(built, executed):
    assert run() == 0
    assert executed == []
    assert run("--all") == 0
    assert executed == ["one.md"]


def test_a_chapter_can_be_named_from_where_one_stands(built, executed, monkeypatch):
    (built / "book/two.md").write_text(chapter(built).read_text().replace("here", "there"))
    monkeypatch.chdir(built / "book")
    assert run("one.md", "--all") == 0
    assert executed == ["one.md"]


def test_a_page_without_code_is_no_chapter_and_a_checkpoint_no_orphan(built):
    (built / "book/page.md").write_text("# Page\n\nWords.\n")
    (built / "book/.ipynb_checkpoints").mkdir()
    (built / "book/.ipynb_checkpoints/one-checkpoint.ipynb").write_text("{}")
    assert run("--check") == 0


def test_what_no_notebook_shows_is_reported_by_the_check_too(built, capsys):
    edit(chapter(built), "Prose with", "{unheardof}`x` Prose with")
    assert run("--check") == 1
    assert "unheardof" in capsys.readouterr().err


def test_a_notebook_that_does_not_say_what_it_was_made_of_is_stale(built, capsys):
    edit_notebook(built, lambda content: content.metadata.pop("linebyline"))
    assert run("--check") == 1
    assert "uses linebyline.layers.thing, which changed" in capsys.readouterr().err


def test_a_second_run_changes_nothing(built, capsys):
    before = notebook(built).stat().st_mtime_ns
    assert run() == 0
    assert notebook(built).stat().st_mtime_ns == before
    assert "executed" not in capsys.readouterr().out.replace("executed book/one.ipynb\n", "", 1)


def test_prose_is_refreshed_without_execution(built, monkeypatch, capsys):
    edit(chapter(built), "Prose with", "Better prose with")
    assert run("--check") == 1
    assert "one.md says in its prose what its notebook does not" in capsys.readouterr().err
    monkeypatch.setattr(notebooks, "execute", lambda *_, **__: pytest.fail("executed"))
    capsys.readouterr()
    assert run() == 0
    assert capsys.readouterr().out == "refreshed book/one.ipynb\n"
    assert "Better prose" in notebook(built).read_text()
    assert run("--check") == 0


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("book/one.md", "0.5", "0.6", "has changed code cells"),
        ("book/one.md", ":tags: [raises-exception]\n", "", "has changed code cells"),
        ("src/linebyline/layers/thing.py", "3", "4", "uses linebyline.layers.thing, which changed"),
    ],
)
def test_stale_outputs_are_reported(built, capsys, name, old, new, reason):
    edit(built / name, old, new)
    assert run("--check") == 1
    assert f"book/one.md {reason}: run make notebooks" in capsys.readouterr().err


def test_comments_in_the_package_do_not_matter(built):
    edit(built / "src/linebyline/layers/thing.py", "size = 3", '"""Doc."""\n\nsize = 3  # why')
    assert run("--check") == 0


def test_changed_package_is_executed_again(built, capsys):
    edit(built / "src/linebyline/layers/thing.py", "3", "4")
    assert run() == 0
    assert "executed book/one.ipynb" in capsys.readouterr().out
    assert run("--check") == 0


def test_a_missing_notebook_is_reported(small_book, capsys):
    assert run("--check") == 1
    assert "book/one.md has no notebook" in capsys.readouterr().err


def test_an_orphan_notebook_is_reported(built, capsys):
    notebook(built).rename(built / "book/two.ipynb")
    assert run("--check") == 1
    assert "book/two.ipynb is the notebook of no chapter: delete it\n" in capsys.readouterr().err


def test_a_cell_without_execution_count_is_reported(built, capsys):
    def forget(content):
        code_cells(content)[0].execution_count = None

    edit_notebook(built, forget)
    assert run("--check") == 1
    assert "has a cell that was never run" in capsys.readouterr().err


def test_a_hand_edited_output_layout_is_reported(built, capsys):
    edit(notebook(built), "Prose with", "Prose by hand with")
    assert run("--check") == 1
    assert "says in its prose" in capsys.readouterr().err


def test_a_broken_notebook_is_reported_and_repaired(built, capsys):
    notebook(built).write_text("{not json")
    assert run("--check") == 1
    assert "cannot be read" in capsys.readouterr().err
    assert run() == 0
    assert run("--check") == 0


def test_a_failing_cell_is_reported_in_one_line_and_leaves_the_notebook(built, capsys):
    before = notebook(built).read_text()
    edit(chapter(built), 'print("loss"', 'undefined("loss"')
    capsys.readouterr()
    assert run() == 1
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("one.md")]
    assert error == ["one.md, cell 1: NameError: name 'undefined' is not defined"]
    assert notebook(built).read_text() == before


def test_a_failure_stops_no_other_chapter(small_book, capsys):
    text = chapter(small_book).read_text()
    (small_book / "book/two.md").write_text(
        text.replace("print(", "undefined(").replace("here", "there")
    )
    assert run() == 1
    assert notebook(small_book).exists()
    assert not (small_book / "book/two.ipynb").exists()


def test_an_interrupted_write_leaves_the_old_file_and_no_other(built, monkeypatch):
    before = notebook(built).read_text()

    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", interrupted)
    edit(chapter(built), "Prose with", "Better prose with")
    with pytest.raises(KeyboardInterrupt):
        run()
    assert notebook(built).read_text() == before
    assert sorted(os.listdir(built / "book")) == ["one.ipynb", "one.md", "references.bib"]


def test_raw_myst_that_no_notebook_shows_is_refused(small_book, capsys):
    edit(chapter(small_book), "Prose with", "{unheardof}`x` Prose with")
    assert run() == 1
    assert "unheardof" in capsys.readouterr().err
    assert not notebook(small_book).exists()


def test_only_chapters_can_be_named(small_book, capsys):
    with pytest.raises(SystemExit):
        run(str(small_book / "book/references.bib"))
    assert "is not an executable chapter" in capsys.readouterr().err


def test_cells_keep_their_ids_when_others_come_and_go(built):
    before = {cell.source: cell.id for cell in read(chapter(built)).cells}
    edit(chapter(built), "(here)=", "```{code-cell} ipython3\nnew = 1\n```\n\n(here)=")
    after = {cell.source: cell.id for cell in read(chapter(built)).cells}
    kept = [source for source in before if source in after and source.startswith(("from", "raise"))]
    assert len(kept) == 2
    assert all(before[source] == after[source] for source in kept)
    assert len(set(after.values())) == len(after)


def test_twins_get_different_ids(small_book):
    cell = "```{code-cell} ipython3\nprint(1)\n```\n\n"
    edit(chapter(small_book), "(here)=", cell + cell + "(here)=")
    ids = [cell.id for cell in read(chapter(small_book)).cells]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("content", ["[]", "null", '{"cells": 3}'])
def test_a_notebook_of_another_shape_is_reported(built, capsys, content):
    notebook(built).write_text(content)
    assert run("--check") == 1
    assert "cannot be read" in capsys.readouterr().err


def test_no_cell_of_the_notebook_is_empty(built):
    solution = ":::{exercise}\n:label: ask\nWhy?\n:::\n\n:::{solution-start} ask\n:::\n\nSo.\n\n"
    cell = "```{code-cell} ipython3\nanswer = 1\n```\n\n:::{solution-end}\n:::\n\n"
    last = "```{code-cell} ipython3\nlast = 1\n```\n"
    with chapter(built).open("a") as file:
        file.write("\n" + solution + cell + last)
    assert run() == 0
    assert all(cell.source.strip() for cell in nbformat.read(notebook(built), 4).cells)
