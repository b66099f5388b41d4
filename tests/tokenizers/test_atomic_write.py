"""A file is the old one or the new one, never half of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linebyline.tokenizers.atomic_write import write_atomically


def test_a_text_is_written_in_utf_8_with_plain_newlines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("한\n\u0085b\n", "shorter"):
        write_atomically(path, text)
        assert path.read_bytes() == text.encode()
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_who_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "new\ud800")

    def full(_: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        write_atomically(path, "new")
    assert path.read_text("utf8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
