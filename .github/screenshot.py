"""Take the README's picture of a chapter anew: make book, then .venv/bin/python on this file."""

import io
import shutil
import sys
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from serve import SITE, SiteServer, prefix  # noqa: E402

PAGE, PLACE = "book/perceptrons/perceptron.html", "#fig-two-numbers"
SIZE = {"width": 1200, "height": 800}


def picture() -> Image.Image:
    """The part of the page around its first figure, in light."""
    installed = shutil.which("chromium") or shutil.which("google-chrome")
    server = SiteServer(SITE, prefix())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(server.url + PAGE, wait_until="networkidle")
        page.locator(PLACE).evaluate("figure => figure.scrollIntoView({block: 'end'})")
        page.mouse.wheel(0, 60)
        page.wait_for_timeout(500)
        shot = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    server.shutdown()
    return shot.convert("RGB")


if __name__ == "__main__":
    target = ROOT / ".github" / "chapter.png"
    small = picture().quantize(64, dither=Image.Dither.NONE)
    small.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")
