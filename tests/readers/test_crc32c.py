"""Checksums of many strings at once, beside the C library's one by one."""

from __future__ import annotations

import google_crc32c
import numpy as np
import pytest

from dlviz_docs.readers import _crc32c

SIZES = {
    "one": [13],
    "alike": [40] * 300,
    "empty ones too": [0, 5, 0],
    "of all kinds": [3, 17, 4, 90] * 60,
    "one long": [10, 5000, 10],
}


def strings(sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Strings with their masked checksums behind, and where each of them ends."""
    random = np.random.default_rng(len(sizes))
    contents = [random.integers(0, 256, size, np.uint8).tobytes() for size in sizes]
    pieces = [text + _crc32c.mask(google_crc32c.value(text)).to_bytes(4, "little") for text in contents]
    return np.frombuffer(b"".join(pieces), np.uint8).copy(), np.cumsum([size + 4 for size in sizes]) - 4


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_right(sizes: list[int]) -> None:
    data, ends = strings(sizes)
    assert _crc32c.are_right(data, (ends, np.array(sizes)))


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_every_flipped_bit_is_found_and_the_data_left_as_it_was(sizes: list[int]) -> None:
    data, ends = strings(sizes)
    for bit in np.random.default_rng(0).choice(8 * len(data), min(200, 8 * len(data)), replace=False).tolist():
        flipped = data.copy()
        flipped[bit // 8] ^= 1 << bit % 8
        before = flipped.tobytes()
        assert not _crc32c.are_right(flipped, (ends, np.array(sizes))), bit
        assert flipped.tobytes() == before
        wrong = [not _crc32c.is_right(flipped, int(e) - s, s) for e, s in zip(ends, sizes, strict=True)]
        assert sum(wrong) == 1


def test_strings_of_two_kinds() -> None:
    """One length for all of a kind."""
    data, ends = strings([8, 30] * 50)
    assert _crc32c.are_right(data, (ends[::2], np.array([8])), (ends[1::2], np.full(50, 30)))
    data[3] ^= 1
    assert not _crc32c.are_right(data, (ends[::2], np.array([8])), (ends[1::2], np.full(50, 30)))


def test_nothing_is_right() -> None:
    assert _crc32c.are_right(np.empty(0, np.uint8), (np.empty(0, np.int64), np.empty(0, np.int64)))


def test_known_value() -> None:
    assert _crc32c.of(b"123456789") == 0xE3069283  # RFC 3720, B.4


def test_mask() -> None:
    """As in tensorflow/core/lib/hash/crc32c_test.cc: masking is reversible and no fixed point."""
    known = [_crc32c.of(b"foo"), 0, 0xFFFFFFFF]
    masked = [_crc32c.mask(crc) for crc in known]
    assert _crc32c.unmask(np.array(masked, np.uint32)).tolist() == known
    assert all(a != b for a, b in zip(masked, known, strict=True))
