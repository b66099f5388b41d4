"""The photographs of a page: all of it, in both themes and widths."""

from __future__ import annotations

import os
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
        "<div style='background:#00f'></div>"
        "<img src='data:image/png,no image' style='display:none'></article>"  # holds up nothing
    )
    first, second = map(Image.open, shots.shoot(page, "page", tmp_path))
    page.close()
    assert first.size == (390, 1800)
    assert second.size[0] == 390
    assert first.convert("RGB").getpixel((9, 9)) == (255, 0, 0)
    assert first.convert("RGB").getpixel((9, 1700)) == (0, 255, 0)  # what was folded
    assert second.convert("RGB").getpixel((9, second.height - 9)) == (0, 0, 255)


def test_the_command_takes_both_themes_and_widths(browser: Browser, tmp_path: Path) -> None:
    site = tmp_path / "html"
    (site / "book").mkdir(parents=True)
    Image.new("RGB", (100, 100), "blue").save(site / "book/blue.png")
    (site / "book/page.html").write_text(
        "<meta name=viewport content='width=device-width'><style>body{margin:0;background:#fff}"
        "@media(prefers-color-scheme:dark){body{background:#000}} img{display:block}</style>"
        "<article><div style='height:4000px'></div><img loading=lazy src=blue.png></article>"
    )
    code = "import sys, shots; shots.SITE = shots.Path(sys.argv.pop(1)); sys.exit(shots.main())"
    command = [sys.executable, "-c", code, str(site), "book/page.md"]
    folder = str(Path(shots.__file__).parent)
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": folder},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("-00.png and 2 more") == 4
    assert len(list((tmp_path / "shots").iterdir())) == 12
    for device, width in (("desktop", 1280), ("phone", 390)):
        for theme, ground in (("light", (255, 255, 255)), ("dark", (0, 0, 0))):
            first, last = (
                Image.open(tmp_path / f"shots/page-{device}-{theme}-{number}.png").convert("RGB")
                for number in ("00", "02")
            )
            assert first.size == (width, 1800)
            assert last.size == (width, 500)
            assert first.getpixel((9, 9)) == ground
            assert last.getpixel((9, 491)) == (0, 0, 255)  # loaded, though far below


def test_a_page_that_is_none_is_refused() -> None:
    command = [sys.executable, shots.__file__, "book/no_such_page.md"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "book/no_such_page.html is no page of the built site" in done.stderr
