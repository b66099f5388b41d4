"""The built site in a real browser: one server, one browser, and each page loaded once for all of
its checks.

``LINEBYLINE_SITE`` names another site than ``_build/html``; ``CHROMIUM`` another browser.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serve
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("LINEBYLINE_SITE", ROOT / "_build" / "html"))
CI = os.environ.get("CI", "").lower() in {"1", "true"}
NO_BROWSER = "no Chromium found: apt-get install chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what asks another host fails
]
REFRESH = re.compile(r'<meta[^>]*http-equiv="?refresh', re.I)


def chromium() -> str | None:
    """A Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found:
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def built() -> list[str]:
    """Every page of the site, but those that only send the browser on."""
    pages = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [page for page in pages if not REFRESH.search((SITE / page).read_text("utf8")[:2000])]


class ByPage(LoadScopeScheduling):
    """All tests of one page go to one worker, which loads it once."""

    def _split_scope(self, nodeid: str) -> str:
        page = re.search(r"\[(\S+?\.html)\b", nodeid)  # what a test of a page has in its name
        return page[1] if page else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPage:
    """Of xdist: how the tests are given to its workers."""
    return ByPage(config, log)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of ``page`` is one test for each page, ``chapter`` for each chapter, and ``of_a_part``
    for the first chapter of each part, which is enough for what every page has from one template.
    """
    pages = built()
    with_notebook = [
        page for page in pages if (SITE / "_sources" / page).with_suffix(".ipynb").exists()
    ]
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages)
    if "chapter" in metafunc.fixturenames:
        metafunc.parametrize("chapter", with_notebook)
    if "of_a_part" in metafunc.fixturenames:
        first = {Path(page).parent: page for page in reversed(with_notebook)}
        metafunc.parametrize("of_a_part", sorted(first.values()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser all of it is skipped in one line; in CI it fails."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    if ours and not CI and not chromium():
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built site."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"{SITE} holds no site: make book")
    return SITE


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[serve.SiteServer]:
    """The site as its host serves it."""
    with serve.SiteServer(site, serve.prefix()) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    executable = chromium()
    if not executable:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages of visitors who come for the first time."""
    contexts: list[BrowserContext] = []

    def make(**options: object) -> Page:
        contexts.append(
            browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session", autouse=True)
def count_pages() -> Iterator[None]:
    """Say how many pages there were, for the summary of ``make test``."""
    yield
    report = ROOT / "_build" / "report"
    report.mkdir(parents=True, exist_ok=True)
    (report / "site.json").write_text(json.dumps({"pages": len(built())}) + "\n")
