import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from linebyline.plotting.chronology import NAMES, RAIL, chronology
from linebyline.plotting.style import MARKERS, PALETTE, WIDTH, png_bytes

YEARS = [1943.5, 1958.9, 2012.9, 2013.9, 2013.9, 2014.4, 2014.4, 2014.7]
LABELS = [f"event {i}" for i in range(8)]
KINDS = ["cell", "cell", "net", "net", "game", "net", "game", "net"]


def dots(ax, x):
    """Places and looks of the markers at a horizontal position."""
    return [
        (line.get_ydata()[0], line.get_marker(), to_rgb(line.get_color()))
        for line in ax.lines
        if len(line.get_xdata()) == 1 and np.isclose(line.get_xdata()[0], x)
    ]


def names(ax):
    return {text.get_text(): text for text in ax.texts if text.get_text().startswith("event")}


def test_a_dot_stands_at_each_date_with_the_look_of_its_kind():
    ax = chronology(YEARS, LABELS, KINDS)
    looks = {"cell": 0, "net": 1, "game": 2}
    for dot, year, kind in zip(dots(ax, RAIL), YEARS, KINDS, strict=True):
        assert dot == (year, MARKERS[looks[kind]], to_rgb(PALETTE[looks[kind]]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cell", "net", "game"]


def test_time_runs_downwards_and_everything_is_inside():
    ax = chronology(YEARS, LABELS, KINDS)
    bottom, top = ax.get_ylim()
    assert bottom > max(YEARS) > min(YEARS) > top
    for text in names(ax).values():
        assert top < text.get_position()[1] < bottom


def test_no_two_names_overlap_and_their_order_is_that_of_time(overlapping):
    ax = chronology(YEARS, LABELS, KINDS)
    texts = [names(ax)[label] for label in LABELS]
    assert overlapping(texts) == []
    heights = [text.get_position()[1] for text in texts]
    assert heights == sorted(heights)


def test_names_fit_the_width_and_the_leaders_lead_to_them():
    ax = chronology(YEARS, ["event " + "x" * 24] * 8, KINDS)
    ax.figure.draw_without_rendering()
    for text in names(ax).values():
        assert Text.get_window_extent(text).x1 < ax.figure.dpi * WIDTH
    leaders = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert [line.get_ydata()[0] for line in leaders] == YEARS
    ends = [line.get_ydata()[-1] for line in leaders]
    assert ends == [text.get_position()[1] for text in ax.texts if text.get_text()[0] == "e"]
    assert all(line.get_xdata()[0] == RAIL < line.get_xdata()[-1] < NAMES for line in leaders)


def test_the_order_of_the_events_does_not_matter():
    places = []
    for order in (range(8), [3, 1, 7, 0, 6, 2, 5, 4]):
        ax = chronology(*([column[i] for i in order] for column in (YEARS, LABELS, KINDS)))
        at = {label: text.get_position()[1] for label, text in names(ax).items()}
        places.append([at[label] for label in ("event 0", "event 1", "event 2", "event 7")])
    np.testing.assert_allclose(*places)


def test_bands_lie_beside_the_rail_and_are_named():
    ax = chronology(YEARS, LABELS, KINDS, bands={"first winter": (1969, 1982)})
    (band,) = ax.collections
    box = band.get_datalim(ax.transData)
    assert sorted((box.y0, box.y1)) == [1969, 1982]
    assert max(box.x0, box.x1) == RAIL
    assert "first\nwinter" in [text.get_text() for text in ax.texts]


def test_a_crowded_page_stays_small_enough_to_be_stored():
    years = [1950 + 70 * (i / 31) ** 0.2 for i in range(32)]
    ax = chronology(years, [f"event {i} of a name" for i in range(32)], ["a", "b", "c", "d"] * 8)
    assert len(png_bytes(ax.figure)) < 60_000


def test_draws_where_it_is_told():
    _, ax = plt.subplots(figsize=(7, 5))
    assert chronology(YEARS, LABELS, KINDS, ax=ax) is ax
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"years": []}, "names has 8 entries for 0 years"),
        ({"years": [], "names": [], "kinds": []}, "years must hold at least one year"),
        ({"years": [*YEARS[:-1], float("nan")]}, "years must hold .* only numbers"),
        ({"names": LABELS[:3]}, "names has 3 entries for 8 years: one each"),
        ({"kinds": KINDS[:3]}, "kinds has 3 entries for 8 years: one each"),
        ({"kinds": list("abcdefgh")}, "kinds has 8 kinds; there are 6 colours"),
        ({"bands": {"ice": (1980, 1970)}}, r"bands\['ice'\] is \(1980, 1970\); it must end after"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    given = {"years": YEARS, "names": LABELS, "kinds": KINDS, **change}
    with pytest.raises(ValueError, match=message):
        chronology(given["years"], given["names"], given["kinds"], bands=given.get("bands"))
