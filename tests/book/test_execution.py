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


def test_one_thread_no_bars_and_the_first_seed(chapter):
    names = ("OMP_NUM_THREADS", "TQDM_DISABLE", "LINEBYLINE_SEED")
    notebook = execute(chapter(f"import os\nprint([os.environ[n] for n in {names}])"))
    assert notebook.cells[1].outputs[0].text == "['1', '1', '0']\n"


def test_another_seed_and_errors_that_stop_nothing(chapter):
    path = chapter("1 / 0", "import os\nprint(os.environ['LINEBYLINE_SEED'])")
    notebook = execute(path, environment={"LINEBYLINE_SEED": "3"}, allow_errors=True)
    assert notebook.cells[2].outputs[0].text == "3\n"


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


def test_an_error_that_is_meant_does_not_stop_the_chapter(chapter):
    notebook = execute(chapter(":tags: [raises-exception]\n\n1 / 0", "print('on')"))
    assert notebook.cells[2].outputs[0].text == "on\n"
