"""A text file that is written wholly or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 with plain newlines; whoever reads meanwhile finds the old file or the new one.

    Pillai et al. 2014, "All file systems are not created equal", OSDI: the text is written under
    another name in the same folder and brought to the disk, then one rename gives it its name.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # another process has another one
    try:
        with part.open("w", encoding="utf8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
