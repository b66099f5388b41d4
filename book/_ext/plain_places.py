"""Where labels, links and files lead: into the notebook, to the site or the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from os.path import normpath
from pathlib import Path
from urllib.parse import quote

from labels import Target, ordinal
from myst import PlainError
from plain_context import Context

_SCHEME = re.compile(r"[a-zA-Z][\w+.-]*:|//")
_MYST_SCHEME = re.compile(r"(project|path|inv|myst):")


class Places:
    """The surroundings of one chapter.

    Args:
        context: what the chapter may refer to.
        linked: the chapter's own anchors that some link of it leads to, if that is known already.
    """

    def __init__(self, context: Context, linked: Iterable[str] = ()) -> None:
        self.context = context
        self.root = context.book.parent
        self.path = context.chapter.relative_to(self.root).as_posix()
        self.address = Path(self.path).with_suffix(".html").as_posix()
        self.unmarked = set(linked)
        self.linked: set[str] = set()

    def error(self, line: str, problem: str, remedy: str) -> PlainError:
        """An error to raise."""
        return PlainError(self.path, line, problem, remedy)

    def target(self, label: str, line: str) -> Target:
        """What a label names."""
        if target := self.context.labels.get(label.strip().lower()):
            return target
        raise self.error(line, f"unknown label {label!r}", "give the label of a place in this book")

    def nth(self, kind: str, count: int, line: str) -> Target:
        """The chapter's n-th numbered block of a kind."""
        if target := self.context.labels.get(ordinal(self.path, kind, count)):
            return target
        raise self.error(
            line, f"the labels know no {kind} {count} here", "collect them from this very text"
        )

    def place(self, address: str, line: str) -> Target | str:
        """What a link's address means: a place of the book, or an address that is good anywhere."""
        address = address.removeprefix("<").removesuffix(">")
        path, _, fragment = address.partition("#")
        if _MYST_SCHEME.match(address):
            raise self.error(line, f"only MyST knows {address}", "write the path of a file")
        if _SCHEME.match(address) or not address:
            return address
        if path and not path.endswith(".md"):
            return self.file(address, line)
        known, page = self.context.labels, self.path
        if path and self.resolve(path).is_relative_to(self.root):
            page = self.resolve(path).relative_to(self.root).as_posix()
        label = fragment.lower()
        found = known.get(f"{page}#{label}") or known.get(label) if label else known.get(page)
        if found is None or (path and found.page != Path(page).with_suffix(".html").as_posix()):
            remedy = "give a page of this book, or a label or heading on it"
            raise self.error(line, f"{address} leads nowhere", remedy)
        return found

    def resolve(self, path: str) -> Path:
        """A path as the site reads it: from the chapter's folder, with a slash from the root."""
        base = self.root if path.startswith("/") else self.context.chapter.parent
        return Path(normpath(base / path.lstrip("/")))

    def file(self, address: str, line: str, view: str = "blob") -> str:
        """The address of a file in the repository; the view ``raw`` is the file itself."""
        address = address.removeprefix("<").removesuffix(">")
        path, mark, fragment = address.partition("#")
        if _SCHEME.match(address):
            return address
        found = self.resolve(path)
        if not found.exists() or not found.is_relative_to(self.root):
            remedy = "give its path from the chapter, or behind a slash from the book's root"
            raise self.error(line, f"no file {path}", remedy)
        name = quote(found.relative_to(self.root).as_posix())
        return f"{self.context.repository}/{view}/{self.context.branch}/{name}{mark}{fragment}"

    def href(self, target: Target) -> str:
        """The address of a place: in this notebook if it is here, else on the site."""
        if target.page == self.address and target.anchor:
            self.linked.add(target.anchor)
            return f"#{target.anchor}"
        return self.context.site + target.address

    def link(self, text: str, target: Target) -> str:
        """A link to a place."""
        return f"[{text}]({self.href(target)})"

    def anchored(self, anchor: str, text: str) -> str:
        """A block with a mark above it to jump to, if this chapter links there."""
        if anchor not in self.unmarked:
            return text
        self.unmarked.remove(anchor)  # a heading's own name may be its label, too
        return f"{mark(anchor)}\n\n{text}".rstrip()


def mark(anchor: str) -> str:
    """A place to jump to: JupyterLab keeps the id, Colab the name."""
    name = escape(anchor)
    return f'<a id="{name}" name="{name}"></a>'
