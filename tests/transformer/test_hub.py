"""A model is downloaded file by file from one revision, checked, and only once."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from linebyline.data.download import DownloadError
from linebyline.transformer.hub import BERT_BASE, GPT2, Published, download

FILES = {"config.json": b"{}", "model.safetensors": b"numbers" * 1000}
MODEL = Published(
    "someone/model",
    "0123abcd",
    {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
)


@pytest.fixture
def hub(server: Any) -> Any:
    """The server of the tests, with a model as the hub has it."""
    server.files |= {f"someone/model/resolve/0123abcd/{name}": FILES[name] for name in FILES}
    return server


def left_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_is_downloaded_once(hub: Any, tmp_path: Path) -> None:
    for _ in range(2):
        folder = download(MODEL, folder=tmp_path, hub=hub.address)
        assert folder == tmp_path / "someone" / "model" / "0123abcd"
        assert left_in(folder) == sorted(FILES)
        assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert hub.asked == list(hub.files)


def test_the_folder_is_that_of_all_downloads(
    hub: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEBYLINE_DATA", str(tmp_path / "cache"))
    folder = download(MODEL, hub=hub.address)
    assert folder == tmp_path / "cache" / "someone" / "model" / "0123abcd"


def test_another_revision_is_another_folder(hub: Any, tmp_path: Path) -> None:
    download(MODEL, folder=tmp_path, hub=hub.address)
    with pytest.raises(DownloadError, match="the server answered 404"):
        download(MODEL._replace(revision="ffff"), folder=tmp_path, hub=hub.address)
    assert hub.asked[-1] == "someone/model/resolve/ffff/config.json"
    assert left_in(tmp_path) == [f"someone/model/0123abcd/{name}" for name in sorted(FILES)]


def test_what_was_changed_on_the_way_is_not_kept(hub: Any, tmp_path: Path) -> None:
    path = "someone/model/resolve/0123abcd/model.safetensors"
    hub.files[path] = b"other" * 1000
    with pytest.raises(DownloadError, match="SHA256 hash of downloaded file"):
        download(MODEL, folder=tmp_path, hub=hub.address)
    assert left_in(tmp_path) == ["someone/model/0123abcd/config.json"]
    hub.files[path] = FILES["model.safetensors"]
    folder = download(MODEL, folder=tmp_path, hub=hub.address)
    assert left_in(folder) == sorted(FILES)
    assert len(hub.asked) == 3  # the first file was kept


@pytest.mark.parametrize("published", [GPT2, BERT_BASE])
def test_each_file_has_its_checksum(published: Published) -> None:
    assert re.fullmatch("[0-9a-f]{40}", published.revision)
    assert {"config.json", "model.safetensors"} < set(published.checksums)
    assert list(published.checksums)[-1] == "model.safetensors"
    digests = list(published.checksums.values())
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert len(set(digests)) == len(digests)
