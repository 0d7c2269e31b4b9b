"""Checksums of many strings at once, beside the C library's one by one."""

from __future__ import annotations

import google_crc32c
import numpy as np
import pytest

from dlviz_docs.readers import _crc32c


@pytest.mark.parametrize("size", [1, 7, 8, 9, 63, 64, 200])
@pytest.mark.parametrize("alphabet", [1, 2, 256])
def test_columns(size: int, alphabet: int) -> None:
    octets = np.random.default_rng(size).integers(0, alphabet, (50, -(-size // 8) * 8), dtype=np.uint8)
    words = octets.view(np.uint64).T
    expected = [google_crc32c.value(row[:size].tobytes()) for row in octets]
    changes = _crc32c.changes(np.ascontiguousarray(words ^ words[:, :1]), size, np.array([size - 1]))
    assert (changes ^ np.uint32(expected[0])).tolist() == expected


def test_columns_of_strings_of_many_lengths() -> None:
    """What the first ten bytes change, in strings of 10 to 59 bytes."""
    octets = np.random.default_rng(0).integers(0, 256, (50, 64), dtype=np.uint8)
    other = octets.copy()
    other[:, :10] ^= np.random.default_rng(1).integers(0, 256, (50, 10), dtype=np.uint8)
    sizes = np.arange(10, 60)

    def checksums(rows: np.ndarray) -> list[int]:
        return [google_crc32c.value(row[:size].tobytes()) for row, size in zip(rows, sizes, strict=True)]

    differs = np.ascontiguousarray((octets ^ other).view(np.uint64).T[:2])
    expected = np.array(checksums(octets), np.uint32) ^ np.array(checksums(other), np.uint32)
    assert (_crc32c.changes(differs, 10, sizes - 1) == expected).all()


def test_known_value() -> None:
    assert _crc32c.of(b"123456789") == 0xE3069283  # RFC 3720, B.4


def test_mask() -> None:
    """As in tensorflow/core/lib/hash/crc32c_test.cc: masking is reversible and no fixed point."""
    crc = np.array([_crc32c.of(b"foo"), 0, 0xFFFFFFFF], np.uint32)
    masked = _crc32c.mask(crc)
    rotated = masked - np.uint32(0xA282EAD8)
    assert (((rotated >> 17) | (rotated << 15)) == crc).all()
    assert (masked != crc).all()
