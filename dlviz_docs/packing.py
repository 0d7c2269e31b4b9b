"""Our frozen values as bytes: msgpack of known types, never pickle."""

from __future__ import annotations

import math
from typing import TypeVar

import msgspec
import numpy as np

from dlviz_docs.names import spelled

__all__ = ["decode", "encode"]

T = TypeVar("T")
_KINDS = frozenset("biufcUS")
"""Arrays of numbers and texts; anything else would not come from us."""


def encode(value: object) -> bytes:
    """Our frozen types as msgpack; arrays keep their bits, and names that are no UTF-8 are spelled so that they are."""
    try:
        return msgspec.msgpack.encode(value, enc_hook=_encode_array)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, enc_hook=_encode_array, builtin_types=(bytes,))
        return msgspec.msgpack.encode(_spelled(plain))


def _spelled(value: object) -> object:
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, dict):
        return {_spelled(key): _spelled(inner) for key, inner in value.items()}
    return [_spelled(inner) for inner in value] if isinstance(value, list | tuple | set | frozenset) else value


def decode(data: bytes | memoryview, cls: type[T]) -> T:
    """The inverse of `encode`; raises `msgspec.DecodeError` on anything else."""
    return msgspec.msgpack.decode(data, type=cls, dec_hook=_decode_array)


def _encode_array(value: object) -> object:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} is not one of the model's types")


def _decode_array(cls: type, value: object) -> object:
    told, shape, data = msgspec.convert(value, tuple[str, tuple[int, ...], bytes])
    try:
        dtype = np.dtype(told)
    except TypeError:
        raise ValueError(f"an array of {told!r} is none of ours") from None
    if dtype.kind not in _KINDS or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"{len(data)} bytes are no array of {told!r} and shape {shape}")
    # A type without size, such as an empty text's, cannot be had from a buffer.
    return np.frombuffer(data, dtype=dtype).reshape(shape) if dtype.itemsize else np.zeros(shape, dtype)
