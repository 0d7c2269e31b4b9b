"""Results of `dlviz probe`, as they lie beside the model: "model.pt2.probe".

A word that tells what it is, then msgpack of known types, deflated. Read within limits; nothing in it is run.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import msgspec

from dlviz_docs.errors import ReadError
from dlviz_docs.model.kept import Kept
from dlviz_docs.packing import decode, encode

__all__ = ["SUFFIX", "packed_kept", "read_kept"]

SUFFIX = ".probe"
HEAD = b"dlviz-probe/1\n"
LARGEST = 256 << 20
"""Bytes once inflated."""
_AGAIN = "Run dlviz probe again."


def packed_kept(kept: Kept) -> bytes:
    """The file's content."""
    return HEAD + zlib.compress(encode(kept), 9)


def read_kept(path: Path) -> Kept:
    """What the file holds; `ReadError` where it is no such file, is damaged, or of another version of ours."""
    if path.stat().st_size > LARGEST:
        raise ReadError("is larger than any result that dlviz probe leaves", _AGAIN)
    data = path.read_bytes()
    if not data.startswith(HEAD):
        raise ReadError("is no result of dlviz probe, or of another version", _AGAIN)
    inflate = zlib.decompressobj()
    try:
        inflated = inflate.decompress(data[len(HEAD) :], LARGEST)
        if not inflate.eof:
            raise ReadError("is cut off, or larger than any result that dlviz probe leaves", _AGAIN)
        return decode(inflated, Kept)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ReadError("is damaged, or of another version of dlviz-docs", _AGAIN) from error
