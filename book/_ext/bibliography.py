"""The bibliography as the site writes it: pybtex's ``alpha`` style, cited by author and year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pybtex.backends.markdown import Backend
from pybtex.database import Entry, Person, parse_file
from pybtex.plugin import find_plugin

PAGE = "bibliography"  # below the book's folder

# How the ``cite`` roles write one entry, and the brackets around them all; an "s" at a role's end
# names every author.
STYLES = {
    "p": ("[", "{author_and_year}", "]"),
    "alp": ("", "{author_and_year}", ""),
    "t": ("", "{authors} [{year}]", ""),
    "ct": ("", "{authors} [{year}]", ""),
    "author": ("", "{author}", ""),
    "authorpar": ("[", "{author}", "]"),
    "year": ("", "{year}", ""),
    "yearpar": ("[", "{year}", "]"),
}


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography, as plain Markdown."""

    authors_short: str  # "Freund and Schapire", "Vaswani et al."
    authors: str  # all of them
    year: str
    text: str  # the full entry
    url: str  # of the DOI or the page; may be empty


class _Markdown(Backend):
    """pybtex's Markdown without an escape before every full stop and bracket."""

    def format_str(self, text: str) -> str:
        return re.sub(r"([\\*_`$\[\]])", r"\\\1", text)


def references(bib: Path) -> dict[str, Reference]:
    """The entries of a BibTeX file, by key.

    Raises:
        pybtex.exceptions.PybtexError: the file cannot be read; the message says where.
    """
    entries = parse_file(str(bib)).entries
    style, backend = find_plugin("pybtex.style.formatting", "alpha")(), _Markdown("utf8")
    formatted = {
        each.key: each.text.render(backend) for each in style.format_entries(entries.values())
    }
    return {
        key: _reference(entry, " ".join(formatted[key].split())) for key, entry in entries.items()
    }


def _reference(entry: Entry, text: str) -> Reference:
    persons = entry.persons.get("author") or entry.persons.get("editor") or ()
    names = [_last_name(person) for person in persons] or [entry.fields.get("title", entry.key)]
    doi, url = entry.fields.get("doi", ""), entry.fields.get("url", "")
    return Reference(
        authors_short=_listed(names) if len(names) < 3 else f"{names[0]} *et al.*",
        authors=_listed(names),
        year=entry.fields.get("year", "n.d."),
        text=text,
        url=f"https://doi.org/{doi}" if doi else url,
    )


def _last_name(person: Person) -> str:
    parts = [*person.rich_prelast_names, *person.rich_last_names]
    return " ".join(part.render(_Markdown("utf8")) for part in parts)


def _listed(names: Sequence[str]) -> str:
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def in_order(cited: Iterable[Reference]) -> list[Reference]:
    """As the bibliography lists them: by author, then year."""
    return sorted(
        cited, key=lambda reference: (reference.authors.lower(), reference.year, reference.text)
    )


def citation(style: str, cited: Iterable[Reference]) -> str:
    """A citation in a style of the ``cite`` roles (what stands after the colon), with its links.

    Raises:
        KeyError: there is no such style.
    """
    left, template, right = STYLES[style.removesuffix("s")]

    def show(reference: Reference) -> str:
        authors = reference.authors if style.endswith("s") else reference.authors_short
        return template.format(
            authors=authors,
            author=_linked(authors, reference),
            year=_linked(reference.year, reference),
            author_and_year=_linked(f"{authors}, {reference.year}", reference),
        )

    text = ", ".join(show(reference) for reference in in_order(cited))
    if style.startswith("c"):
        text = text[:1].upper() + text[1:]
    return f"{left}{text}{right}"


def _linked(text: str, reference: Reference) -> str:
    return f"[{text}]({reference.url})" if reference.url else text
