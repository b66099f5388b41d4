"""Claims gathered from notebooks, and tried under other seeds."""

from types import SimpleNamespace

import claims
import nbformat
import pytest
from claims import ClaimsDirective, claims_of, report, said, try_seeds
from execution import ChapterError

from linebyline.claims import MIME, Claim


def made(value: float, *, expected: bool = True, holds: str = "a < 1", id: str = "one") -> Claim:
    return Claim(id, "Who 1999", "It falls.", "one run", {"a": value}, holds, value < 1, expected)


def test_claims_are_found_in_order_with_their_values():
    cells = []
    for value in (0.25, 0.5):
        data = {MIME: vars(made(value)), "text/plain": "text"}
        output = nbformat.v4.new_output("display_data", data=data)
        cells.append(nbformat.v4.new_code_cell("claim()", outputs=[output]))
    cells.insert(
        1, nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="1")])
    )
    found = list(claims_of(nbformat.v4.new_notebook(cells=cells)))
    assert [claim.measured["a"] for claim in found] == [0.25, 0.5]
    assert found[0].margin == pytest.approx(0.75)


def test_the_report_gives_passes_and_the_smallest_margin():
    gathered = {
        "steady": [made(0.5), made(0.8), made(0.2)],
        "turns": [made(0.5), made(2.0), made(0.1)],
        "announced": [made(2.0, expected=False), made(4.0, expected=False)],
        "exact": [made(0.5, holds="a == 0.5")] * 3,
    }
    lines, failed = report(gathered, tried=3)
    assert [line.split(" ", 1)[0] for line in lines] == list(gathered)
    assert "3/3 as expected, smallest margin 0.200" in lines[0]
    assert "2/3 as expected, smallest margin -0.500" in lines[1]
    assert "2/3 as expected, smallest margin 0.500" in lines[2]  # one seed did not reach it
    assert "3/3 as expected, smallest margin exact" in lines[3]
    assert failed == 2


def test_every_seed_is_run_and_a_failing_cell_stops_none(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "SAID", tmp_path / "seeds")
    path = tmp_path / "a.md"
    path.write_text(
        "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# A\n\n"
        "```{code-cell} ipython3\nimport os\nfrom linebyline.claims import claim\n"
        "seed = int(os.environ['LINEBYLINE_SEED'])\n1 / (seed - 1)\n```\n\n"
        "```{code-cell} ipython3\nclaim('one', source='s', statement='s', setup='s',\n"
        "      measured={'seed': seed}, holds='seed < 2')\n```\n"
    )
    cells = []
    for name in ("one", "never"):  # what was claimed when the chapter was last executed
        output = nbformat.v4.new_output("display_data", data={MIME: vars(made(0.5, id=name))})
        cells.append(nbformat.v4.new_code_cell("claim()", outputs=[output]))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    gathered = try_seeds(path, range(1, 3))
    assert [claim.measured["seed"] for claim in gathered["one"]] == [1, 2]
    assert gathered["never"] == []
    assert "0/2 as expected, smallest margin -inf" in report(gathered, tried=2)[0][1]
    assert [claim.as_expected for claim in gathered["one"]] == [True, False]
    first, second = ((tmp_path / f"seeds/a-{seed}.txt").read_text("utf8") for seed in (1, 2))
    assert first.startswith("ZeroDivisionError: ")
    assert "ZeroDivisionError" not in second
    assert "does not hold at this scale\nmeasured: {'seed': 2}" in second


def test_what_cells_printed_is_kept_and_pictures_are_not():
    new = nbformat.v4
    outputs = [
        new.new_output("stream", text="one\n"),
        new.new_output("display_data", data={"image/png": "", "text/plain": "two"}),
        new.new_output("execute_result", data={"image/png": ""}),
    ]
    cells = [
        new.new_code_cell("a", outputs=outputs),
        new.new_code_cell("b"),
        new.new_markdown_cell("c"),
    ]
    last = new.new_code_cell("d", outputs=[new.new_output("error", ename="E", evalue="no")])
    assert said(new.new_notebook(cells=[*cells, last])) == "one\ntwo\n\nE: no\n"


@pytest.fixture
def two_chapters(monkeypatch, small_book):
    """Both claim something; seeds are not yet tried."""
    monkeypatch.setattr(claims, "BOOK", small_book / "book")
    monkeypatch.setattr(claims, "chapters", lambda book: sorted(book.glob("*.md")))
    monkeypatch.setattr("sys.argv", ["claims.py", "--seeds", "2"])
    assert claims.main() == 0  # a book without claims
    (small_book / "book/two.md").write_text("# Two\n")
    output = nbformat.v4.new_output("display_data", data={MIME: vars(made(0.5))})
    cell = nbformat.v4.new_code_cell("claim()", outputs=[output])
    for name in ("one", "two"):
        path = small_book / f"book/{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return small_book


@pytest.mark.parametrize("bad", ["one", "two"])
def test_the_command_line_fails_when_a_claim_turns(monkeypatch, capsys, two_chapters, bad):
    values = {bad: 2.0}
    monkeypatch.setattr(
        claims,
        "try_seeds",
        lambda path, seeds: {"one": [made(0.5), made(values.get(path.stem, 0.5))]},
    )
    assert claims.main() == 1
    said = capsys.readouterr().out
    assert said.index("one.md\n  one ") < said.index("two.md\n  one ")
    assert "1/2 as expected" in said
    assert "2/2 as expected" in said
    values.clear()
    assert claims.main() == 0


def test_a_chapter_that_cannot_be_run_fails_and_says_why(monkeypatch, capsys, two_chapters):
    def died(*_):
        raise ChapterError("one.md, cell 1: the kernel died")

    monkeypatch.setattr(claims, "try_seeds", died)
    assert claims.main() == 1
    assert capsys.readouterr().out.count("the kernel died") == 2


@pytest.mark.parametrize(
    ("arguments", "seeds"), [([], range(1, 6)), (["--seeds", "3"], range(1, 4))]
)
def test_seeds_begin_after_the_one_that_the_pages_show(monkeypatch, two_chapters, arguments, seeds):
    tried = []
    monkeypatch.setattr("sys.argv", ["claims.py", *arguments])
    monkeypatch.setattr(claims, "try_seeds", lambda _, seeds: tried.append(seeds) or {})
    claims.main()
    assert tried == [seeds, seeds]


def test_one_chapter_can_be_asked_for(monkeypatch, capsys, two_chapters):
    tried = []
    monkeypatch.setattr(claims, "try_seeds", lambda path, _: tried.append(path.stem) or {})
    monkeypatch.setattr("sys.argv", ["claims.py", str(two_chapters / "book/two.md")])
    claims.main()
    assert tried == ["two"]
    monkeypatch.setattr("sys.argv", ["claims.py", str(two_chapters / "book/three.md")])
    with pytest.raises(SystemExit):
        claims.main()
    assert "three.md is not an executable chapter" in capsys.readouterr().err


def test_the_page_has_a_table_for_each_chapter_that_claims_something(monkeypatch, two_chapters):
    (two_chapters / "_toc.yml").write_text("chapters:\n- file: book/two\n- file: book/one\n")
    (two_chapters / "book/two.md").write_text("---\nkernelspec: {}\n---\n\n# Two\n")
    notebooks = {"two.md": nbformat.read(two_chapters / "book/two.ipynb", 4)}
    monkeypatch.setattr(claims, "stored", lambda path: notebooks.get(path.name))
    noted = []
    env = SimpleNamespace(note_dependency=noted.append)
    directive = ClaimsDirective.__new__(ClaimsDirective)
    directive.state = SimpleNamespace(document=SimpleNamespace(settings=SimpleNamespace(env=env)))
    monkeypatch.setattr(directive, "parse_text_to_nodes", lambda text, **_: text, raising=False)
    page = directive.run()
    assert page.startswith(
        "## {doc}`Two </book/two>`\n\n::::{list-table}\n:header-rows: 1\n:class: claims\n\n"
    )
    assert page.endswith(
        "* - It falls. *(Who 1999)*\n  - one run\n  - a 0.5\n  - **holds**\n::::\n"
    )
    assert page.count("list-table") == 1
    # In the order of the contents, not of the alphabet.
    assert noted == [str(two_chapters / f"book/{name}.ipynb") for name in ("two", "one")]


@pytest.mark.parametrize(("value", "shown"), [(60000, "60,000"), (0.123456, "0.1235"), (3.0, "3")])
def test_a_whole_number_is_shown_whole(value, shown):
    assert claims._shown(value) == shown


def test_a_chapter_that_the_contents_do_not_list_comes_last(monkeypatch, small_book):
    monkeypatch.setattr(claims, "BOOK", small_book / "book")
    (small_book / "_toc.yml").write_text("chapters:\n- file: book/z\n- file: book/m\n")
    found = [small_book / f"book/{name}.md" for name in "amz"]
    assert [path.stem for path in claims.in_reading_order(found)] == ["z", "m", "a"]
