"""Every address follows from the repository's."""

from __future__ import annotations

from types import SimpleNamespace

import address
import pytest


def config(url: str, baseurl: str = "") -> SimpleNamespace:
    """Settings as Sphinx holds them."""
    options = {"repository_url": url}
    return SimpleNamespace(html_theme_options=options, html_baseurl=baseurl, html_title="Book")


@pytest.mark.parametrize("url", ["https://github.com/Owner/name", "https://github.com/Owner/name/"])
def test_all_is_derived(url: str) -> None:
    settings = config(url)
    address.derive(SimpleNamespace(), settings)
    assert settings.html_baseurl == settings.ogp_site_url == "https://owner.github.io/name/"
    assert settings.ogp_site_name == "Book"
    assert settings.notfound_urls_prefix == "/name/"
    assert settings.ogp_image == "https://owner.github.io/name/_static/card.png"
    assert settings.html_theme_options["repository_url"] == "https://github.com/Owner/name"


def test_a_book_published_elsewhere_says_so() -> None:
    settings = config("https://github.com/owner/name", "https://book.example")
    address.derive(SimpleNamespace(), settings)
    assert settings.html_baseurl == "https://book.example/"
    assert settings.notfound_urls_prefix == "/"


@pytest.mark.parametrize("url", ["https://github.com/owner", "name", "https://github.com/a/b/c"])
def test_an_address_without_owner_and_name_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must read https://host/owner/name"):
        address.site_url(url)
