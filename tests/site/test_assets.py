"""What pages load is what they use: no icon script, no MathJax, one style sheet, late scripts."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

SCRIPT = re.compile(r"<script\b([^>]*)>")
LOADING = re.compile(r"<link\b[^>]*>|<script\b.*?</script>", re.S)
PARTS = re.compile(r'<(?:script|link)\b[^>]*?(?:src|href)="([^"]*_static/[^"]*\.(?:css|js)[^"]*)"')
LEFT_OUT = (
    "fontawesome",
    "bootstrap",
    "MathJax",
    "thebe",
    "togglebutton",
    "clipboard",
    "design-tabs",
)


def test_pages_load_nothing_they_do_not_use(site: Path, page: str) -> None:
    loading = "".join(LOADING.findall((site / page).read_text("utf8")))
    assert "_static/" in loading
    assert [name for name in LEFT_OUT if name in loading] == []


def test_scripts_wait_for_the_page(site: Path, page: str) -> None:
    text = (site / page).read_text("utf8")
    loaded = [attributes for attributes in SCRIPT.findall(text) if "src=" in attributes]
    assert loaded
    assert [attributes for attributes in loaded if "defer" not in attributes] == []


def test_formulas_bring_their_style_sheet_and_only_they(site: Path, page: str) -> None:
    text = (site / page).read_text("utf8")
    assert ("_static/math.css" in text) == ('class="katex' in text)


def test_a_changed_file_has_a_new_address(site: Path, page: str) -> None:
    parts = PARTS.findall((site / page).read_text("utf8"))
    assert len(parts) >= 2
    for address in parts:
        whole = urlsplit(urljoin(f"http://site/{page}", address))
        path = whole.path.removeprefix("/")
        file = site / (path if (site / path).exists() else path.split("/", 1)[1])
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        stamp = whole.query.removeprefix("v=")
        assert stamp, f"{address} may be kept by a browser when it has changed"
        if file.suffix == ".css":
            assert digest.startswith(stamp)


def test_the_style_sheet_has_no_gap(site: Path) -> None:
    sheet = (site / "_static/book.css").read_text("utf8")
    used = set(re.findall(r"var\(\s*(--[\w-]+)\s*\)", sheet))
    defined = set(re.findall(r"(--[\w-]+)\s*:", sheet))
    themes = ("--bs-", "--pst-", "--sd-", "--sbt-")  # the theme reads some that it never sets
    assert {name for name in used - defined if not name.startswith(themes)} == set()
    assert not re.search(r"url\((?!\"?data:)", sheet), "it would load another file"
    assert not re.search(r'content:\s*"\\[ef][0-9a-f]{3}"', sheet), "a glyph of the icon font"


def test_the_static_folder_is_small(site: Path) -> None:
    size = sum(path.stat().st_size for path in (site / "_static").rglob("*") if path.is_file())
    assert size < 600_000
