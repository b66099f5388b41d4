"""The card for social networks has the size they ask for and few bytes."""

from __future__ import annotations

from pathlib import Path

import card
from PIL import Image


def test_the_card(tmp_path: Path) -> None:
    path = tmp_path / "card.png"
    card.draw("Deep Learning, Line by Line", "One sentence.", path)
    with Image.open(path) as image:
        assert image.size == (1200, 630)
        colours = image.convert("RGB").getcolors(1_000_000)
    assert path.stat().st_size < 100_000
    assert colours is not None
    seen = {colour for _, colour in colours}
    for name in (card.PAPER, card.INK, card.LINE):
        assert tuple(bytes.fromhex(name[1:])) in seen
