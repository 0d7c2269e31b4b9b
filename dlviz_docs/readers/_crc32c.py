"""CRC-32C of many strings at once, and the masked form that TFRecord files store.

A CRC is affine over GF(2): for strings a and b of one length, crc(a) ^ crc(b) depends on a ^ b alone, and is the XOR of
what every differing byte gives at its distance from the end. So one string of a kind is checked by the C library, and
all others by what they differ in. Events of one tag differ in time, step and value, some ten bytes of 60: that is ten
look-ups in tables of 1 KB, each for a whole column of records, and bytes alike in all records cost nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "Checksums", "Words", "changes", "mask", "of"]

Words: TypeAlias = NDArray[np.uint64]
Checksums: TypeAlias = NDArray[np.uint32]

LONGEST = 256
"""Bytes; there are tables for strings up to this length."""

_POLYNOMIAL = 0x82F6_3B78  # Castagnoli, bits reversed
_MASK_DELTA = 0xA282_EAD8


def of(data: bytes) -> int:
    """CRC-32C of one string."""
    return int(google_crc32c.value(data))


def changes(differs: Words, width: int, following: NDArray[np.int64]) -> Checksums:
    """What n checksums change by (XOR) when bits of their strings are flipped.

    `differs`, shape (at least ceil(width / 8), n), has the flipped bits of `width` successive bytes of each string,
    little-endian; `following`, shape (n,), how many bytes of the string come after the first of these.
    """
    changed = np.zeros(differs.shape[1], np.uint32)
    if not len(changed):
        return changed
    nearest = int(following.min())
    farther = (following - nearest) << 8 if nearest < int(following.max()) else None
    tables = _tables().reshape(-1)
    varying = np.bitwise_or.reduce(differs, axis=1).tobytes()[:width]
    for at, bits in enumerate(varying):
        if bits:
            octets = differs[at // 8].view(np.uint8)[at % 8 :: 8]
            table = tables[(nearest - at) << 8 :]
            changed ^= table.take(octets if farther is None else farther + octets)
    return changed


def mask(checksums: Checksums) -> Checksums:
    """As TFRecord stores it, so that a checksum of data that holds checksums stays a good one."""
    rotated: Checksums = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return rotated + np.uint32(_MASK_DELTA)


@cache
def _tables() -> Checksums:
    """What a byte adds to the CRC, by how many bytes follow it: shape (LONGEST, 256)."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ (table & np.uint32(1)) * np.uint32(_POLYNOMIAL)
    tables = [table]
    for _ in range(LONGEST - 1):
        tables.append((tables[-1] >> np.uint32(8)) ^ table.take(tables[-1] & np.uint32(0xFF)))
    return np.stack(tables)
