"""The table of milestones: its form, and that it agrees with the bibliography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linebyline.data.milestones import (
    COUNTED,
    KINDS,
    MILESTONES,
    WINTERS,
    Milestone,
    between,
    read,
)

ROOT = Path(__file__).parents[2]
BIB = (ROOT / "book/references.bib").read_text("utf8")
BIB_ENTRIES = dict(re.findall(r"^@\w+\{(\w+),\n(.*?)^\}", BIB, re.M | re.S))
# A wrong name would never become a link, and nobody would notice.
PLANNED = {
    *("perceptron", "mlp", "gradient_descent", "optimizers", "backpropagation", "dqn"),
    *("convolution", "lenet", "resnet", "imagenet_architectures", "support_vector_machine"),
    *("lstm", "seq2seq", "attention", "transformer", "gpt", "bert", "simclr", "vae", "gan"),
}
IDS = [milestone.id for milestone in MILESTONES]

ENTRY = """
[[milestone]]
id = "gan"
date = "2014-06"
name = "Generative adversarial net"
kind = "generative"
dated_by = "preprint"
reference = "goodfellow2014"
problem = "Make images."
idea = "One net makes, one judges. Each learns."
"""


def with_line(field: str, value: str) -> str:
    """The entry with another value for a field."""
    return re.sub(rf"^{field} = .*$", f"{field} = {value}", ENTRY, flags=re.M)


def test_ids_are_unique_and_dates_in_order() -> None:
    assert len(set(IDS)) == len(IDS) == 32
    years = [milestone.year for milestone in MILESTONES]
    assert years == sorted(years)
    assert (years[0], round(years[-1], 2)) == (1943.5, 2020.38)


@pytest.mark.parametrize("milestone", MILESTONES, ids=IDS)
def test_every_reference_is_in_the_bibliography(milestone: Milestone) -> None:
    cited = {milestone.reference, milestone.parameters_from, milestone.operations_from}
    cited |= set(re.findall(r"\{cite:[pt]\}`(\w+)`", milestone.idea))
    assert cited - {"", COUNTED} <= BIB_ENTRIES.keys()


def test_what_the_book_counted_is_six_times_connections_examples_and_passes() -> None:
    counted = {each.id: each.operations for each in MILESTONES if each.operations_from == COUNTED}
    assert counted == {
        "zip-codes": pytest.approx(6 * 64_660 * 7_291 * 23, rel=0.01),
        "lenet-5": pytest.approx(6 * 340_908 * 60_000 * 20, rel=0.01),
    }


def test_the_winters_are_cited_and_apart() -> None:
    assert {winter.reference for winter in WINTERS} <= BIB_ENTRIES.keys()
    first, second = WINTERS
    assert first.first < first.last < second.first < second.last


@pytest.mark.parametrize(
    "milestone", [each for each in MILESTONES if each.dated_by == "preprint"], ids=lambda m: m.id
)
def test_a_preprint_is_dated_by_its_arxiv_number(milestone: Milestone) -> None:
    number = re.search(r"arxiv\.org/abs/(\d\d)(\d\d)\.", BIB_ENTRIES[milestone.reference])
    assert number, f"{milestone.reference} has no arXiv address"
    assert milestone.date == f"20{number[1]}-{number[2]}"


@pytest.mark.parametrize(
    "milestone", [each for each in MILESTONES if each.dated_by != "preprint"], ids=lambda m: m.id
)
def test_what_was_printed_is_dated_by_its_year(milestone: Milestone) -> None:
    year = re.search(r"year\s+= \{(\d+)[a-z]?\}", BIB_ENTRIES[milestone.reference])
    assert year
    assert milestone.date[:4] == year[1]


@pytest.mark.parametrize(
    "milestone", [each for each in MILESTONES if each.venue], ids=lambda m: m.id
)
def test_a_venue_is_a_name_and_a_year_not_before_the_preprint(milestone: Milestone) -> None:
    assert milestone.dated_by == "preprint"
    venue = re.fullmatch(r"[A-Za-z]+ (20\d\d)", milestone.venue)
    assert venue
    assert 0 <= int(venue[1]) - int(milestone.date[:4]) <= 2


def test_every_kind_occurs_and_every_chapter_is_one_of_the_plan() -> None:
    assert {milestone.kind for milestone in MILESTONES} == set(KINDS)
    assert {milestone.chapter for milestone in MILESTONES} - {""} <= PLANNED


def test_the_label_has_the_year_and_the_short_name() -> None:
    by_id = {milestone.id: milestone for milestone in MILESTONES}
    assert by_id["gan"].label == "2014  GAN"
    assert by_id["attention"].label == "2014  Attention"


def test_a_date_stands_in_the_middle_of_its_month_or_year() -> None:
    (month,), _ = read(ENTRY)
    (year,), _ = read(with_line("date", '"1943"'))
    assert month.year == 2014 + 5.5 / 12
    assert year.year == 1943.5


def test_between_takes_whole_years_and_both_ends() -> None:
    assert [each.id for each in between(1958, 1965)] == ["perceptron", "adaline", "gmdh"]
    assert [each.id for each in between(1969, 1969)] == ["perceptrons-book"]
    with pytest.raises(ValueError, match="first is 1944 and last 1950: the table has no milestone"):
        between(1944, 1950)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("date", '"June 2014"', "gan: date is 'June 2014'; it must be a year such as 1943"),
        ("date", '"2014-13"', "gan: date is '2014-13'"),
        ("kind", '"music"', "gan: kind is 'music'; it must be one of neurons, vision"),
        ("dated_by", '"rumour"', "gan: dated_by is 'rumour'; it must be one of journal"),
        ("idea", '"One sentence."', "gan: idea is 'One sentence.'; it must be two sentences"),
        ("idea", '"One. Two. Three."', "gan: idea is .* it must be two sentences"),
        ("idea", '"It has 15.3 percent. No end"', "gan: idea is"),
        ("idea", '"One. Two. No end"', "gan: idea is"),
        ("problem", '"Two. Of them."', "gan: problem is .* it must be one sentence"),
        ("problem", '"x"\ncolour = "red"', "gan: colour is no field; the fields are chapter, date"),
        ("problem", '"x."\nparameters = 60', "gan: parameters is 60 from ''; give a positive"),
        ("problem", '"x."\noperations_from = "a"', "gan: operations is None from 'a'"),
        ("problem", '"x."\nparameters = 0\nparameters_from = "a"', "gan: parameters is 0 from 'a'"),
    ],
)
def test_a_bad_entry_is_refused_by_name(field: str, value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(with_line(field, value))


def test_a_point_within_a_number_ends_no_sentence() -> None:
    (milestone,), _ = read(with_line("idea", '"It errs on 15.3 percent. The next on 26.2."'))
    assert milestone.idea.endswith("26.2.")


def test_disorder_doubles_and_gaps_are_refused() -> None:
    earlier = with_line("date", '"1999"').replace('"gan"', '"old"')
    with pytest.raises(ValueError, match="old: date is 1999, before that of gan"):
        read(ENTRY + earlier)
    with pytest.raises(ValueError, match="id 'gan' stands 2 times; it must be unique"):
        read(ENTRY + ENTRY)
    with pytest.raises(ValueError, match="gan: problem is missing"):
        read(re.sub(r"^problem.*$", "", ENTRY, flags=re.M))
    with pytest.raises(ValueError, match=r"an entry without a name: \w+ is missing"):
        read("[[milestone]]\n")
    with pytest.raises(ValueError, match="cold: last is missing"):
        read('[[winter]]\nname = "cold"\nfirst = 1969\nreference = "a"\n')
