"""Claims gathered from notebooks, and tried under other seeds."""

import claims
import nbformat
import pytest
from claims import claims_of, report, try_seeds

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
    path = tmp_path / "a.md"
    path.write_text(
        "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# A\n\n"
        "```{code-cell} ipython3\nimport os\nfrom linebyline.claims import claim\n"
        "seed = int(os.environ['LINEBYLINE_SEED'])\n1 / (seed - 1)\n```\n\n"
        "```{code-cell} ipython3\nclaim('one', source='s', statement='s', setup='s',\n"
        "      measured={'seed': seed}, holds='seed < 2')\n```\n"
    )
    gathered = try_seeds(path, range(1, 3))
    assert [claim.measured["seed"] for claim in gathered["one"]] == [1, 2]
    assert [claim.as_expected for claim in gathered["one"]] == [True, False]


def test_the_command_line_fails_when_a_claim_turns(monkeypatch, capsys, small_book):
    monkeypatch.setattr(claims, "BOOK", small_book / "book")
    monkeypatch.setattr("sys.argv", ["claims.py", "--seeds", "2"])
    assert claims.main() == 0  # a book without claims
    chapter = small_book / "book/one.md"
    output = nbformat.v4.new_output("display_data", data={MIME: vars(made(0.5))})
    cell = nbformat.v4.new_code_cell("claim()", outputs=[output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), chapter.with_suffix(".ipynb"))
    monkeypatch.setattr(claims, "try_seeds", lambda *_: {"one": [made(0.5), made(2.0)]})
    assert claims.main() == 1
    assert "one " in capsys.readouterr().out
