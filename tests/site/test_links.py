"""Every address that a page names leads somewhere: pages and anchors of the site, files of the
repository.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import serve
import yaml

SITE = Path(os.environ.get("LINEBYLINE_SITE", serve.SITE))
ROOT = SITE.parents[1]  # the tree that the site was built from
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
REPOSITORY = CONFIG["repository"]["url"]
BRANCH = CONFIG["repository"]["branch"]
OWNER_AND_NAME = urlsplit(REPOSITORY).path.strip("/")
FILE = re.compile(r"/(?:blob|edit|raw|tree)/(?P<branch>[^/]+)/(?P<path>[^?#]+)")
HOST = "http://site"
SOCIAL = ("og:title", "og:description", "og:image", "og:url", "og:type", "og:site_name")


def meta(page: str) -> dict[str, str]:
    """The properties that a page states about itself."""
    found = {}
    for tag in re.findall(r"<meta\b[^>]*>", page):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "property" in attributes:
            found[attributes["property"]] = html.unescape(attributes.get("content", ""))
    return found


@cache
def text(path: Path) -> str:
    """A page without its scripts."""
    return re.sub(r"<script\b.*?</script>", "", path.read_text("utf8"), flags=re.S)


@cache
def anchors(path: Path) -> frozenset[str]:
    """Every anchor of a page."""
    return frozenset(map(html.unescape, re.findall(r'\bid="([^"]+)"', text(path))))


@cache
def addresses(path: Path) -> list[str]:
    """Whatever a page links to or loads."""
    tags = " ".join(re.findall(r"<(?:a|link|img|script|source)\b[^>]*>", path.read_text("utf8")))
    found = re.findall(r'\b(?:href|src)="([^"]*)"', tags)
    return [html.unescape(address) for address in dict.fromkeys(found)]


def broken(site: Path, page: str, address: str) -> str | None:
    """What is wrong with an address inside the site."""
    whole = urlsplit(urljoin(f"{HOST}{serve.prefix()}{page}", address))
    if f"{whole.scheme}://{whole.netloc}" != HOST:
        return None
    if not whole.path.startswith(serve.prefix()):
        return f"{address} leaves the site"
    file = site / unquote(whole.path.removeprefix(serve.prefix()))
    file = file / "index.html" if file.is_dir() else file
    if not file.is_file():
        return f"{address}: no such file"
    if whole.fragment and file.suffix == ".html" and unquote(whole.fragment) not in anchors(file):
        return f"{address}: no such anchor"
    return None


def test_every_address_inside_the_site_leads_somewhere(site: Path, page: str) -> None:
    wrong = [broken(site, page, address) for address in addresses(site / page)]
    assert list(filter(None, wrong)) == []


def test_anchors_are_unique(site: Path, page: str) -> None:
    counts = Counter(re.findall(r'\bid="([^"]+)"', text(site / page)))
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_file_of_the_repository_exists(site: Path, page: str) -> None:
    missing = []
    for address in addresses(site / page):
        found = FILE.match(address.removeprefix(REPOSITORY))
        if not address.startswith(REPOSITORY) or not found:
            continue
        if found["branch"] != BRANCH or not (ROOT / found["path"]).exists():
            missing.append(address)
    assert missing == []


def test_a_chapter_opens_in_colab_and_binder(site: Path, chapter: str) -> None:
    notebook = Path(chapter).with_suffix(".ipynb").as_posix()
    assert (ROOT / notebook).exists()
    links = addresses(site / chapter)
    assert (
        f"https://colab.research.google.com/github/{OWNER_AND_NAME}/blob/{BRANCH}/{notebook}"
        in links
    )
    assert (
        f"https://mybinder.org/v2/gh/{OWNER_AND_NAME}/{BRANCH}?urlpath=lab/tree/{notebook}" in links
    )


def test_a_chapter_downloads_as_notebook_and_source(site: Path, chapter: str) -> None:
    for suffix in (".ipynb", ".md"):
        source = Path(chapter).with_suffix(suffix)
        assert any(
            address.endswith(f"_sources/{source.as_posix()}")
            for address in addresses(site / chapter)
        )
        assert (site / "_sources" / source).read_bytes() == (ROOT / source).read_bytes()


def test_a_page_can_be_edited_cited_and_reported(site: Path, page: str) -> None:
    source = Path(page).with_suffix(".md")
    if not (ROOT / source).exists():
        return
    links = addresses(site / page)
    assert f"{REPOSITORY}/edit/{BRANCH}/{source.as_posix()}" in links
    reports = [link for link in links if link.startswith(f"{REPOSITORY}/issues/new?")]
    assert any(page in unquote(link) for link in reports)
    url = f"https://{OWNER_AND_NAME.split('/')[0]}.github.io{serve.prefix()}{page}"
    citation = re.search(r"@incollection\{.*?\n\}", html.unescape(text(site / page)), re.S)
    assert citation
    assert f"{{{url}}}" in citation[0]
    assert CONFIG["sphinx"]["config"]["release"] in citation[0]
    assert CONFIG["copyright"] in citation[0]


def test_a_page_introduces_itself_to_social_networks(site: Path, page: str) -> None:
    if not (ROOT / page).with_suffix(".md").exists():
        return
    tags = meta(text(site / page))
    assert [name for name in SOCIAL if not tags.get(name)] == []
    assert tags["og:url"].endswith(serve.prefix() + page)
    assert (site / tags["og:image"].partition(serve.prefix())[2]).is_file()


def test_the_sitemap_lists_every_page(site: Path) -> None:
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
    listed = {found.text for found in ElementTree.parse(site / "sitemap.xml").iter(name)}
    pages = {path.relative_to(site).as_posix() for path in (site / "book").rglob("*.html")}
    assert {str(address).partition(serve.prefix())[2] for address in listed} == pages
