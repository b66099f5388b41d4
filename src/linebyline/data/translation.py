"""Pairs of texts to translate, made without a network: numbers in words, and dates as written."""

from __future__ import annotations

import datetime
import random
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from babel.core import UnknownLocaleError
from babel.dates import format_date
from num2words import num2words

LONGEST = 16
"""Digits that a number may have: up to 9999조, nine quadrillion and more."""

DATE_LOCALES = ("en", "de", "fr", "es", "nl", "pl", "tr", "ko", "ja")
"""Languages of the dates. Of all the ways in which they write one, no text can mean two days."""

DATE_FORMATS = ("medium", "long", "full")
"""Babel's names. The fourth, "short", is left out: of 3/5/26 nobody knows the century, and an
American and a German do not mean the same day.
"""


class Pairs(NamedTuple):
    """Texts and their translations; the same place is the same pair."""

    sources: list[str]
    targets: list[str]
    kinds: list[str]
    """What sort of pair it is, to judge each sort by itself: "7" digits, or "de long"."""


class PairsSplit(NamedTuple):
    """Pairs to learn from, others to choose by, and others that have no say in anything."""

    train: Pairs
    validation: Pairs
    test: Pairs


def number_pairs(count: int, *, digits: tuple[int, int] = (1, 9), seed: int = 0) -> Pairs:
    """Whole numbers in English words, and the same in Korean ones; no number twice.

    English counts in thousands and Korean in ten thousands (만, then 억 for 10⁸ and 조 for
    10¹²), so 12,345,678, twelve million, three hundred and forty-five thousand, six hundred and
    seventy-eight, is 천이백삼십사만 오천육백칠십팔, 1234 times 만 and 5678. The digits come in the
    same order, but what each is counted in has to be worked out from how many follow.

    The words are those of num2words, **whose version could change them** and is pinned in the lock.
    English is British, with "and" behind a hundred, commas, and hyphens (twenty-one). Korean has a
    space behind 만, 억 and 조 and nowhere else, as section 44 of the rules of spelling, 한글
    맞춤법, has it; and says 일, one, before 억 and 조 but never before 십, 백, 천 and 만: 10,000 is
    만 and 100,010,000 is 일억 만, where many people say 일만.

    How many digits a number has is drawn first, so that each length is as frequent as the next,
    as far as there are numbers: of one digit there are only ten.

    Args:
        count: how many pairs.
        digits: the fewest and the most digits that a number has, from 1 to 16. Longer ones than a
            model was trained on show whether it has learned to count or to remember.
        seed: the same seed gives the same numbers.

    Raises:
        ValueError: `digits` are out of their range, or there are not so many numbers.
    """
    low, high = digits
    if not 1 <= low <= high <= LONGEST:
        raise ValueError(f"digits must be from 1 to {LONGEST}, the fewest first, not {digits}")
    room = 10**high - (10 ** (low - 1) if low > 1 else 0)
    if not 1 <= count <= room:
        raise ValueError(f"count must be from 1 to {room}, the numbers that there are, not {count}")
    draw = random.Random(seed)
    numbers: dict[int, str] = {}  # in the order in which they were drawn
    while len(numbers) < count:
        length = draw.randint(low, high)
        first = 10 ** (length - 1) if length > 1 else 0
        numbers.setdefault(draw.randrange(first, 10**length), str(length))
    return Pairs(
        [num2words(number, lang="en") for number in numbers],
        [num2words(number, lang="ko") for number in numbers],
        list(numbers.values()),
    )


def date_pairs(
    count: int,
    *,
    locales: Sequence[str] = DATE_LOCALES,
    formats: Sequence[str] = DATE_FORMATS,
    years: tuple[int, int] = (1900, 2099),
    seed: int = 0,
) -> Pairs:
    """Dates as people write them in several languages, and as ISO 8601 does: 2026-03-05.

    The texts are Babel's, from the Common Locale Data Repository: "Thursday, March 5, 2026",
    "05.03.2026", "2026년 3월 5일 목요일". **Babel's version could change them** and is pinned
    in the lock. Their special spaces are written as plain ones, and letters with accents as one
    character. With the locales and formats of the defaults no text means two days (a test goes
    through them all); with others that is not sure.

    Each day comes once, in one language and format, all drawn with equal probability.

    Args:
        count: how many pairs.
        locales: languages as Babel names them, "pt" or "pt_BR".
        formats: "medium", "long" and "full", or some of them.
        years: the first and the last, from 1000 to 9999, where all years have four digits.
        seed: the same seed gives the same dates.

    Raises:
        ValueError: there is no such locale or format, or years are out of their range, or there
            are not so many days.
    """
    _check_forms(locales, formats)
    first_year, last_year = years
    if not 1000 <= first_year <= last_year <= 9999:
        raise ValueError(f"years must be from 1000 to 9999, the first one first, not {years}")
    first = datetime.date(first_year, 1, 1).toordinal()
    room = datetime.date(last_year, 12, 31).toordinal() - first + 1
    if not 1 <= count <= room:
        raise ValueError(f"count must be from 1 to {room}, the days that there are, not {count}")
    draw = random.Random(seed)
    pairs = Pairs([], [], [])
    for number in draw.sample(range(first, first + room), count):
        day = datetime.date.fromordinal(number)
        locale, form = draw.choice(locales), draw.choice(formats)
        pairs.sources.append(written_date(day, locale, form))
        pairs.targets.append(day.isoformat())
        pairs.kinds.append(f"{locale} {form}")
    return pairs


def written_date(day: datetime.date, locale: str, form: str) -> str:
    """A day as one language writes it, with plain spaces, in Unicode's composed form NFC."""
    text = unicodedata.normalize("NFC", format_date(day, format=form, locale=locale))
    return " ".join(text.split())  # also U+202F, which Russian has before its sign for the year


def split_pairs(
    pairs: Pairs, *, validation_share: float = 0.1, test_share: float = 0.1, seed: int = 0
) -> PairsSplit:
    """Shuffle, and set two parts aside; all pairs with the same target go to the same part.

    So no number and no day is in two parts, and where a source has one meaning no source is.

    Args:
        pairs: what to split.
        validation_share: of the different targets, rounded.
        test_share: the same, for the test part.
        seed: the same seed gives the same parts.

    Raises:
        ValueError: the texts are not as many as the translations, or a part would be empty.
    """
    if not len(pairs.sources) == len(pairs.targets) == len(pairs.kinds):
        lengths = ", ".join(str(len(part)) for part in pairs)
        raise ValueError(f"pairs must have as many targets and kinds as sources, not {lengths}")
    targets = list(dict.fromkeys(pairs.targets))
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed)).tolist()
    sizes = [round(share * len(targets)) for share in (test_share, validation_share)]
    if min(sizes) < 1 or sum(sizes) >= len(targets):
        raise ValueError(
            f"validation_share and test_share must leave some of {len(targets)} different targets "
            f"in each of three parts, not {validation_share} and {test_share}"
        )
    place = {targets[index]: rank for rank, index in enumerate(order)}
    ends = [0, sizes[0], sum(sizes), len(targets)]
    test, validation, train = (_those(pairs, place, low, high) for low, high in pairwise(ends))
    return PairsSplit(train, validation, test)


def _those(pairs: Pairs, place: dict[str, int], low: int, high: int) -> Pairs:
    """The pairs whose targets have these places, shuffled as the targets are."""
    rows = [row for row in zip(*pairs, strict=True) if low <= place[row[1]] < high]
    rows.sort(key=lambda row: place[row[1]])
    return Pairs(*(list(column) for column in zip(*rows, strict=True)))


def _check_forms(locales: Sequence[str], formats: Sequence[str]) -> None:
    if isinstance(formats, str) or not formats or not set(formats) <= set(DATE_FORMATS):
        known = ", ".join(DATE_FORMATS)
        raise ValueError(f"formats must be a list of one or more of {known}, not {formats!r}")
    if isinstance(locales, str) or not locales:
        raise ValueError(f"locales must be a list of one or more languages, not {locales!r}")
    for locale in locales:
        try:
            format_date(datetime.date(2000, 1, 1), locale=locale)
        except (UnknownLocaleError, ValueError):
            raise ValueError(f"locales has {locale!r}, which Babel does not know") from None
