"""GPT-2's files: the map of bytes, what stands in the files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import pre_tokenizers

from linebyline.tokenizers.bpe import BPETokenizer
from linebyline.tokenizers.gpt2_files import (
    BYTE_TO_UNICODE,
    UNICODE_TO_BYTE,
    load_gpt2,
    save_gpt2,
    visible,
)


def test_the_map_is_one_to_one_and_the_library_s() -> None:
    assert sorted(BYTE_TO_UNICODE) == list(range(256))
    assert set(BYTE_TO_UNICODE.values()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert all(UNICODE_TO_BYTE[character] == byte for byte, character in BYTE_TO_UNICODE.items())
    for text in ("a b\n", "한글", "é\x00\x7f\xa0\xad"):
        pieces = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        assert visible(text.encode()) == "".join(p for p, _ in pieces.pre_tokenize_str(text))


def test_bytes_stand_in_the_order_of_their_characters() -> None:
    """Which is the order of GPT-2's ids: "!" is 0, the byte 0 is 188, the space 220."""
    order = list(BYTE_TO_UNICODE)
    assert list(BYTE_TO_UNICODE.values()) == sorted(BYTE_TO_UNICODE.values())
    assert [order.index(byte) for byte in (ord("!"), ord("~"), 0xFF, 0, ord("\n"), ord(" "))] == [
        *(0, 93, 187, 188, 198, 220)
    ]


def test_what_stands_in_the_files(tmp_path: Path) -> None:
    merges = [(b"h", b"e"), (b" ", b"he"), (b"#", b"#")]
    BPETokenizer(merges, special_tokens=["<|endoftext|>"]).save(tmp_path)
    assert (tmp_path / "merges.txt").read_text("utf8") == "#version: 0.2\nh e\nĠ he\n# #\n"
    vocabulary = json.loads((tmp_path / "vocab.json").read_text("utf8"))
    assert list(vocabulary.values()) == list(range(260))
    assert list(vocabulary)[256:] == ["he", "Ġhe", "##", "<|endoftext|>"]
    assert load_gpt2(tmp_path) == (merges, vocabulary)


def test_a_merge_may_begin_with_the_sign_of_a_comment(tmp_path: Path) -> None:
    save_gpt2(tmp_path, [], {}, {})
    (tmp_path / "merges.txt").write_text("# #\n## #\n#version x\n", "utf8")
    assert load_gpt2(tmp_path) == ([(b"#", b"#"), (b"##", b"#"), (b"#version", b"x")], {})


def test_every_byte_can_stand_in_a_merge(tmp_path: Path) -> None:
    merges = [(bytes([byte]), bytes([255 - byte])) for byte in range(256)]
    save_gpt2(tmp_path, merges, {}, {})
    assert load_gpt2(tmp_path) == (merges, {})


def test_a_crash_between_leaves_two_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from linebyline.tokenizers import gpt2_files

    save_gpt2(tmp_path, [], {b"!": 0}, {})
    write = gpt2_files.write_atomically

    def crash(path: Path, text: str) -> None:
        if path.name == "merges.txt":
            raise KeyboardInterrupt
        write(path, text)

    monkeypatch.setattr(gpt2_files, "write_atomically", crash)
    with pytest.raises(KeyboardInterrupt):
        save_gpt2(tmp_path, [(b"a", b"b")], {b"!": 0, b"ab": 1}, {})
    assert load_gpt2(tmp_path) == ([], {"!": 0, "ab": 1})
    with pytest.raises(ValueError, match=r"does not fit its merges\.txt"):
        BPETokenizer.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("vocab.json", "{", r"vocab\.json is no JSON file"),
        ("vocab.json", "[1]", r"vocab\.json must be one object"),
        ("vocab.json", '{"a": "1"}', r"vocab\.json must be one object"),
        ("vocab.json", '{"a": true}', r"vocab\.json must be one object"),
        ("merges.txt", "#version: 0.2\na b\nab\n", r"merges\.txt, line 3, is 'ab'; .* two tokens"),
        ("merges.txt", "a b c\n", r"merges\.txt, line 1"),
        ("merges.txt", "a  b\n", r"merges\.txt, line 1"),
        ("merges.txt", "a 한\n", r"merges\.txt, line 1"),
    ],
)
def test_files_in_another_format_are_refused(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    save_gpt2(tmp_path, [], {}, {})
    (tmp_path / name).write_text(content, "utf8")
    with pytest.raises(ValueError, match=complaint):
        load_gpt2(tmp_path)
