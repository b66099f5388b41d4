"""The stored weights make what was judged."""

import pytest

from linebyline.studies.grown_digits import judged_digits
from linebyline.studies.longer_growth import LONGER, START, WEIGHTS, stored_generator


def test_the_stored_weights_make_what_was_judged(stored):
    found, row = judged_digits(stored_generator()), stored["digits"]["grown"]
    assert found["sure"] == pytest.approx(row["sure"][-1], abs=0.01)
    assert found["distance"] == pytest.approx(row["distance"][-1], abs=1)
    assert min(found["classes"]) > 50
    assert WEIGHTS.stat().st_size < 300_000


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {"start": START, "longer": LONGER}
    assert list(stored["digits"]) == ["grown", "at once"]
    for row in stored["digits"].values():
        assert row["cost"][-1] == pytest.approx(3000, abs=2)
        assert row["side"][-1] == 28
