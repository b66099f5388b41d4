import json

import numpy as np
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
        ("a + b == 3", True, float("inf")),
        ("a + 1e-12 == 1", False, -float("inf")),  # equal is equal
        ("a / b == 0.5", True, float("inf")),
        ("-b < -a", True, 0.5),
        ("a >= b", False, -0.5),
        ("a < 1", False, 0.0),
        ("a > 1", False, 0.0),
        ("a <= 1", True, 0.0),
        ("a >= 1", True, 0.0),
        ("a - 1 <= 0", True, 0.0),  # nothing on either side: no magnitude to divide by
        ("b - 1 >= a and b <= 4", True, 0.0),
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
    assert issubclass(ClaimError, AssertionError)


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        ("True", "comparisons joined by 'and'"),
        ("1 < 2", "mentions nothing measured"),
        ("a < 2 and 1 < 2", "mentions nothing measured"),
        ("a", "comparisons joined by 'and'"),
        ("a < 2 or a > 3", "comparisons joined by 'and'"),
        ("a < 2 and c < 3", "mentions nothing measured"),
        ("a < c", "'c' is neither a number, nor measured"),
        ("a != 3", "not with NotEq"),
        ("len(a) > 0 and a < 1", "'len.a.' is neither"),
        ("a.__class__ < 2", "neither"),
        ("a < 'b'", "neither"),
        ("max(a, 2, key=abs) < 3", "neither"),
        ("(lambda: a)() < 2", "neither"),
        ("a <", "is no expression"),
    ],
)
def test_refuses_a_condition_that_asks_nothing(holds, message):
    with pytest.raises(ValueError, match=message):
        make({"a": 1.0}, holds)


@pytest.mark.parametrize(
    "value",
    [True, "1", None, [1.0], torch.tensor(True), torch.ones(2), float("nan"), float("inf")],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_what_is_no_number(value):
    with pytest.raises(ValueError, match=r"measured\['a'\]"):
        make({"a": value}, "a < 1")


def test_takes_numbers_out_of_tensors():
    result = stored(make({"a": torch.tensor(2), "b": torch.tensor(0.5)}, "b < a"))
    assert result.measured == {"a": 2, "b": 0.5}


@pytest.mark.usefixtures("without_shape_checks")
def test_takes_numbers_out_of_numpy():
    result = stored(make({"a": np.float32(0.5), "n": np.int64(3)}, "a < n"))
    assert result.measured == {"a": 0.5, "n": 3}


def test_the_text_holds_no_figure():
    """Figures are in the JSON: rounded in a text, they could flip a digit between machines."""
    shown = make({"a": 0.25}, "a < 1")[0].data
    assert shown["text/plain"] == "Claim an-id: a < 1: holds"


def test_an_announced_failure_is_named_as_one():
    page = make({"a_b": 12345}, "a_b < 1", expected=False)[0].data["text/html"]
    assert 'class="claim claim-fails"' in page
    assert "does not hold at this scale (as announced)" in page
    assert "a b = 12345<" in page  # whole numbers whole, names as words
    assert page.count("(as announced)") == 1
    assert "announced" not in make({"a": 0}, "a < 1")[0].data["text/html"]


def test_the_table_says_everything_and_escapes_it():
    page = make({"a": 0.123456, "n": 7}, "a < 1")[0].data["text/html"]
    for text in (
        "Who 1999",
        "It &lt;falls&gt;.",
        "one run",
        "a = 0.1235, n = 7",
        "a &lt; 1",
        "holds",
        'class="claim claim-holds"',
        'class="says"',  # a class for each row, which the site's style names
    ):
        assert text in page


def test_the_id_is_escaped():
    with capture_output() as captured:
        claim("<id>", source="s", statement="s", setup="s", measured={"a": 0}, holds="a < 1")
    assert "<code>&lt;id&gt;</code>" in captured.outputs[0].data["text/html"]


def test_measured_values_are_published_for_the_prose():
    outputs = make({"a": 0.25}, "a < 1")
    scrap = outputs[1]
    prefix = "application/papermill.record/"
    assert scrap.metadata["scrapbook"] == {"name": "an-id.a", "mime_prefix": prefix}
    assert scrap.data == {"application/papermill.record/text/plain": "0.25"}
    with capture_output() as captured:
        publish("word", "seven")
    assert captured.outputs[0].data == {"application/papermill.record/text/plain": "'seven'"}


@pytest.mark.parametrize(
    ("value", "shown"), [(7, "7"), (1.0, "1.0"), (1234.4, "1234.0"), (1e9, "1e+09")]
)
def test_a_decimal_stays_a_decimal(value, shown):
    """Integers are compared to the letter, decimals within a tolerance."""
    assert f"a = {shown}<" in make({"a": value}, "a > 0")[0].data["text/html"]
