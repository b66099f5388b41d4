"""The photographs of a page: all of it, in both themes and widths."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import shots
from PIL import Image
from playwright.sync_api import Browser


def test_a_long_page_is_photographed_from_top_to_bottom(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 600}, color_scheme="dark")
    page.set_content(
        "<style>body{margin:0} div{height:1000px}</style><article><div style='background:#f00'>"
        "</div><details><div style='background:#0f0'></div></details>"
        "<div style='background:#00f'></div></article>"
    )
    first, second = map(Image.open, shots.shoot(page, "page", tmp_path))
    page.close()
    assert first.size == (390, 1800)
    assert second.size[0] == 390
    assert first.convert("RGB").getpixel((9, 9)) == (255, 0, 0)
    assert first.convert("RGB").getpixel((9, 1700)) == (0, 255, 0)  # what was folded
    assert second.convert("RGB").getpixel((9, second.height - 9)) == (0, 0, 255)


def test_a_page_that_is_none_is_refused() -> None:
    command = [sys.executable, shots.__file__, "book/no_such_page.md"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "book/no_such_page.html is no page of the built site" in done.stderr
