"""Small corrections of the pages' HTML: what docutils, Sphinx and the theme write that a screen
reader stumbles over, or that every reader loads and few see.
"""

from __future__ import annotations

import re

# A toggle of the contents without a name.
TOGGLE = re.compile(r'<summary>(?=<span class="toctree-toggle")')
# Roles that are no longer allowed on a bibliography's entries, and a list that is none.
ROLES = re.compile(
    r' role="doc-biblioentry"'
    r'| role="list"(?= class="citation-list")|(?<=class="citation-list") role="list"'
)
# A long signature is written as a list of definitions without terms.
SIGNATURE = re.compile(r'<dt class="sig [^>]*>.*?</dt>', re.S)
PARAMETERS = {
    "<dl>": '<span class="parameters">',
    "</dl>": "</span>",
    "<dd>": '<span class="parameter">',
    "</dd>": "</span>",
}


# Every proof without a label has the same name, and nothing leads to it.
PROOF = re.compile(r'(<div class="proof admonition") id="proof"')
# Logos in a closed menu, which most readers never open.
LOGO = re.compile(r'<img (?=alt="" [^>]*src="[^"]*_static/images/logo_)')


def _spans(match: re.Match[str]) -> str:
    return re.sub(r"</?d[ld]>", lambda tag: PARAMETERS[tag[0]], match[0])


def mended(page: str) -> str:
    """The page with all of it corrected."""
    page = TOGGLE.sub('<summary aria-label="Show or hide the pages below">', page)
    page = PROOF.sub(r"\1", page)
    page = LOGO.sub('<img loading="lazy" ', page)
    return SIGNATURE.sub(_spans, ROLES.sub("", page))
