"""Captions say what is there, and each word knows its digit."""

import re

import pytest
import torch
from torch import Tensor

from linebyline.data.mnist import mnist_5k
from linebyline.data.scene_captions import (
    COLOR_WORDS,
    NO_OBJECT,
    Caption,
    ink_colors,
    named_words,
    relation,
    scene_captions,
)
from linebyline.data.scenes import COLORS, NOTHING, Scenes, digit_scenes
from linebyline.tokenizers.word import WordTokenizer


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return digit_scenes(mnist_5k().test, count=200, seed=3)


def scene(*digits: tuple[int, int, int, int]) -> Scenes:
    """(class, colour, x, y) of solid squares of 6 pixels."""
    images, masks = torch.zeros(1, 3, 64, 64), torch.zeros(1, 64, 64, dtype=torch.long)
    boxes, classes = torch.zeros(1, 3, 4), torch.full((1, 3), NOTHING)
    for place, (label, color, x, y) in enumerate(digits):
        images[0, :, y : y + 6, x : x + 6] = torch.tensor(COLORS[color])[:, None, None] / 255
        masks[0, y : y + 6, x : x + 6] = label + 1
        boxes[0, place] = torch.tensor([x, y, x + 6, y + 6]).float()
        classes[0, place] = label
    return Scenes(images, boxes, classes, masks)


def captions(*digits: tuple[int, int, int, int]) -> list[Caption]:
    return [scene_captions(scene(*digits), language=language)[0] for language in ("en", "ko")]


def test_one_digit() -> None:
    english, korean = captions((8, 1, 20, 30))
    assert english == Caption(["a", "green", "8"], [NO_OBJECT, 0, 0])
    assert korean == Caption(["초록색", "8"], [0, 0])


def test_left_of() -> None:
    english, korean = captions((7, 2, 40, 10), (3, 0, 5, 25))
    assert english.text == "a red 3 left of a blue 7"
    assert english.objects == [-1, 1, 1, -1, -1, -1, 0, 0]
    assert korean.text == "파란색 7 왼쪽에 빨간색 3"
    assert korean.objects == [0, 0, -1, 1, 1]


def test_above_and_below() -> None:
    english, korean = captions((7, 2, 20, 10), (3, 3, 15, 40))
    assert english.text == "a yellow 3 below a blue 7"
    assert korean.text == "파란색 7 아래에 노란색 3"
    english, korean = captions((7, 2, 20, 40), (3, 3, 15, 10))
    assert english.text == "a yellow 3 above a blue 7"
    assert korean.text == "파란색 7 위에 노란색 3"


def test_three_in_both_orders() -> None:
    english, korean = captions((1, 1, 44, 40), (3, 0, 2, 5), (7, 2, 40, 9))
    assert english.text == "a red 3 left of a blue 7 above a green 1"
    assert english.objects == [-1, 1, 1, -1, -1, -1, 2, 2, -1, -1, 0, 0]
    assert korean.text == "초록색 1 위에 파란색 7 그 왼쪽에 빨간색 3"
    assert korean.objects == [0, 0, -1, 2, 2, -1, -1, 1, 1]


def test_named_words() -> None:
    both = captions((1, 1, 44, 40), (3, 0, 2, 5), (7, 2, 40, 9))
    named = named_words(both)
    said = [both[row].words[step] for row, step in zip(*map(Tensor.tolist, named[:2]), strict=True)]
    assert said == [
        "red",
        "3",
        "blue",
        "7",
        "green",
        "1",
        "초록색",
        "1",
        "파란색",
        "7",
        "빨간색",
        "3",
    ]
    assert named.captions.tolist() == [0] * 6 + [1] * 6
    assert named.objects.tolist() == [1, 1, 2, 2, 0, 0, 0, 0, 2, 2, 1, 1]
    assert named.colors.tolist() == [True, False] * 6
    assert named.turns.tolist() == [0, 0, 1, 1, 2, 2] * 2


def test_no_captions_name_nothing() -> None:
    assert all(len(part) == 0 for part in named_words([]))


def test_as_far_across_as_down_is_left() -> None:
    assert relation([10, 10], [20, 20]) == "left"
    assert relation([10, 10], [19.9, 20]) == "above"
    assert relation([10, 20], [19.9, 10]) == "below"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_digit_is_said_once_with_its_colour(scenes: Scenes, language: str) -> None:
    colors = ink_colors(scenes)
    for row, caption in enumerate(scene_captions(scenes, language=language)):
        assert len(caption.words) == len(caption.objects)
        used = [n for n, label in enumerate(scenes.classes[row].tolist()) if label != NOTHING]
        named = [n for n in caption.objects if n != NO_OBJECT]
        assert sorted(named) == sorted(2 * used)
        for place in used:
            said = [word for word, n in zip(*caption, strict=True) if n == place]
            color = COLOR_WORDS[language][colors[row, place]]
            assert said == [color, str(scenes.classes[row, place].item())]
        others = [word for word, n in zip(*caption, strict=True) if n == NO_OBJECT]
        assert set(others) <= {
            *["a", "left", "of", "above", "below"],
            *["그", "왼쪽에", "위에"],
            "아래에",
        }


def test_left_to_right_in_english_and_back_in_korean(scenes: Scenes) -> None:
    both = (scene_captions(scenes, language=language) for language in ("en", "ko"))
    for english, korean in zip(*both, strict=True):
        orders = [[n for n in caption.objects if n != NO_OBJECT] for caption in (english, korean)]
        assert orders[0] == orders[1][::-1]


@pytest.mark.parametrize("only", range(4))
def test_colours_are_the_ink_s(monkeypatch: pytest.MonkeyPatch, only: int) -> None:
    monkeypatch.setattr("linebyline.data.scenes.COLORS", (COLORS[only],) * 4)
    scenes = digit_scenes(mnist_5k().test, count=60, seed=1)
    found = ink_colors(scenes)
    assert found[scenes.classes != NOTHING].unique().tolist() == [only]
    assert (found[scenes.classes == NOTHING] == NOTHING).all()


def test_words_are_those_of_a_word_tokenizer(scenes: Scenes) -> None:
    for language, most in (("en", 19), ("ko", 18)):
        said = scene_captions(scenes, language=language)
        tokenizer = WordTokenizer.train(caption.text for caption in said)
        assert tokenizer.vocab_size <= most
        for caption in said[:20]:
            ids = tokenizer.encode(caption.text)
            assert [tokenizer.token(n) for n in ids] == caption.words
        assert all(re.fullmatch(r"\S+", word) for caption in said for word in caption.words)


def test_refuses_other_languages(scenes: Scenes) -> None:
    with pytest.raises(ValueError, match="language must be 'en' or 'ko', not 'fr'"):
        scene_captions(scenes, language="fr")
