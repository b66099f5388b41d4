"""Captions of scenes, in English and in Korean, and for each word which digit it names."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from linebyline.data.scenes import COLORS, NOTHING, Scenes

NO_OBJECT = -1
"""What a word names that names no digit: "left", "of"."""

COLOR_WORDS = {
    "en": ("red", "green", "blue", "yellow"),
    "ko": ("빨간색", "초록색", "파란색", "노란색"),
}
"""In the order of `linebyline.data.scenes.COLORS`."""


class Caption(NamedTuple):
    """A sentence about a scene, word by word."""

    words: list[str]
    objects: list[int]
    """For each word the row of the digit that it names, or `NO_OBJECT`."""

    @property
    def text(self) -> str:
        """The words with spaces between."""
        return " ".join(self.words)


class Named(NamedTuple):
    """The words that name a digit, one entry a word, caption by caption."""

    captions: Int[Tensor, " words"]
    """In which caption it stands."""

    steps: Int[Tensor, " words"]
    """Its place there, from 0 on."""

    objects: Int[Tensor, " words"]
    """The digit's row in the scene."""

    colors: Bool[Tensor, " words"]
    """True where the word says its colour, False where it says which digit it is."""

    turns: Int[Tensor, " words"]
    """0 for the digit that its caption names first, 1 for the next, and so on."""


def scene_captions(scenes: Scenes, *, language: str = "en") -> list[Caption]:
    """One sentence for each scene, which says all its digits and how each lies to the next.

    Made for this book. The digits are taken from left to right by the middles of their boxes, and
    each is followed by how it lies to the next one: "left of" it if the two are farther apart
    across than down, else "above" or "below" it::

        a red 3 left of a blue 7 above a green 1
        초록색 1 위에 파란색 7 그 왼쪽에 빨간색 3

    English says first what lies where, Korean first the place where it lies, 초록색 1 위에, on a
    green 1, and so names the digits in the other order: to write the one after the other a model
    must look at the scene again, and cannot read it off in one way. (The comma before 그 is left
    out.) A scene has one caption, so a word that differs from it is wrong.

    Args:
        scenes: from `digit_scenes`.
        language: "en" or "ko".

    Raises:
        ValueError: there is no such language.
    """
    if language not in COLOR_WORDS:
        known = " or ".join(map(repr, COLOR_WORDS))
        raise ValueError(f"language must be {known}, not {language!r}")
    colors = ink_colors(scenes).tolist()
    middles = (scenes.boxes[..., :2] + scenes.boxes[..., 2:]) / 2  # (scenes, most, 2)
    captions = []
    for row, classes in enumerate(scenes.classes.tolist()):
        used = [place for place, label in enumerate(classes) if label != NOTHING]
        used.sort(key=lambda place: tuple(middles[row, place].tolist()))
        names = {
            place: [COLOR_WORDS[language][colors[row][place]], str(classes[place])]
            for place in used
        }
        lies = [
            relation(*(middles[row, place].tolist() for place in pair)) for pair in pairwise(used)
        ]
        caption = _english if language == "en" else _korean
        captions.append(caption(used, names, lies))
    return captions


def named_words(captions: list[Caption]) -> Named:
    """Where the captions name what."""
    colors = {word for words in COLOR_WORDS.values() for word in words}
    rows = []
    for number, caption in enumerate(captions):
        met: list[int] = []
        for step, (word, place) in enumerate(zip(caption.words, caption.objects, strict=True)):
            if place == NO_OBJECT:
                continue
            if place not in met:
                met.append(place)
            rows.append((number, step, place, word in colors, met.index(place)))
    columns = torch.tensor(rows).reshape(-1, 5).unbind(1)
    return Named(columns[0], columns[1], columns[2], columns[3].bool(), columns[4])


def relation(one: list[float], other: list[float]) -> str:
    """How the first of two points (x, y) lies to the second, which is not left of it: "left",
    "above" or "below". y grows downwards.
    """
    (x, y), (x_other, y_other) = one, other
    if x_other - x >= abs(y - y_other):
        return "left"
    return "above" if y < y_other else "below"


def ink_colors(scenes: Scenes) -> Int[Tensor, "scenes most"]:
    """Which of `COLORS` each digit is written in, by the mean of its own pixels, whatever their
    brightness; `NOTHING` in rows without a digit.
    """
    inks = torch.tensor(COLORS, dtype=torch.float32)
    inks = inks / inks.norm(dim=1, keepdim=True)
    found = torch.full_like(scenes.classes, NOTHING)
    for row, column in (scenes.classes != NOTHING).nonzero().tolist():
        left, top, right, bottom = scenes.boxes[row, column].int().tolist()
        own = scenes.masks[row, top:bottom, left:right] == scenes.classes[row, column] + 1
        mean = scenes.images[row, :, top:bottom, left:right][:, own].mean(1)
        found[row, column] = (inks @ mean).argmax()
    return found


def _english(used: list[int], names: dict[int, list[str]], lies: list[str]) -> Caption:
    caption = Caption([], [])
    words = {"left": ["left", "of"], "above": ["above"], "below": ["below"]}
    for number, place in enumerate(used):
        _say(caption, ["a"], NO_OBJECT)
        _say(caption, names[place], place)
        if number < len(lies):
            _say(caption, words[lies[number]], NO_OBJECT)
    return caption


def _korean(used: list[int], names: dict[int, list[str]], lies: list[str]) -> Caption:
    caption = Caption([], [])
    words = {"left": "왼쪽에", "above": "위에", "below": "아래에"}
    for number in reversed(range(len(used))):
        _say(caption, names[used[number]], used[number])
        if number > 0:
            that = ["그"] if number < len(used) - 1 else []  # "그 왼쪽에": left of that one
            _say(caption, [*that, words[lies[number - 1]]], NO_OBJECT)
    return caption


def _say(caption: Caption, words: list[str], place: int) -> None:
    caption.words.extend(words)
    caption.objects.extend([place] * len(words))
