import pytest
from compare import Tolerance, mask, tolerant
from hypothesis import given
from hypothesis import strategies as st

DEFAULT = Tolerance()


@pytest.mark.parametrize(
    ("stored", "fresh"),
    [
        ("loss 0.5000", "loss 0.5004"),
        ("loss 1.25e-03", "loss 1.2505e-03"),
        ("x = -0.0000001", "x = 0.0000002"),
        ("[ 0.100 -0.200]", "[0.100 -0.2001]"),
        ("nan and 2.0", "nan and 2.0"),
        ("took ⏱ 1.2 s", "took ⏱ 93.0 s"),
        ("<object at 0x7f00aa11bb22>", "<object at 0x7fff00000000>"),
        ("1,234.5", "1,234.6"),
        ("loss 1.0e-03", "loss 9.999e-04"),  # the exponent is part of the number
        ("loss 1e-03", "loss 1.0005e-03"),
        ("nan and 2.0", "nan and 2.0001"),
        ("[  inf 0.5]", "[inf 0.5]"),
        ("[  nan 0.5]", "[nan 0.5]"),
        ('File "/tmp/ipykernel_12/345.py"', 'File "/tmp/ipykernel_6/7.py"'),
    ],
)
def test_agree(stored, fresh):
    assert DEFAULT.agree(stored, fresh)


@pytest.mark.parametrize(
    ("stored", "fresh"),
    [
        ("loss 0.500", "loss 0.501"),  # 2e-3 apart
        ("x = 0.00001", "x = 0.00002"),
        ("epoch 1000", "epoch 1001"),  # an integer, however close
        ("12 right", "12.0 right"),
        ("loss 0.5", "lost 0.5"),
        ("loss 0.5", "loss  0.5 "),
        ("0.5 0.5", "0.5"),
        ("0.5 0.5", "0.5 9.5"),  # one of two
        ("0.5 0.5", "9.5 0.5"),
        ("loss\n0.5", "loss 0.5"),
        ("a  info 0.5", "a info 0.5"),  # a word, though it begins with inf
        ("a  nano 0.5", "a nano 0.5"),
        ("-inf", "inf"),
        ("mask 0x1f", "mask 0x2f"),  # too short for an address
        ("nan", "0.0"),
        ("inf", "1e30"),
        ("1.5 s", "9.5 s"),  # seconds without the stopwatch are a result like any other
        ("v1.2a", "v1.3a"),
        ("v1.2.5000", "v1.2.5001"),
        ("layer1.5", "layer1.5001"),
    ],
)
def test_differ(stored, fresh):
    assert not DEFAULT.agree(stored, fresh)


def test_tags_widen_within_limits():
    tolerance = Tolerance.from_tags(["hide-input", "rtol-0.1", "atol-0.03"])
    assert tolerance.agree("loss 1.00", "loss 1.09")
    assert not tolerance.agree("loss 1.00", "loss 1.12")
    assert tolerance.agree("x 0.00", "x 0.03")
    assert not tolerance.agree("x 0.00", "x 0.04")


@pytest.mark.parametrize(
    "tag",
    [
        "rtol-0.11",
        "atol-0.04",
        "rtol-0",
        "rtol-0.0",
        "rtol-1e-2",
        "rtol-1",
        "rtol-nan",
        "rtol",
        "nbval-skip",
        "nbval-ignore-output",
    ],
)
def test_refuses_a_tag_that_compares_too_little(tag):
    with pytest.raises(ValueError, match=tag):
        Tolerance.from_tags([tag])


def test_json_is_compared_with_the_same_tolerance():
    stored = tolerant({"b": [1.0, 2], "a": "text"}, DEFAULT)
    assert stored == tolerant({"a": "text", "b": [1.0001, 2]}, DEFAULT)
    assert stored != tolerant({"a": "text", "b": [1.01, 2]}, DEFAULT)
    assert stored != tolerant({"a": "text", "b": [1.0, 3]}, DEFAULT)
    assert tolerant([0.5], DEFAULT) == tolerant([0.50001], DEFAULT)


def test_unequal_is_the_opposite_of_equal():
    """The comparison asks with !=, for which ``str`` has a method of its own."""
    near, far = tolerant("0.50001", DEFAULT), tolerant("0.6", DEFAULT)
    assert not tolerant("0.5", DEFAULT) != near  # noqa: SIM202
    assert not tolerant("0.5", DEFAULT) == far  # noqa: SIM201
    assert tolerant("0.5", DEFAULT) != 0.5
    assert tolerant(0.5, DEFAULT) == 0.5


@given(st.text())
def test_every_text_agrees_with_itself_and_is_not_split_wrongly(text):
    assert DEFAULT.agree(text, text)
    assert mask(mask(text)) == mask(text)
    assert tolerant(text, DEFAULT) == text


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_agreement_is_what_the_definition_says(a, b):
    gap, scale = abs(a - b), max(abs(a), abs(b))
    near, far = max(0.99e-3 * scale, 0.99e-6), max(1.01e-3 * scale, 1.01e-6)
    if not near < gap < far:
        assert DEFAULT.agree(f"x = {a:.9f}", f"x = {b:.9f}") == (gap <= near)


def test_durations_in_json_are_passed_over():
    assert tolerant({"took": "⏱ 1.0 s"}, DEFAULT) == tolerant({"took": "⏱ 9.0 s"}, DEFAULT)
