"""CRC-32C of many equal-length strings at once, and the masked form that TFRecord files store.

A CRC is affine over GF(2): with strings a and b of one length, crc(a) ^ crc(b) depends on a ^ b alone, and is the
XOR of what every differing byte gives at its distance from the end. So one string is checked by the C library, and
all others by what they differ in. Records of a log differ in their time, step, tag and value, some 15 bytes of 60:
that is 15 look-ups in tables of 1 KB, each for a whole column of records, and bytes alike in all records cost nothing.
"""

from __future__ import annotations

from typing import TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray

__all__ = ["Checksums", "Words", "mask", "of", "of_columns"]

Words: TypeAlias = NDArray[np.uint64]
Checksums: TypeAlias = NDArray[np.uint32]

_POLYNOMIAL = 0x82F6_3B78  # Castagnoli, bits reversed
_MASK_DELTA = 0xA282_EAD8


def of(data: bytes) -> int:
    """CRC-32C of one string."""
    return int(google_crc32c.value(data))


def of_columns(first: bytes, differs: Words) -> Checksums:
    """CRC-32C of n strings of one length: the first, and column i of `differs` says what bits string i has otherwise.

    `differs` has shape (at least len(first) / 8, n), little-endian; what it says of bytes after the length is ignored.
    """
    size = len(first)
    checksums = np.full(differs.shape[1], of(first), np.uint32)
    varying = np.bitwise_or.reduce(differs, axis=1).tobytes()[:size]
    for at, bits in enumerate(varying):
        if bits:
            octets = differs[at // 8].view(np.uint8)[at % 8 :: 8]
            checksums ^= _table(size - 1 - at).take(octets)
    return checksums


def mask(checksums: Checksums) -> Checksums:
    """As TFRecord stores it, so that a checksum of data that holds checksums stays a good one."""
    rotated: Checksums = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return rotated + np.uint32(_MASK_DELTA)


def _table(distance: int) -> Checksums:
    """What a byte adds to the CRC when `distance` bytes follow it: shape (256,)."""
    while len(_TABLES) <= distance:
        last = _TABLES[-1]
        _TABLES.append((last >> np.uint32(8)) ^ _TABLES[0].take(last & np.uint32(0xFF)))
    return _TABLES[distance]


def _bytewise() -> Checksums:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ (table & np.uint32(1)) * np.uint32(_POLYNOMIAL)
    return table


_TABLES = [_bytewise()]
