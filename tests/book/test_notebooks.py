"""From chapter to notebook: what is executed, what is refreshed, what is reported."""

import os

import nbformat
import notebooks
import pytest
from chapters import code_cells, read


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
    assert "git+https://" in setup.source
    assert first.outputs[0].text == "loss 0.5 after 10 steps\n"
    assert second.outputs[0].ename == "ValueError"
    assert [first.execution_count, second.execution_count] == [1, 2]
    assert all("timestamp" not in str(cell.metadata) for cell in content.cells)
    assert "{ref}" not in "".join(cell.source for cell in content.cells)
    assert run("--check") == 0


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
    assert run() == 0
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
    assert "book/two.ipynb is the notebook of no chapter: delete it" in capsys.readouterr().err


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
