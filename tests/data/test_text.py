"""The reference text: nothing twice, nothing on two sides; windows of it."""

from __future__ import annotations

from pydoc_data.topics import topics as original

import pytest
import torch

from linebyline.data.text import (
    ALPHABET,
    as_ascii,
    reference_text,
    reference_topics,
    split_topics,
    windows,
)


def paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def test_every_paragraph_of_the_original_is_kept_once() -> None:
    kept = [each for text in reference_topics().values() for each in paragraphs(text)]
    assert "" not in kept
    assert len(kept) == len(set(kept))
    whole = [each for text in original.values() for each in paragraphs(as_ascii(text)) if each]
    assert set(kept) == set(whole)
    assert len(whole) > len(kept)  # else there would be nothing to take out


def test_the_first_topic_keeps_what_several_have() -> None:
    first: dict[str, str] = {}
    for name in sorted(original):
        for paragraph in paragraphs(as_ascii(original[name])):
            first.setdefault(paragraph, name)
    for name, text in reference_topics().items():
        assert {first[paragraph] for paragraph in paragraphs(text)} == {name}


def test_it_is_the_size_that_is_said() -> None:
    """Of Python 3.11.7; other versions have a little less or more."""
    topics = reference_topics()
    assert 330_000 < sum(map(len, topics.values())) < 450_000
    assert 70 < len(topics) < 100
    assert topics["assert"].startswith('The "assert" statement\n******')
    assert list(topics) == sorted(topics)
    assert any("\n   " in text for text in topics.values())  # code is still indented


def test_the_parts_have_their_shares_and_no_topic_twice() -> None:
    split = reference_text()
    topics = reference_topics()
    total = sum(map(len, topics.values()))
    for part, share in ((split.validation, 0.05), (split.test, 0.1)):
        assert 0.9 * share < len(part) / total < 1.01 * share
    assert set("".join(split)) <= set(ALPHABET)
    found = [each for part in split for each in paragraphs(part)]
    assert len(found) == len(set(found))
    assert set(found) == {each for text in topics.values() for each in paragraphs(text)}
    for text in topics.values():
        assert sum(text in part for part in split) == 1  # whole, on one side


def test_hardly_a_passage_of_the_test_text_stands_in_the_training_text() -> None:
    """40 characters and more; of the original, tested so, a third would be known by heart."""

    def known(text: str, by: str) -> float:
        seen = {by[place : place + 40] for place in range(len(by) - 39)}
        places = range(0, len(text) - 39)
        return sum(text[place : place + 40] in seen for place in places) / len(places)

    split = reference_text()
    raw = split_topics({name: as_ascii(text) for name, text in original.items()})
    assert known(split.test, split.train) < 0.1 < known(raw.test, raw.train)


def test_a_seed_gives_what_it_gave() -> None:
    assert reference_text(seed=1) == reference_text(seed=1)
    assert reference_text(seed=1).test != reference_text().test
    assert reference_text(test_share=0.2).test != reference_text().test


def test_shares_and_seed_are_handed_on() -> None:
    topics = reference_topics()
    options = {"validation_share": 0.2, "test_share": 0.15, "seed": 2}
    assert reference_text(**options) == split_topics(topics, **options)
    assert reference_text() == split_topics(topics)
    assert split_topics(topics) == split_topics(
        topics, validation_share=0.05, test_share=0.1, seed=0
    )
    for part in reference_text():
        places = [part.find(text) for text in topics.values() if text in part]
        assert places == sorted(places)  # in alphabetical order


def test_a_topic_has_its_place_whatever_the_others_are() -> None:
    """So that versions of Python with a topic more or less have nearly the same parts."""
    topics = {f"topic {number}": f"{number} " * 30 for number in range(40)}
    whole = split_topics(topics, test_share=0.2, validation_share=0.2)
    fewer = split_topics(
        {name: text for name, text in topics.items() if name != "topic 7"},
        test_share=0.2,
        validation_share=0.2,
    )
    for old, new in zip(whole, fewer, strict=True):
        old_topics, new_topics = (set(text.split("\n\n")) for text in (old, new))
        assert len(old_topics ^ new_topics) <= 3


def test_topics_are_drawn_while_they_fit() -> None:
    topics = {"long": "x" * 60, "a": "a" * 20, "b": "b" * 20}
    split = split_topics(topics, test_share=0.2, validation_share=0.25)
    assert sorted(split[1:]) == ["a" * 20, "b" * 20]
    assert split.train == "x" * 60


@pytest.mark.parametrize(
    ("shares", "complaint"),
    [
        ({"test_share": 0.0}, "test_share is 0.0; it must be above 0"),
        ({"validation_share": 1.0}, "validation_share is 1.0; it must be above 0"),
        ({"test_share": 0.1}, "test_share is 0.1, 10 of 100 characters; every topic is longer"),
        ({"validation_share": 0.1, "test_share": 0.2}, "validation_share is 0.1, 10 of 100"),
        ({"validation_share": 0.7, "test_share": 0.4}, "must leave a topic to learn from"),
    ],
)
def test_shares_that_cannot_be(shares: dict[str, float], complaint: str) -> None:
    topics = {"long": "x" * 60, "a": "a" * 20, "b": "b" * 20}
    with pytest.raises(ValueError, match=complaint):
        split_topics(topics, **{"validation_share": 0.2, "test_share": 0.2} | shares)


def test_ascii() -> None:
    assert as_ascii("“a” ‘b’ – c — d…\xa0e\n") == "\"a\" 'b' - c -- d... e\n"
    assert as_ascii("ß °한🙂") == r"\xdf \xb0\ud55c\U0001f642"
    assert as_ascii("\tx\r\ny\x07") == "        x\ny\\x07"
    assert len(set(ALPHABET)) == len(ALPHABET) == 96


def test_windows_are_one_behind() -> None:
    inputs, targets = windows(list(range(10)), 3)
    assert inputs.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert targets.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert inputs.dtype == targets.dtype == torch.int64
    assert inputs.is_contiguous()
    assert targets.is_contiguous()
    inputs.zero_()  # which has no say in the targets
    assert targets.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert windows(list(range(9)), 3).targets.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert windows([5, 6], 1).inputs.tolist() == [[5]]


def test_windows_may_overlap_or_leave_gaps() -> None:
    assert windows(list(range(6)), 3, stride=1).inputs.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert windows(list(range(9)), 2, stride=4).targets.tolist() == [[1, 2], [5, 6]]


def test_windows_that_cannot_be() -> None:
    for length, stride, complaint in (
        (0, None, "length must be at least 1, not 0"),
        (2, 0, "stride must be at least 1, not 0"),
        (3, None, "length is 3 and ids has 3; .* need 4"),
        (1000, None, "length is 1000 and ids has 3"),
    ):
        with pytest.raises(ValueError, match=complaint):
            windows([1, 2, 3], length, stride=stride)
