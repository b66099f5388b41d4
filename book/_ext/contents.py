"""The table of contents, ``_toc.yml``: the pages' order, and the numbers of those with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def chapter_numbers(toc: Path) -> dict[str, str]:
    """The number of each page that is numbered, by path; chapters count on from part to part."""
    contents = yaml.safe_load(toc.read_text("utf8"))
    numbers: dict[str, str] = {}
    chapters = 0

    def visit(entry: Mapping[str, Any], number: str) -> None:
        numbers[f"{entry['file']}.md"] = number
        for count, section in enumerate(entry.get("sections", ()), 1):
            visit(section, f"{number}.{count}")

    for part in contents.get("parts") or [contents]:
        options = {**contents.get("defaults", {}), **part.get("options", {}), **part}
        for chapter in part.get("chapters", ()):
            if options.get("numbered"):
                chapters += 1
                visit(chapter, str(chapters))
    return numbers


def toc_order(toc: Path) -> list[str]:
    """Every page of ``_toc.yml``, by path, in reading order."""
    return [
        f"{name}.md"
        for name in re.findall(r"^\s*(?:-\s*)?(?:file|root):\s*(\S+)", toc.read_text("utf8"), re.M)
    ]
