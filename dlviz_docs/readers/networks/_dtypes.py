"""Types of elements under PyTorch's names: how many bytes each takes, and what the bytes say as floats.

Formats of eight bits: Micikevicius et al. 2022, "FP8 formats for deep learning" (e4m3fn, e5m2); Noune et al. 2022,
"8-bit numerical formats for deep neural networks" (fnuz); the OCP's "Microscaling formats" 1.0 (e8m0).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BITS", "Numbers", "Raw", "can_decode", "decode", "octets_of"]

Raw: TypeAlias = NDArray[np.uint8]
Numbers: TypeAlias = NDArray[Any]
"""float32, float64, complex64 or complex128."""

BITS: dict[str, int] = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16,
    "float8_e4m3fn": 8, "float8_e5m2": 8, "float8_e4m3fnuz": 8, "float8_e5m2fnuz": 8, "float8_e8m0fnu": 8,
    "float4_e2m1fn_x2": 8, "float4_e2m1fn": 4, "float6_e2m3fn": 6, "float6_e3m2fn": 6,
    "int64": 64, "int32": 32, "int16": 16, "int8": 8,
    "uint64": 64, "uint32": 32, "uint16": 16, "uint8": 8, "bool": 8,
    **{f"{sign}int{bits}": 8 for sign in ("", "u") for bits in range(1, 8)},
    "complex128": 128, "complex64": 64, "complex32": 32,
    "qint8": 8, "quint8": 8, "qint32": 32, "quint4x2": 8, "quint2x4": 8,
    "bits1x8": 8, "bits2x4": 8, "bits4x2": 8, "bits8": 8, "bits16": 16,
}  # fmt: skip
"""Bits that one element takes; PyTorch gives those of less than a byte a whole one."""

_PLAIN = {
    "float64": "f8", "float32": "f4", "float16": "f2", "int64": "i8", "int32": "i4", "int16": "i2", "int8": "i1",
    "uint64": "u8", "uint32": "u4", "uint16": "u2", "uint8": "u1", "bool": "?", "complex128": "c16",
    "complex64": "c8", "qint8": "i1", "quint8": "u1", "qint32": "i4",
}  # fmt: skip
_KEPT = frozenset({"float64", "float32", "complex128", "complex64"})
_EXACT_IN_FLOAT32 = frozenset({"float16", "int8", "uint8", "int16", "uint16", "bool", "qint8", "quint8"})


def octets_of(dtype: str, count: int) -> int:
    """Bytes that so many elements take; -1 for a type that is not known."""
    bits = BITS.get(dtype)
    return -1 if bits is None else (bits * count + 7) // 8


def can_decode(dtype: str) -> bool:
    """Whether the elements can be had as floats."""
    return dtype in _PLAIN or dtype in _DECODERS


def decode(raw: Raw, dtype: str, *, big_endian: bool = False) -> Numbers:
    """Bytes as float32 where that is exact, or else as float64 or complex; float32 and wider without a copy.

    Quantised elements come as the integers they are. Integers beyond 2^53 are rounded.
    """
    if dtype in _DECODERS:
        return _DECODERS[dtype](raw, big_endian)
    values = raw.view(np.dtype(_PLAIN[dtype]).newbyteorder(">" if big_endian else "<"))
    if dtype in _KEPT:
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    if dtype == "bool":
        values = raw != 0  # a byte that is neither 0 nor 1 is no bool to NumPy
    with np.errstate(invalid="ignore"):  # signalling NaN among halves
        return values.astype(np.float32 if dtype in _EXACT_IN_FLOAT32 else np.float64)


def _bfloat16(raw: Raw, big_endian: bool) -> Numbers:
    halves = raw.view(">u2" if big_endian else "<u2").astype(np.uint32)
    halves <<= 16
    return halves.view(np.float32)


def _complex32(raw: Raw, big_endian: bool) -> Numbers:
    return decode(raw, "float16", big_endian=big_endian).view(np.complex64)


def _looked_up(exponent: int, mantissa: int, bias: int, kind: str) -> Callable[[Raw, bool], Numbers]:
    def values(raw: Raw, big_endian: bool) -> Numbers:
        return _byte_values(exponent, mantissa, bias, kind)[raw]

    return values


@cache
def _byte_values(exponent: int, mantissa: int, bias: int, kind: str) -> NDArray[np.float32]:
    """The float for each of 256 bytes: sign, exponent, mantissa, from the highest bit."""
    code = np.arange(256)
    power = (code >> mantissa) & ((1 << exponent) - 1)
    fraction = (code & ((1 << mantissa) - 1)) / (1 << mantissa)
    size = np.where(power == 0, np.ldexp(fraction, 1 - bias), np.ldexp(1 + fraction, power - bias))
    if kind == "fn":
        size[(code & 0x7F) == 0x7F] = np.nan
    elif kind == "ieee":
        size[power == (1 << exponent) - 1] = np.nan
        size[(code & 0x7F) == 0x7C] = np.inf
    signed = np.where(code & 0x80, -size, size)
    if kind == "fnuz":
        signed[0x80] = np.nan
    return signed.astype(np.float32)


def _scale(raw: Raw, big_endian: bool) -> Numbers:
    """A power of two: exponents alone, 255 for NaN."""
    bits = raw.astype(np.uint32) << 23
    bits[raw == 0] = 1 << 22  # 2^-127 is subnormal
    bits[raw == 255] = 0x7FC00000
    return bits.view(np.float32)


_DECODERS: dict[str, Callable[[Raw, bool], Numbers]] = {
    "bfloat16": _bfloat16,
    "complex32": _complex32,
    "float8_e4m3fn": _looked_up(4, 3, 7, "fn"),
    "float8_e5m2": _looked_up(5, 2, 15, "ieee"),
    "float8_e4m3fnuz": _looked_up(4, 3, 8, "fnuz"),
    "float8_e5m2fnuz": _looked_up(5, 2, 16, "fnuz"),
    "float8_e8m0fnu": _scale,
}
