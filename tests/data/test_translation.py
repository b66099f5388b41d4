"""Pairs to translate: right, each once, and with one meaning."""

import datetime
import random
import re

import pytest
import torch
from num2words import num2words

from linebyline.data.translation import (
    DATE_FORMATS,
    DATE_LOCALES,
    Pairs,
    date_pairs,
    number_pairs,
    split_pairs,
    written_date,
)

SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
THOUSANDS = ["", " thousand", " million", " billion", " trillion", " quadrillion"]


def english_below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{SMALL[hundreds]} hundred"] if hundreds else []
    if rest or not hundreds:
        tens, ones = divmod(rest, 10)
        low = SMALL[rest] if rest < 20 else TENS[tens] + (f"-{SMALL[ones]}" if ones else "")
        words.append(low)
    return " and ".join(words)


def english(number: int) -> str:
    """British words, written here from their rules."""
    groups = []
    for power in reversed(range(6)):
        group = number // 1000**power % 1000
        if group or number == power == 0:
            groups.append(english_below_1000(group) + THOUSANDS[power])
    last = number % 1000
    if len(groups) > 1 and 0 < last < 100:  # "one thousand and one"
        return ", ".join(groups[:-1]) + " and " + groups[-1]
    return ", ".join(groups)


def korean(number: int) -> str:
    """Groups of four digits with a space between; no one before 십, 백, 천 and 만."""
    if number == 0:
        return "영"
    groups = []
    for power, unit in ((3, "조"), (2, "억"), (1, "만"), (0, "")):
        group = number // 10000**power % 10000
        text = ""
        for place, name in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
            digit = group // place % 10
            if digit:
                text += ("" if digit == 1 and place > 1 else " 일이삼사오육칠팔구"[digit]) + name
        if group == 1 and unit == "만":
            text = ""
        if group:
            groups.append(text + unit)
    return " ".join(groups)


def test_words_are_those_of_the_rules() -> None:
    draw = random.Random(0)
    some = [0, 1, 10, 11, 100, 101, 110, 1000, 1001, 1100, 10_000, 10_001, 11_000, 110_000]
    some += [10**8, 10**8 + 10**4, 10**12 + 10**8, 2 * 10**8 + 1, 10**15, 10**16 - 1]
    some += [draw.randrange(10 ** draw.randint(1, 16)) for _ in range(1500)]
    for n in some:
        assert num2words(n, lang="en") == english(n)
        assert num2words(n, lang="ko") == korean(n)


def test_both_say_the_same_number() -> None:
    pairs = number_pairs(3000, digits=(1, 16), seed=1)
    for source, target, kind in zip(*pairs, strict=True):
        number = read_english(source)
        assert (source, target, kind) == (english(number), korean(number), str(len(str(number))))
        assert read_korean(target) == number


def read_english(text: str) -> int:
    """The number that words stand for."""
    values = {word: n for n, word in enumerate(SMALL)}
    values |= {word: 10 * n for n, word in enumerate(TENS)}
    scales = {name.strip(): 1000**n for n, name in enumerate(THOUSANDS) if name}
    total = group = 0
    for word in re.findall(r"[a-z]+", text):
        if word == "hundred":
            group *= 100
        elif word in scales:
            total, group = total + group * scales[word], 0
        elif word != "and":
            group += values[word]
    return total + group


def read_korean(text: str) -> int:
    total = group = digit = 0
    for c in text.replace(" ", ""):
        if c in "영일이삼사오육칠팔구":
            digit = "영일이삼사오육칠팔구".index(c)
        elif c in "십백천":
            group, digit = group + max(digit, 1) * 10 ** ("십백천".index(c) + 1), 0
        else:
            total += max(group + digit, 1) * 10000 ** ("만억조".index(c) + 1)
            group = digit = 0
    return total + group + digit


def test_korean_counts_in_ten_thousands() -> None:
    assert korean(12_345_678) == "천이백삼십사만 오천육백칠십팔"  # as the docstring says
    pairs = number_pairs(1000, digits=(8, 8))
    assert set("".join(pairs.targets)) == set("일이삼사오육칠팔구십백천만 ")
    assert set(" ".join(pairs.sources).replace(",", "").replace("-", " ").split()) == {
        *[*SMALL[1:], *TENS[2:]],
        *["hundred", "thousand", "million", "and"],
    }


def test_no_number_twice_and_each_length_as_often() -> None:
    pairs = number_pairs(5000, digits=(4, 8), seed=2)
    numbers = [read_english(source) for source in pairs.sources]
    assert len(set(numbers)) == 5000
    assert pairs.kinds == [str(len(str(number))) for number in numbers]
    for length in range(4, 9):
        assert 850 < pairs.kinds.count(str(length)) < 1150


def test_all_numbers_that_there_are() -> None:
    pairs = number_pairs(1000, digits=(1, 3))
    assert sorted(map(read_korean, pairs.targets)) == list(range(1000))
    assert sorted(map(read_english, number_pairs(90, digits=(2, 2)).sources)) == list(
        range(10, 100)
    )


def test_no_date_has_two_meanings() -> None:
    """All the days of a leap year and of the next, in every language and format."""
    meant: dict[str, datetime.date] = {}
    for number in range(731):
        day = datetime.date(2024, 1, 1) + datetime.timedelta(number)
        for locale in DATE_LOCALES:
            for form in DATE_FORMATS:
                text = written_date(day, locale, form)
                assert meant.setdefault(text, day) == day, text
                assert str(day.year) in text
                assert text == " ".join(text.split(" "))
    assert not any(ord(c) in (0xA0, 0x202F) for text in meant for c in text)


def test_dates_are_as_people_write_them() -> None:
    day = datetime.date(2026, 3, 5)
    assert written_date(day, "en", "full") == "Thursday, March 5, 2026"
    assert written_date(day, "de", "medium") == "05.03.2026"
    assert written_date(day, "ko", "full") == "2026년 3월 5일 목요일"
    assert written_date(day, "ru", "long") == "5 марта 2026 г."


def test_dates_come_once_in_every_form() -> None:
    pairs = date_pairs(3000, seed=1)
    assert len(set(pairs.targets)) == 3000
    assert len(set(pairs.kinds)) == 27
    assert min(pairs.targets) < "1905"
    assert max(pairs.targets) > "2095"
    for source, target, kind in list(zip(*pairs, strict=True))[:200]:
        locale, form = kind.split()
        assert written_date(datetime.date.fromisoformat(target), locale, form) == source
    counts = [sum(kind.startswith(locale) for kind in pairs.kinds) for locale in DATE_LOCALES]
    assert min(counts) > 260


def test_years_and_forms_are_those_asked_for() -> None:
    pairs = date_pairs(366, years=(2024, 2024), locales=["ko"], formats=["long"])
    assert sorted(pairs.targets)[0] == "2024-01-01"
    assert sorted(pairs.targets)[-1] == "2024-12-31"
    assert len(set(pairs.sources)) == 366
    assert set(pairs.kinds) == {"ko long"}


def test_no_target_is_in_two_parts() -> None:
    numbers = number_pairs(1000, seed=3)
    twice = Pairs(*(part + part[:300] for part in numbers))  # some are there twice
    parts = split_pairs(twice, validation_share=0.2, test_share=0.1)
    sets = [set(part.targets) for part in parts]
    assert [len(s) for s in sets] == [700, 200, 100]
    assert sum(len(part.targets) for part in parts) == 1300
    assert sum(map(len, sets)) == len(set.union(*sets))
    rows = {row for part in parts for row in zip(*part, strict=True)}
    assert rows == set(zip(*numbers, strict=True))


def test_the_seed_decides_and_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    for make in (number_pairs, date_pairs):
        random.seed(int(make is date_pairs))
        assert make(50, seed=4) == make(50, seed=4) != make(50, seed=5)
    pairs = number_pairs(50)
    assert split_pairs(pairs) == split_pairs(pairs, seed=0) != split_pairs(pairs, seed=1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: number_pairs(0), "count must be from 1 to 1000000000, the numbers"),
        (lambda: number_pairs(11, digits=(1, 1)), "count must be from 1 to 10, .*not 11"),
        (lambda: number_pairs(91, digits=(2, 2)), "count must be from 1 to 90, .*not 91"),
        (lambda: number_pairs(1, digits=(3, 2)), r"digits must be from 1 to 16.*not \(3, 2\)"),
        (lambda: number_pairs(1, digits=(0, 2)), r"digits must be from 1 to 16.*not \(0, 2\)"),
        (lambda: number_pairs(1, digits=(1, 17)), r"digits must be from 1 to 16.*not \(1, 17\)"),
        (lambda: date_pairs(0), "count must be from 1 to 73049, the days"),
        (lambda: date_pairs(367, years=(2024, 2024)), "count must be from 1 to 366, .*not 367"),
        (lambda: date_pairs(1, years=(999, 2000)), r"years must be from 1000 to 9999.*not \(999,"),
        (lambda: date_pairs(1, formats=["short"]), "formats must be .*not .'short'"),
        (lambda: date_pairs(1, formats="long"), "formats must be a list .*not 'long'"),
        (lambda: date_pairs(1, formats=[]), "formats must be"),
        (lambda: date_pairs(1, locales=["xx"]), "locales has 'xx', which Babel does not know"),
        (lambda: date_pairs(1, locales="ko"), "locales must be a list .*not 'ko'"),
        (lambda: date_pairs(1, locales=[]), "locales must be"),
        (lambda: split_pairs(number_pairs(9), test_share=0.01), "test_share must leave some of 9"),
        (lambda: split_pairs(number_pairs(9), test_share=0.9), "test_share must leave some of 9"),
        (lambda: split_pairs(Pairs(["a"], [], [])), "pairs must have as many .*not 1, 0, 0"),
    ],
)
def test_refuses(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
