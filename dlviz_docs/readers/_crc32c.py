"""CRC-32C as TFRecord files store it, and all checksums of a block of records at once.

A string that is followed by its own checksum takes the register of a CRC back to where it began. So the checksums of
thousands of strings that lie one behind the other are right when the register ends at zero after all of them: one pass
of the C library. What is XORed into the register by a string that does not fit its checksum is never zero, and what
follows only moves it, so damage to one string is found as surely as by its own checksum; damages to several cancel out
once in 2**32.
"""

from __future__ import annotations

from typing import TypeAlias

import google_crc32c
import numpy as np
from numpy.typing import NDArray

__all__ = ["Checksums", "Octets", "are_right", "is_right", "mask", "of", "unmask"]

Octets: TypeAlias = NDArray[np.uint8]
Checksums: TypeAlias = NDArray[np.uint32]

SIZE = 4
"""Bytes of a checksum."""
_MASK_DELTA = 0xA282_EAD8
_ONES = 0xFFFF_FFFF


def of(data: bytes | Octets) -> int:
    """CRC-32C of one string."""
    return int(google_crc32c.value(data))


def mask(checksum: int) -> int:
    """As TFRecord stores it, so that a checksum of data that holds checksums stays a good one."""
    return ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & _ONES


def unmask(stored: Checksums) -> Checksums:
    """The inverse of `mask`."""
    rotated: Checksums = stored - np.uint32(_MASK_DELTA)
    return (rotated >> np.uint32(17)) | (rotated << np.uint32(15))


def is_right(data: Octets, start: int, size: int) -> bool:
    """Whether the string of `size` bytes at `start` is followed by its masked checksum."""
    end = start + size
    return mask(of(data[start:end])) == int.from_bytes(data[end : end + SIZE], "little")


def are_right(data: Octets, *strings: tuple[NDArray[np.int64], NDArray[np.int64]]) -> bool:
    """Whether the strings that `data` consists of are each followed by their masked checksum.

    `strings` are their kinds, of each where they end and how long they are, shape (n,) or one length for all. If all
    are right, their checksums are overwritten: that is how it is found out; if not, `data` is as it was.
    """
    if not len(data):
        return True
    anywhere: Checksums = np.ndarray((len(data) - SIZE + 1,), "<u4", data, 0, (1,))
    stored = [anywhere[ends] for ends, _ in strings]
    for (ends, sizes), checksums in zip(strings, stored, strict=True):
        # The library starts and ends with all bits set: the register itself is what a string of zeros does not have.
        anywhere[ends] = unmask(checksums) ^ _of_zeros(sizes)
    right = int(google_crc32c.extend(_ONES, data)) == _ONES
    if not right:
        for (ends, _), checksums in zip(strings, stored, strict=True):
            anywhere[ends] = checksums
    return right


def _of_zeros(sizes: NDArray[np.int64]) -> Checksums:
    """Checksums of as many zeros."""
    longest = int(sizes.max())
    if longest == int(sizes.min()):
        return np.array([of(bytes(longest))], np.uint32)
    if longest < len(sizes):  # else a table would be mostly empty
        table = np.zeros(longest + 1, np.uint32)
        known = np.flatnonzero(np.bincount(sizes))
        table[known] = [of(bytes(size)) for size in known.tolist()]
        return table[sizes]
    return np.array([of(bytes(size)) for size in sizes.tolist()], np.uint32)
