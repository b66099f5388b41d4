"""A style sheet without the rules that no page uses.

The theme brings Bootstrap and more than half a megabyte of rules; the pages use a tenth. A rule
stays if every class and id in one of its selectors is a word of the pages or of the scripts they
load.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STOP = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|url\([^)"']*\))|([{};])""")
NEGATION = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
NAME = re.compile(r"(?<!\\)[.#](-?[A-Za-z_](?:[\w-]|\\.)*)")
CUSTOM = re.compile(r"(?:^|;)\s*(--[\w-]+)\s*:[^;]*")
ATTRIBUTE = re.compile(r'\b(?:class|id)="([^"]*)"')
WORD = re.compile(r"-?[A-Za-z_][\w-]*")
NESTED = ("@media", "@supports", "@layer", "@container")


def words_of_page(page: str) -> set[str]:
    """Classes and ids of an HTML page."""
    return {word for value in ATTRIBUTE.findall(page) for word in value.split()}


def words_of_script(script: str) -> set[str]:
    """Every word that could be a class or id that a script sets."""
    return set(WORD.findall(script))


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Top-level rules as prelude and body; the body is ``None`` for a statement such as
    ``@import``.

    Raises:
        ValueError: braces do not match.
    """
    start = body = depth = 0
    for token in STOP.finditer(css):
        match token[2]:
            case "{":
                depth += 1
                if depth == 1:
                    prelude, body = css[start : token.start()].strip(), token.end()
            case "}":
                depth -= 1
                if depth < 0:
                    raise ValueError(f"a brace too many after {css[start : token.start()][-80:]!r}")
                if depth == 0:
                    yield prelude, css[body : token.start()]
                    start = token.end()
            case ";" if depth == 0:
                yield css[start : token.start()].strip(), None
                start = token.end()
    if depth:
        raise ValueError(f"a brace is missing in the rule that begins {css[start : start + 80]!r}")


def prune(css: str, words: set[str]) -> str:
    """The rules that can match where only these classes and ids exist, without comments and white
    space.
    """
    kept = []
    for prelude, body in rules(COMMENT.sub("", css)):
        if body is None:
            continue  # @charset and @import: all sheets are in one file
        if prelude.startswith(NESTED):
            if inner := prune(body, words):
                kept.append(f"{prelude}{{{inner}}}")
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{_tight(body)}}}")
        else:
            selectors = [part for part in _split(prelude) if _possible(part, words)]
            if selectors and body.strip():
                kept.append(f"{','.join(selectors)}{{{_tight(body)}}}")
    return "".join(kept)


def drop_unused(css: str) -> str:
    """Without custom properties that nothing reads, animations that nothing plays, and what this
    empties.
    """
    before = None
    while css != before:
        before = css
        read = set(re.findall(r"var\(\s*(--[\w-]+)", css))
        css = _without_properties(css, read)
    played = set(re.findall(r"animation(?:-name)?:([^;}]*)", css))
    names = {word for value in played for word in WORD.findall(value)}
    kept = []
    for prelude, body in rules(css):
        if not prelude.startswith("@keyframes") or prelude.split()[-1] in names:
            kept.append(f"{prelude}{{{body}}}")
    return "".join(kept)


def _without_properties(css: str, read: set[str]) -> str:
    kept = []
    for prelude, body in rules(css):
        assert body is not None
        if prelude.startswith(NESTED):
            left = _without_properties(body, read)
        else:
            left = CUSTOM.sub(lambda match: match[0] if match[1] in read else "", body).lstrip(";")
        if left:
            kept.append(f"{prelude}{{{left}}}")
    return "".join(kept)


def _possible(selector: str, words: set[str]) -> bool:
    names = NAME.findall(NEGATION.sub("", selector))
    return all(name.replace("\\", "") in words for name in names)


def _split(prelude: str) -> list[str]:
    """Selectors of a list; a comma inside parentheses or brackets divides nothing."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(prelude):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(prelude[start:index])
            start = index + 1
    return [" ".join(part.split()) for part in (*parts, prelude[start:])]


def _tight(body: str) -> str:
    return re.sub(r"\s*\n\s*", "", body).strip().rstrip(";")
