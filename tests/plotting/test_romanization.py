"""Hangul in Latin letters."""

import warnings

import matplotlib.pyplot as plt
import pytest

from linebyline.plotting.romanization import FINALS, INITIALS, VOWELS, drawable, romanized


@pytest.mark.parametrize(
    ("hangul", "latin"),
    [
        ("한글", "hangeul"),
        ("일 이 삼 사 오 육 칠 팔 구 십", "il i sam sa o yuk chil pal gu sip"),
        ("백 천 만 억 조 영", "baek cheon man eok jo yeong"),
        ("빨간색", "ppalgansaek"),
        ("왼쪽에", "oenjjoke"),
        ("가힣", "gahit"),
        ("값 닭 앉 없 읽 꽃 밖 있", "gap dak an eop ik kkot bak it"),
        ("의 위 왜 얘 쥐", "ui wi wae yae jwi"),
        ("3 a-,", "3 a-,"),
    ],
)
def test_by_the_tables(hangul: str, latin: str) -> None:
    assert romanized(hangul) == latin


def test_there_are_as_many_letters_as_unicode_counts() -> None:
    assert (len(INITIALS), len(VOWELS), len(FINALS)) == (19, 21, 28)


def test_what_a_figure_can_show() -> None:
    assert drawable(" ") == "␣"
    assert drawable("만 1") == "man 1"
    assert drawable("年") == "U+5E74"
    assert drawable("März ş ż") == "März ş ż"
    with warnings.catch_warnings():  # a glyph that is missing would warn
        warnings.simplefilter("error")
        plt.figure().text(0, 0, drawable(" ") + drawable("만年") + drawable("é"))
        plt.gcf().canvas.draw()
