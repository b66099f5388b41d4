"""Photographs of a built page, to be looked at: light and dark, on a desktop and on a phone.

python book/_ext/shots.py book/training/dropout.md    to _build/shots/dropout-phone-dark-00.png, ...

Folded cells are opened. A picture shows 1,800 pixels of the page, for a longer one would be scaled
down until nothing can be read.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from serve import SITE, SiteServer, prefix

WIDTHS = {"desktop": 1280, "phone": 390}
THEMES = ("light", "dark")
HEIGHT = 1800
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
READY = """async () => {
  document.querySelectorAll("article details").forEach((details) => { details.open = true; });
  await Promise.all([...document.querySelectorAll("article img")].map((image) => {
    image.loading = "eager";
    return image.decode().catch(() => null);
  }));
}"""


def shoot(page: Page, name: str, folder: Path) -> list[Path]:
    """Photograph the page that is open from top to bottom; the files, in order."""
    page.evaluate(READY)
    taken = []
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    for number, top in enumerate(range(0, height, HEIGHT)):
        path = folder / f"{name}-{number:02d}.png"
        clip = {"x": 0, "y": top, "width": width, "height": min(HEIGHT, height - top)}
        page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
        taken.append(path)
    return taken


def main() -> int:
    """The command line; 1 if there is no such page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path, metavar="PAGE", help="a page of book/, .md or .html")
    asked = parser.parse_args().page
    name = asked.with_suffix(".html").as_posix()
    if not (SITE / name).is_file():
        print(f"{name} is no page of the built site: make book, or name another", file=sys.stderr)
        return 1
    folder = SITE.parent / "shots"
    folder.mkdir(exist_ok=True)
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with SiteServer(SITE, prefix()) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        for device, width in WIDTHS.items():
            for theme in THEMES:
                page = browser.new_page(
                    viewport={"width": width, "height": 900},
                    color_scheme=theme,  # type: ignore[arg-type]
                )
                page.goto(server.url + name)
                taken = shoot(page, f"{asked.stem}-{device}-{theme}", folder)
                print(f"{taken[0]} and {len(taken) - 1} more")
                page.close()
        browser.close()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
