"""One address: where the book lives is said once, as ``repository.url`` in ``_config.yml``.

The published site's address, the links of its 404 page and what social networks are told follow
from it. A book that is published elsewhere says so in ``html.baseurl``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config


def site_url(repository: str) -> str:
    """Address of a repository's GitHub Pages, with a slash at its end.

    Raises:
        ValueError: the address has no owner and name.
    """
    parts = urlsplit(repository).path.strip("/").split("/")
    if len(parts) != 2:
        raise ValueError(f"repository.url is {repository!r}; it must read https://host/owner/name")
    owner, name = parts
    return f"https://{owner.lower()}.github.io/{name}/"


def derive(app: Sphinx, config: Config) -> None:
    """Fill in every address that was not given."""
    options = config.html_theme_options
    options["repository_url"] = options["repository_url"].rstrip("/")
    site = (config.html_baseurl or site_url(options["repository_url"])).rstrip("/") + "/"
    config.html_baseurl = site
    config.ogp_site_url = site
    config.ogp_site_name = config.html_title
    config.ogp_image = f"{site}_static/card.png"
    config.notfound_urls_prefix = urlsplit(site).path


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", derive, priority=100)  # before whoever reads these addresses
    return {"parallel_read_safe": True, "parallel_write_safe": True}
