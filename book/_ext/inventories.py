"""Links from code to the references of torch, NumPy, matplotlib and Python, without asking the
network.

``book/inventories/*.txt`` lists the names that the book uses, one a line, in the words of Sphinx's
own inventories: ``name domain:role page#anchor``, with ``$`` for the name. They are compiled to the
binary form when a build begins.
"""

from __future__ import annotations

import importlib
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from sphinx.application import Sphinx
from sphinx.config import Config


class Inventory(NamedTuple):
    """The names of one project that can be linked."""

    project: str
    version: str
    base: str
    entries: list[tuple[str, str, str]]  # name, domain:role, address below base


def read(path: Path) -> Inventory:
    """Parse a list.

    Raises:
        ValueError: a line is not of the form, or one of the three facts at the top is missing.
    """
    facts: dict[str, str] = {}
    entries = []
    for number, line in enumerate(path.read_text("utf8").splitlines(), 1):
        if line.startswith("#"):
            name, _, value = line.removeprefix("#").partition(":")
            facts[name.strip()] = value.strip()
        elif line.strip():
            fields = line.split()
            if len(fields) != 3 or ":" not in fields[1]:
                raise ValueError(
                    f"{path.name}, line {number}: {line!r} is not 'name domain:role address'"
                )
            entries.append((fields[0], fields[1], fields[2]))
    if missing := {"project", "version", "base"} - facts.keys():
        wanted = ", ".join(sorted(missing))
        raise ValueError(f"{path.name} does not say its {wanted} (# name: value)")
    return Inventory(facts["project"], facts["version"], facts["base"], entries)


def compiled(inventory: Inventory) -> bytes:
    """The inventory as Sphinx reads it."""
    header = (
        "# Sphinx inventory version 2\n"
        f"# Project: {inventory.project}\n"
        f"# Version: {inventory.version}\n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    lines = "".join(f"{name} {role} 1 {address} -\n" for name, role, address in inventory.entries)
    return header.encode() + zlib.compress(lines.encode(), 9)


def found(name: str) -> tuple[Any, Any]:
    """What a dotted name stands for, and what holds it.

    Raises:
        ValueError: there is no such thing.
    """
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            holder = item = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            if not hasattr(item, part):
                raise ValueError(f"{name} is listed in book/inventories, but does not exist")
            holder, item = item, getattr(item, part)
        return item, holder
    raise ValueError(f"{name} is listed in book/inventories, but cannot be imported")


def other_names(name: str) -> set[str]:
    """Names by which Python knows a thing: where it is defined, which is not where it is
    documented.

    ``torch.nn.Linear`` calls itself ``torch.nn.modules.linear.Linear``, and so do links from code.
    """
    item, holder = found(name)
    module, within = getattr(item, "__module__", None), getattr(item, "__qualname__", None)
    names = {f"{module}.{within}"} if module and within else set()
    if isinstance(holder, type):
        names.add(f"{holder.__module__}.{holder.__qualname__}.{name.rpartition('.')[2]}")
    return names - {name}


def provide(app: Sphinx, config: Config) -> None:
    """Compile every list into the build folder and tell intersphinx."""
    folder = Path(app.outdir).parent / "inventories"
    folder.mkdir(parents=True, exist_ok=True)
    mapping, known_as = {}, dict(config.codeautolink_inventory_map)
    for path in sorted(Path(app.srcdir, "book", "inventories").glob("*.txt")):
        inventory = read(path)
        target = folder / f"{path.stem}.inv"
        target.write_bytes(compiled(inventory))
        mapping[path.stem] = (inventory.base, str(target))
        for name, _, _ in inventory.entries:
            known_as |= dict.fromkeys(other_names(name), name)
    config.intersphinx_mapping = mapping
    config.codeautolink_inventory_map = known_as


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", provide)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
