"""Figures are drawn without a screen, in the book's style, and put away after each test."""

from collections.abc import Callable, Iterator
from io import BytesIO

import matplotlib as mpl

mpl.use("Agg")  # before anything imports pyplot

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from linebyline.plotting import style


@pytest.fixture(autouse=True)
def in_style(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`use()`, undone afterwards; and whoever shows a figure is caught."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a plotting function must not show a figure: its caller does")

    monkeypatch.setattr(plt, "show", refuse)
    with mpl.rc_context():
        style.use()
        yield
    plt.close("all")


@pytest.fixture
def pixels() -> Callable[[Figure | bytes], np.ndarray]:
    """RGBA of a figure as it is drawn, or of a PNG: (height, width, 4), 0 to 255."""

    def read(source: Figure | bytes) -> np.ndarray:
        if isinstance(source, Figure):
            drawn = BytesIO()
            source.savefig(drawn, dpi=style.DPI, transparent=True)
            source = drawn.getvalue()
        return np.asarray(Image.open(BytesIO(source)).convert("RGBA")).astype(float)

    return read


@pytest.fixture
def overlapping() -> Callable[[list[Text]], list[tuple[int, int]]]:
    """Pairs of texts that overlap, once the figure is laid out."""

    def pairs(texts: list[Text]) -> list[tuple[int, int]]:
        texts[0].figure.draw_without_rendering()  # type: ignore[union-attr]
        # Of an annotation the words only, without their leader.
        boxes = [Text.get_window_extent(text).padded(-0.5) for text in texts]
        return [(i, j) for i in range(len(boxes)) for j in range(i) if boxes[i].overlaps(boxes[j])]

    return pairs
