import pytest
from execution import ChapterError, execute


@pytest.fixture
def chapter(tmp_path):
    def write(*cells: str):
        path = tmp_path / "a.md"
        head = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# A\n\n"
        path.write_text(
            head + "\n\n".join(f"```{{code-cell}} ipython3\n{cell}\n```" for cell in cells)
        )
        return path

    return write


def test_one_thread_no_bars_and_the_first_seed_whatever_the_shell_says(chapter, monkeypatch):
    monkeypatch.setenv("LINEBYLINE_SEED", "9")
    monkeypatch.setenv("LINEBYLINE_SCALE", "gpu")
    names = ("OMP_NUM_THREADS", "TQDM_DISABLE", "PYTHONHASHSEED", "LINEBYLINE_SEED")
    code = f"import os\nprint([os.environ[n] for n in {names}], os.environ['LINEBYLINE_SCALE'])"
    notebook = execute(chapter(code))
    assert notebook.cells[1].outputs[0].text == "['1', '1', '0', '0'] gpu\n"


def test_a_cell_runs_beside_its_chapter_and_what_it_prints_is_one_output(chapter, tmp_path):
    (tmp_path / "beside.txt").write_text("here")
    said = "print(open('beside.txt').read(), flush=True)\ntime.sleep(0.3)\nprint('on', flush=True)"
    cell = execute(chapter(f"import time\n{said}")).cells[1]
    assert [output.text for output in cell.outputs] == ["here\non\n"]
    assert "execution" not in cell.metadata  # the time of day would differ in every run


def test_another_seed_and_errors_that_stop_nothing(chapter):
    path = chapter("1 / 0", "import os\nprint(os.environ['LINEBYLINE_SEED'])")
    notebook = execute(path, environment={"LINEBYLINE_SEED": "3"}, allow_errors=True)
    assert notebook.cells[2].outputs[0].text == "3\n"
    execute(chapter(":tags: [raises-exception]\n\nx = 1"), allow_errors=True)


def test_cells_are_counted_as_they_end(chapter):
    done = []
    execute(chapter("a = 1", "a"), on_cell=lambda: done.append(1))
    assert len(done) == 2


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x = 1\nraise ValueError('first\\nsecond')", "a.md, cell 2: ValueError: first second"),
        (
            ":tags: [raises-exception]\n\nx = 1",
            "a.md, cell 2: is tagged raises-exception and raised nothing",
        ),
        ("import time\ntime.sleep(60)", "a.md, cell 2: ran for more than 2 s"),
        ("import os\nos._exit(1)", "a.md, cell 2: the kernel died"),
        ("if x:", "a.md, cell 2: SyntaxError"),
    ],
)
def test_what_went_wrong_is_said_in_one_line(chapter, cell, message):
    with pytest.raises(ChapterError) as caught:
        execute(chapter("a = 1", cell, "never = 1"), timeout=2 if "sleep" in cell else 60)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_kernel_is_said_in_one_line_too(chapter):
    path = chapter("a = 1")
    path.write_text(path.read_text().replace("name: python3", "name: no-such"))
    with pytest.raises(ChapterError, match=r"a\.md, cell 1: .*no-such"):
        execute(path)


def test_an_error_that_is_meant_does_not_stop_the_chapter(chapter):
    notebook = execute(chapter(":tags: [raises-exception]\n\n1 / 0", "print('on')"))
    assert notebook.cells[2].outputs[0].text == "on\n"
