"""Every page, loaded once on a phone in a slow network, looked at in both themes, and on a wide
screen.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
import serve
from fontTools import ttLib
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf8")
# The drawing of a formula is hidden from who hears the page, and has the colour of its text.
RUN_AXE = """(options) =>
  axe.run({exclude: [['.katex-html']]}, {resultTypes: ["violations"], ...options})"""
COLOURS = ["color-contrast", "link-in-text-block"]
JUDGE_COLOURS = {"runOnly": COLOURS}
JUDGE_THE_REST = {"rules": {rule: {"enabled": False} for rule in COLOURS}}
WATCH_SHIFTS = """
window.shifts = [];
const named = (source) => source.node && `${source.node.nodeName}.${source.node.className}`;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (!entry.hadRecentInput) window.shifts.push([entry.value, ...entry.sources.map(named)]);
})).observe({type: "layout-shift", buffered: true});
"""
READ = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 1400) {
    scrollTo(0, y);
    await new Promise((next) => setTimeout(next, 60));
  }
}"""
IMAGES = """() => Promise.all([...document.images].map(async (image) => {
  image.loading = "eager";
  await image.decode().catch(() => null);
  return {src: image.currentSrc, alt: image.alt, decorative: image.getAttribute("alt") === "" &&
            !image.closest("article"), loaded: image.naturalWidth > 0,
          sized: image.hasAttribute("width") && image.hasAttribute("height")};
}))"""
TOO_WIDE = """() => {
  const sticksOut = (part) => part.getBoundingClientRect().right > innerWidth + 0.5;
  const scrolls = (part) => part.tagName !== "ARTICLE" &&
    (/auto|scroll/.test(getComputedStyle(part).overflowX) || scrolls(part.parentElement));
  const found = [...document.querySelectorAll("article *:not(svg, svg *, math, math *)")]
    .filter((part) => sticksOut(part) && !scrolls(part.parentElement))
    .map((part) => part.outerHTML.slice(0, 150));
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
  return found.slice(0, 3);
}"""
# A formula on lines of its own may scroll in itself, but a reader on a phone sees half of it.
CUT_FORMULAS = """() => [...document.querySelectorAll("div.math, div.math *")]
  .filter((part) => /auto|scroll/.test(getComputedStyle(part).overflowX) &&
    part.scrollWidth > part.clientWidth + 1)
  .map((part) => (part.querySelector("annotation") || part).textContent.slice(0, 100))"""
# Drawn formulas axe is told to leave out, yet each of their parts would cost it time.
NO_DRAWINGS = """() => document.querySelectorAll(".katex-html").forEach((drawing) =>
  drawing.replaceChildren())"""
# What axe says of colours it says of each text, and looks at the ground below each for long: of
# texts that the style sheets cannot tell apart, one is left to be read, and the rest have no ink.
ONE_OF_A_KIND = """() => {
  const seen = new Set();
  const styles = (part) => [part.tagName, part.className.baseVal ?? part.className,
    part.getAttribute("style"), part.closest("tr")?.rowIndex % 2].join(".");
  const kinds = new Map([[document.body, ""]]);
  document.querySelectorAll("body *").forEach((part) => {
    const kind = `${kinds.get(part.parentElement)} ${styles(part)}`;
    kinds.set(part, kind);
    const texts = [...part.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
    const spoken = part.closest(".katex-mathml");  // what a screen reader says of a formula
    if (texts.length && (spoken || seen.has(kind))) texts.forEach((text) => text.remove());
    if (texts.length && part.checkVisibility()) seen.add(kind);
  });
}"""
ICONS = """() => {
  const icons = [...document.querySelectorAll("[class*='fa-']")];
  return icons.filter((icon) => icon.offsetParent).map((icon) => {
    const {maskImage, width, height, backgroundColor} = getComputedStyle(icon, "::before");
    return {name: icon.className, mask: maskImage, ink: backgroundColor,
            width: parseFloat(width), height: parseFloat(height)};
  });
}"""
# What the browser would draw with which font, by its own reading of the style sheets.
GLYPHS = """() => {
  const glyphs = new Set();
  document.querySelectorAll(".katex-html span").forEach((part) => {
    const text = [...part.childNodes].filter((node) => node.nodeType === 3);
    if (!text.length) return;
    const {fontFamily, fontWeight, fontStyle} = getComputedStyle(part);
    const face = [fontFamily.split(",")[0], fontWeight === "700" ? "bold" : "normal", fontStyle];
    const letters = text.map((node) => node.data).join("");
    for (const letter of letters) glyphs.add([...face, letter].join(" "));
  });
  return [...glyphs].map((glyph) => glyph.split(/ (?!$)/, 4));
}"""
FACE = re.compile(
    r"@font-face\{font-family:(\w+);font-weight:(\w+);font-style:(\w+);.*?base64,([^)]*)\)"
)
UNSEEN = 0.05  # half of what web.dev calls good: on a busy machine the header settles late
INVISIBLE = {"\u200b", "\u00a0", " ", ""}
PLACES = """() => [...document.querySelectorAll("article *")].map((part) => {
  const box = part.getBoundingClientRect();
  return [box.left, box.top + scrollY];
})"""
PIXEL = 1.01  # by one a browser may move a formula in its line, when its baseline is snapped
GROUND = "getComputedStyle(document.body).backgroundColor"


@dataclass
class Visit:
    """What a browser noticed on one page."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    shifts: list[Any] = field(default_factory=list)
    too_wide: dict[int, list[str]] = field(default_factory=dict)
    cut_formulas: list[str] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    violations: dict[str, list[str]] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    icons: list[dict[str, Any]] = field(default_factory=list)
    glyphs: list[list[str]] = field(default_factory=list)
    moved: int = 0


def listen(page: Page, server: serve.SiteServer, visit: Visit) -> None:
    """Note errors, failed requests and requests to other hosts."""

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            visit.errors.append(f"{message.type}: {message.text}")

    def request(asked: Request) -> None:
        if not asked.url.startswith((server.url, "data:", "blob:")):
            visit.elsewhere.append(asked.url)

    page.on("console", console)
    page.on("pageerror", lambda error: visit.errors.append(f"exception: {error}"))
    page.on("requestfailed", lambda asked: visit.errors.append(f"failed: {asked.url}"))
    page.on("request", request)


def look(page: Page, theme: str, width: int) -> None:
    """See a page in a theme and a width, with all that folds unfolded."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.wait_for_timeout(350)  # the theme makes what scrolls focusable a moment later


def axe(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe objects to, each with the first element it names."""
    return [
        f"{found['id']}: {found['help']} ({found['nodes'][0]['html'][:160]})"
        for found in page.evaluate(RUN_AXE, options)["violations"]
    ]


def faces(site: Path) -> dict[tuple[str, str, str], set[str]]:
    """The characters of each font that the style sheet of the formulas carries."""
    found = {}
    for family, weight, slant, data in FACE.findall((site / "_static/math.css").read_text("utf8")):
        font = ttLib.TTFont(io.BytesIO(base64.b64decode(data)))
        found[family, weight, slant] = {chr(code) for code in font.getBestCmap()}
    return found


@pytest.fixture(scope="session")
def visits(browser: Browser, server: serve.SiteServer) -> Iterator[Callable[[str], Visit]]:
    """Loads each page once."""
    done: dict[str, Visit] = {}
    context = browser.new_context(color_scheme="light")
    context.add_init_script(WATCH_SHIFTS)
    context.set_default_timeout(10_000)

    def load(name: str) -> Visit:
        visit, page = Visit(), context.new_page()
        listen(page, server, visit)
        page.set_viewport_size({"width": 390, "height": 844})
        with server.holding(".png"):  # places before any picture is there
            page.goto(server.url + name, wait_until="domcontentloaded")
            page.wait_for_function("document.styleSheets.length > 0")
            before = page.evaluate(PLACES)
        page.wait_for_load_state("load")
        visit.images = page.evaluate(IMAGES)
        after = page.evaluate(PLACES)
        visit.moved = sum(
            max(abs(now - then) for now, then in zip(here, there, strict=True)) > PIXEL
            for here, there in zip(before, after, strict=False)
        )
        page.evaluate(READ)
        visit.shifts = page.evaluate("window.shifts")
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            visit.too_wide[width] = page.evaluate(TOO_WIDE)
            if width == 390:
                visit.cut_formulas = page.evaluate(CUT_FORMULAS)
        visit.icons = page.evaluate(ICONS)
        visit.glyphs = page.evaluate(GLYPHS)
        page.evaluate(NO_DRAWINGS)
        page.evaluate(AXE)
        for theme, width in (("light", 390), ("dark", 1280)):
            look(page, theme, width)
            visit.grounds[theme] = page.evaluate(GROUND)
            visit.violations[theme] = axe(page, JUDGE_THE_REST)
        page.evaluate(ONE_OF_A_KIND)
        for theme, width in (("dark", 1280), ("light", 390)):
            look(page, theme, width)
            visit.violations[theme] += axe(page, JUDGE_COLOURS)
        page.close()
        return visit

    def visited(name: str) -> Visit:
        if name not in done:
            done[name] = load(name)
        return done[name]

    yield visited
    context.close()


def test_the_site_is_built(site: Path) -> None:
    assert (site / "book" / "index.html").exists()


def test_a_page_is_loaded_by_one_worker(request: pytest.FixtureRequest) -> None:
    plugins = request.config.pluginmanager.get_plugins()
    (ours,) = [plugin for plugin in plugins if hasattr(plugin, "ByPage")]
    of_pages = [item.nodeid for item in request.session.items if "visits" in item.fixturenames]
    scopes = {ours.ByPage._split_scope(None, name) for name in of_pages}
    assert scopes <= set(ours.built())


def test_no_error(visits: Callable[[str], Visit], page: str) -> None:
    expected = "failed to load resource" if page == "404.html" else None
    assert [error for error in visits(page).errors if error.lower() != expected] == []


def test_no_request_to_another_host(visits: Callable[[str], Visit], page: str) -> None:
    assert visits(page).elsewhere == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visits: Callable[[str], Visit], page: str, theme: str) -> None:
    assert visits(page).violations[theme] == []


def test_themes_differ(visits: Callable[[str], Visit], page: str) -> None:
    assert visits(page).grounds["light"] != visits(page).grounds["dark"]


@pytest.mark.parametrize("width", [390, 320])
def test_fits_a_phone(visits: Callable[[str], Visit], page: str, width: int) -> None:
    assert visits(page).too_wide[width] == []


def test_formulas_fit_a_phone(visits: Callable[[str], Visit], page: str) -> None:
    assert visits(page).cut_formulas == []


def test_nothing_moves_while_it_loads(visits: Callable[[str], Visit], page: str) -> None:
    assert visits(page).moved == 0
    assert [shift for shift in visits(page).shifts if shift[0] > UNSEEN] == []


def test_images_load_and_say_what_they_show(visits: Callable[[str], Visit], page: str) -> None:
    for image in visits(page).images:
        assert image["loaded"], image["src"]
        assert image["alt"].strip() or image["decorative"], f"no alt text: {image['src']}"


def test_images_know_their_size(visits: Callable[[str], Visit], page: str) -> None:
    assert [image["src"] for image in visits(page).images if not image["sized"]] == []


def test_icons_have_a_shape(visits: Callable[[str], Visit], page: str) -> None:
    assert visits(page).icons
    for icon in visits(page).icons:
        assert icon["mask"].startswith('url("data:image/svg+xml'), icon
        assert icon["width"] >= 6, icon
        assert icon["height"] >= 10, icon
        assert icon["ink"] != "rgba(0, 0, 0, 0)", icon


def test_formulas_are_drawn_in_their_own_fonts(
    visits: Callable[[str], Visit], site: Path, page: str
) -> None:
    carried = faces(site)
    foreign = []
    for family, weight, slant, glyph in visits(page).glyphs:
        regular = carried.get((family, "normal", "normal"), set())
        if glyph not in carried.get((family, weight, slant), regular) | INVISIBLE:
            foreign.append((family, weight, slant, glyph))
    assert foreign == []
    assert bool(visits(page).glyphs) == ('class="katex' in (site / page).read_text("utf8"))
