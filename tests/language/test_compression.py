"""What compressors need for texts of which it is known."""

from __future__ import annotations

import gzip
import lzma
import random
import zlib

import pytest

from linebyline.language.compression import compressed_bits, compressed_bits_per_character

NOISE = "".join(random.Random(0).choices("abcdefgh", k=20_000))
each = pytest.mark.parametrize("method", ["xz", "gzip"])


@each
def test_noise_of_eight_letters_takes_three_bits_each(method: str) -> None:
    bits = compressed_bits_per_character(NOISE, method=method)
    assert 3 < bits < 3.8


@each
def test_what_repeats_takes_next_to_nothing(method: str) -> None:
    assert compressed_bits_per_character("abc" * 20_000, method=method) < 0.05


@each
def test_a_text_that_was_seen_before_takes_next_to_nothing(method: str) -> None:
    earlier = "".join(random.Random(3).choices("abcdefgh", k=30_000))  # fills gzip's window
    seen = earlier + NOISE + "x" * 1000
    text = NOISE[-5000:]
    assert compressed_bits(text, method=method, primed=seen) < 2000
    assert compressed_bits(text, method=method) > 15_000
    other = "".join(random.Random(1).choices("abcdefgh", k=5000))
    assert compressed_bits(other, method=method, primed=seen) > 15_000


def test_gzip_sees_32_kilobytes_and_xz_all() -> None:
    far = NOISE[:5000] + "".join(random.Random(2).choices("abcdefgh", k=40_000))
    assert compressed_bits(NOISE[:5000], method="xz", primed=far) < 2000
    assert compressed_bits(NOISE[:5000], method="gzip", primed=far) > 15_000


@each
def test_bits_are_those_of_the_file(method: str) -> None:
    """And what was compressed can be opened, so nothing is missing that is not counted."""
    text = "안녕하세요 " * 50 + NOISE[:3000]
    bits = compressed_bits(text, method=method)
    if method == "gzip":
        packed = gzip.compress(text.encode(), 9, mtime=0)
        assert gzip.decompress(packed).decode() == text
    else:
        packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    assert bits == 8 * len(packed)
    assert compressed_bits_per_character(text, method=method) == pytest.approx(bits / len(text))


def test_a_primed_gzip_is_opened_with_the_same_dictionary() -> None:
    before = NOISE[:40_000].encode()
    text = NOISE[-3000:].encode()
    press = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zdict=before[-(2**15) :])
    packed = press.compress(text) + press.flush()
    opened = zlib.decompressobj(zdict=before[-(2**15) :]).decompress(packed)
    assert opened == text
    bits = compressed_bits(text.decode(), method="gzip", primed=before.decode())
    assert bits == 8 * len(packed)


def test_what_is_refused(without_shape_checks: None) -> None:
    with pytest.raises(ValueError, match="text is empty"):
        compressed_bits("")
    with pytest.raises(ValueError, match="method is 'zip'; it must be xz or gzip"):
        compressed_bits("a", method="zip")  # type: ignore[arg-type]


def test_defaults_and_what_was_seen_before_are_handed_on() -> None:
    text, before = NOISE[:3000], NOISE[:6000]
    bits = compressed_bits(text, method="xz", primed=before)
    assert compressed_bits(text, primed=before) == bits
    assert compressed_bits_per_character(text, primed=before) == pytest.approx(bits / 3000)
    assert compressed_bits_per_character("한" * 9) == compressed_bits("한" * 9) / 9
