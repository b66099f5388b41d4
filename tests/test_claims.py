import json

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from linebyline.claims import MIME, Claim, ClaimError, claim, publish


@pytest.fixture(autouse=True)
def _shell():
    """What a cell displays goes through IPython's shell; without one it would only be printed."""
    InteractiveShell.instance()
    yield
    InteractiveShell.clear_instance()


def make(measured, holds, **changes):
    settings = {"source": "Who 1999", "statement": "It <falls>.", "setup": "one run"} | changes
    with capture_output() as captured:
        claim("an-id", measured=measured, holds=holds, **settings)
    return captured.outputs


def stored(outputs) -> Claim:
    return Claim(**json.loads(json.dumps(outputs[0].data[MIME])))


@pytest.mark.parametrize(
    ("holds", "verdict", "margin"),
    [
        ("a < b", True, 0.5),
        ("b < a", False, -0.5),
        ("a <= b and b <= 2.5", True, 0.2),
        ("0 < a < b", True, 0.5),
        ("b >= 2 * a", True, 0.0),
        ("max(a, b) - min(a, b) > 0.5 * abs(-a)", True, 0.5),
        ("a == 1", True, float("inf")),
        ("a == b", False, -float("inf")),
        ("a < b and a > b", False, -0.5),
        ("b ** 2 / a > 3", True, 0.25),
    ],
)
def test_verdict_and_margin(holds, verdict, margin):
    result = stored(make({"a": 1, "b": 2.0}, holds, expected=verdict))
    assert result.verdict is verdict
    assert result.as_expected
    assert result.margin == pytest.approx(margin)


def test_an_unexpected_verdict_fails_the_cell_after_showing_it():
    with capture_output() as captured, pytest.raises(ClaimError, match=r"an-id.*'a < 1'.*False"):
        claim("an-id", source="s", statement="s", setup="s", measured={"a": 3}, holds="a < 1")
    assert stored(captured.outputs).verdict is False
    with pytest.raises(ClaimError):
        make({"a": 0}, "a < 1", expected=False)


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        ("True", "comparisons joined by 'and'"),
        ("1 < 2", "mentions nothing measured"),
        ("a < 2 and 1 < 2", "mentions nothing measured"),
        ("a", "comparisons joined by 'and'"),
        ("a < 2 or a > 3", "comparisons joined by 'and'"),
        ("a < c", "'c' is neither a number, nor measured"),
        ("a != 3", "not with NotEq"),
        ("len(a) > 0 and a < 1", "'len.a.' is neither"),
        ("a.__class__ < 2", "neither"),
        ("(lambda: a)() < 2", "neither"),
    ],
)
def test_refuses_a_condition_that_asks_nothing(holds, message):
    with pytest.raises(ValueError, match=message):
        make({"a": 1.0}, holds)


@pytest.mark.parametrize("value", [True, "1", None, [1.0]])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_what_is_no_number(value):
    with pytest.raises(ValueError, match=r"measured\['a'\]"):
        make({"a": value}, "a < 1")


def test_takes_numbers_out_of_tensors():
    result = stored(make({"a": torch.tensor(2), "b": torch.tensor(0.5)}, "b < a"))
    assert result.measured == {"a": 2, "b": 0.5}


def test_the_table_says_everything_and_escapes_it():
    page = make({"a": 0.123456, "n": 7}, "a < 1")[0].data["text/html"]
    for text in (
        "Who 1999",
        "It &lt;falls&gt;.",
        "one run",
        "a = 0.1235, n = 7",
        "a &lt; 1",
        "holds",
    ):
        assert text in page


def test_measured_values_are_published_for_the_prose():
    outputs = make({"a": 0.25}, "a < 1")
    scrap = outputs[1]
    assert scrap.metadata["scrapbook"]["name"] == "an-id.a"
    assert scrap.data == {"application/papermill.record/text/plain": "0.25"}
    with capture_output() as captured:
        publish("word", "seven")
    assert captured.outputs[0].data == {"application/papermill.record/text/plain": "'seven'"}
