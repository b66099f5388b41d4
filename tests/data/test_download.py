"""Downloads from a server on the loopback, in every way in which they go wrong."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pooch
import pytest

from linebyline.data.download import DownloadError, cache_folder, fetch

CONTENT = bytes(range(256)) * 1000
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder; it does not exist yet."""
    monkeypatch.setenv("LINEBYLINE_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


def left_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_a_good_file_is_fetched_once(server, folder):
    server.files["good"] = CONTENT
    for _ in range(2):
        path = fetch("set/file.bin", urls=[server.url("good")], checksum=SHA256)
        assert path == folder / "set" / "file.bin"
        assert path.read_bytes() == CONTENT
    assert server.asked == ["good"]
    assert left_in(folder) == ["set/file.bin"]


def test_both_kinds_of_checksum_are_checked(server, md5):
    server.files["good"] = CONTENT
    assert fetch("a", urls=[server.url("good")], checksum=md5(CONTENT)).read_bytes() == CONTENT
    with pytest.raises(DownloadError, match=f"expected {md5(b'other')} but got {md5(CONTENT)[4:]}"):
        fetch("b", urls=[server.url("good")], checksum=md5(b"other"))


def test_a_folder_given_wins_over_the_environment(server, folder, tmp_path):
    server.files["good"] = CONTENT
    path = fetch("f", urls=[server.url("good")], checksum=SHA256, folder=tmp_path / "mine")
    assert path == tmp_path / "mine" / "f"
    assert not folder.exists()


def test_the_folder_is_the_environments_or_the_systems(folder, monkeypatch):
    assert cache_folder() == folder
    monkeypatch.setenv("LINEBYLINE_DATA", "~/here")
    assert cache_folder() == Path.home() / "here"
    for unset in (
        lambda: monkeypatch.setenv("LINEBYLINE_DATA", ""),
        lambda: monkeypatch.delenv("LINEBYLINE_DATA"),
    ):
        unset()
        assert cache_folder() == pooch.os_cache("linebyline")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_others_may_read_what_was_fetched(server):
    server.files["good"] = CONTENT
    path = fetch("f", urls=[server.url("good")], checksum=SHA256)
    assert path.stat().st_mode & 0o777 == 0o644


def test_every_failure_is_told_and_nothing_is_left(server, unreachable, folder):
    server.files |= {"other": b"another file", "broken": CONTENT}
    server.broken_off = {"broken"}
    urls = [server.url(name) for name in ("other", "broken", "missing")] + [f"{unreachable}/gone"]
    with pytest.raises(DownloadError) as failure:
        fetch("set/file.bin", urls=urls, checksum=SHA256)
    first, *tried, remedy = str(failure.value).splitlines()
    assert "could not download file.bin" in first
    for line, url, reason in zip(
        tried,
        urls,
        [
            f"expected {SHA256} but got {hashlib.sha256(b'another file').hexdigest()}",
            "broke off before the end",
            "the server answered 404 Not Found",
            "no connection",
        ],
        strict=True,
    ):
        assert line.strip().startswith(url + ": ")
        assert reason in line
    assert f"place the file by hand at {folder / 'set' / 'file.bin'}" in remedy
    assert SHA256 in remedy
    assert left_in(folder) == []


@pytest.mark.parametrize("trouble", ["wrong", "broken off", "missing", "unreachable"])
def test_the_next_mirror_takes_over(server, unreachable, folder, trouble):
    server.files |= {"wrong": b"another file", "broken off": CONTENT, "good": CONTENT}
    server.broken_off = {"broken off"}
    first = unreachable if trouble == "unreachable" else server.url(trouble)
    path = fetch("f", urls=[first, server.url("good"), server.url("never")], checksum=SHA256)
    assert path.read_bytes() == CONTENT
    assert server.asked[-1] == "good"
    assert left_in(folder) == ["f"]


def test_a_broken_download_starts_afresh(server, folder):
    server.files["file"] = CONTENT
    server.broken_off = {"file"}
    with pytest.raises(DownloadError, match="broke off"):
        fetch("f", urls=[server.url("file")], checksum=SHA256)
    server.broken_off = set()
    assert fetch("f", urls=[server.url("file")], checksum=SHA256).read_bytes() == CONTENT
    assert left_in(folder) == ["f"]


def test_a_wrong_file_in_the_folder_is_replaced_or_pointed_out(server, folder):
    folder.mkdir()
    (folder / "f").write_bytes(CONTENT[:100])
    with pytest.raises(DownloadError, match="The file that is there now has another checksum"):
        fetch("f", urls=[server.url("file")], checksum=SHA256)
    server.files["file"] = CONTENT
    assert fetch("f", urls=[server.url("file")], checksum=SHA256).read_bytes() == CONTENT


def test_a_file_placed_by_hand_needs_no_network(unreachable, folder):
    folder.mkdir()
    (folder / "f").write_bytes(CONTENT)
    assert fetch("f", urls=[unreachable], checksum=SHA256).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_told_at_once(server, folder):
    folder.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match=r"cannot keep f in .*cache.* LINEBYLINE_DATA"):
        fetch("f", urls=[server.url("a"), server.url("b")], checksum=SHA256)
    assert server.asked == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_to_is_told_at_once(server, folder, monkeypatch, code):
    folder.mkdir()

    def refuse(*_, **__):
        raise OSError(code, os.strerror(code), str(folder))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)  # chmod would not stop root
    with pytest.raises(DownloadError, match=rf"(?i){os.strerror(code)}.* LINEBYLINE_DATA"):
        fetch("f", urls=[server.url("a"), server.url("b")], checksum=SHA256)
    assert server.asked == []
    (folder / "f").write_bytes(CONTENT)  # a class reads what its teacher put there
    assert fetch("f", urls=[server.url("a")], checksum=SHA256) == folder / "f"


def test_two_processes_at_once(server, folder):
    """Neither sees half a file: while both are midway, nothing stands under the file's name."""
    server.files["file"] = CONTENT
    both_midway = threading.Barrier(2, timeout=30)
    seen = []

    def midway():
        both_midway.wait()
        seen.append((folder / "f").exists())
        both_midway.wait()  # and neither goes on before both have looked

    server.midway = midway
    program = """if True:
        import sys
        from linebyline.data.download import fetch
        print(fetch("f", urls=[sys.argv[1]], checksum=sys.argv[2]))
    """
    command = [sys.executable, "-c", program, server.url("file"), SHA256]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        printed, errors = process.communicate(timeout=60)
        assert printed.strip() == str(folder / "f"), errors
    assert seen == [False, False]
    assert (folder / "f").read_bytes() == CONTENT
    assert left_in(folder) == ["f"]


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"name": ""}, "name is ''"),
        ({"name": "/etc/passwd"}, "name is '/etc/passwd'"),
        ({"name": "set/../../out"}, r"name is 'set/\.\./\.\./out'"),
        ({"urls": []}, r"urls is \[\]"),
        ({"urls": "http://127.0.0.1/f"}, "urls is 'http://127.0.0.1/f'"),
        ({"checksum": SHA256[7:]}, "checksum is '.*'; it must be 'md5:'"),
        ({"checksum": "md5:123"}, "checksum is 'md5:123'"),
        ({"checksum": SHA256 + "0"}, f"checksum is '{SHA256}0'"),
        ({"checksum": "sha1:" + "0" * 40}, "checksum is 'sha1:"),
    ],
)
def test_refuses(change, culprit, unreachable):
    arguments = {"name": "f", "urls": [unreachable], "checksum": SHA256} | change
    with pytest.raises(ValueError, match=culprit):
        fetch(arguments.pop("name"), **arguments)
