"""Results of `dlviz probe`, as they lie beside the model: "model.pt2.probe".

A word that tells what it is, then msgpack of known types, deflated. Read within limits; nothing in it is run.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model.kept import Kept
from dlviz_docs.model.probes import Small
from dlviz_docs.packing import decode, encode

__all__ = ["SUFFIX", "packed_kept", "read_kept"]

SUFFIX = ".probe"
HEAD = b"dlviz-probe/1\n"
LARGEST = 64 << 20
"""Bytes once inflated, which take up to thirty times as much as values. The results of ten pictures are some 3 MB."""
_KEPT_BITS = np.uint32(0xFFFFF000)
"""Sign, exponent and 11 stored bits of the fraction of a float32 (IEEE 754)."""
_AGAIN = "Run dlviz probe again."


def packed_kept(kept: Kept) -> bytes:
    """The file's content. Maps, which are only drawn, keep 12 bits of their precision: a third of the bytes."""
    probed = kept.probed
    small = replace(
        probed,
        explanations=tuple(
            replace(one, maps=tuple(replace(map_, values=_short(map_.values)) for map_ in one.maps))
            for one in probed.explanations
        ),
        channels=tuple(replace(one, maps=_short(one.maps)) for one in probed.channels),
        reaches=tuple(replace(one, values=_short(one.values)) for one in probed.reaches),
    )
    return HEAD + zlib.compress(encode(replace(kept, probed=small)), 9)


def _short(values: Small) -> Small:
    """The same within 1 in 4,096; what is not finite stays."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    short = (bits & _KEPT_BITS).view(np.float32)
    return np.where(np.isfinite(values), short, values).astype(np.float32)


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
    except (zlib.error, msgspec.DecodeError, RecursionError, MemoryError) as error:
        raise ReadError("is damaged, or of another version of dlviz-docs", _AGAIN) from error
