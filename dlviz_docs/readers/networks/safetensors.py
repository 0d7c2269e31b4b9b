"""Safetensors: a header of JSON that says where each tensor lies, and the bytes. Read without the library.

The format: https://huggingface.co/docs/safetensors, "Format". The library maps the file, which kills the process when
somebody shortens it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem, Tensor
from dlviz_docs.readers._text import clean, counted
from dlviz_docs.readers.networks._dtypes import octets_of
from dlviz_docs.readers.networks._facts import facts_of
from dlviz_docs.readers.networks._groups import role_of
from dlviz_docs.readers.networks._places import AGAIN, Place
from dlviz_docs.readers.networks._rebuilt import Storages
from dlviz_docs.readers.networks._stored import Stored, can_be, strides_of
from dlviz_docs.readers.networks._weights import WeightsFile

__all__ = ["is_safetensors", "read_safetensors"]

_LARGEST_HEADER = 16 << 20
_LONGEST_NAME = 500
_MOST_DIMENSIONS = 64
_LONGEST_SIDE = 1 << 48
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu", "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz", "F4": "float4_e2m1fn", "F6_E2M3": "float6_e2m3fn", "F6_E3M2": "float6_e3m2fn",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16",
    "U8": "uint8", "BOOL": "bool", "C64": "complex64", "C128": "complex128",
}  # fmt: skip


@dataclass(slots=True)
class _Header:
    """What the header says, and where the bytes begin."""

    entries: Mapping[str, object]
    start: int
    repeated: tuple[str, ...]
    """Names that stand in it more than once."""


def is_safetensors(head: bytes) -> bool:
    """Whether a file begins as one of the format does: eight bytes of a length, and an object of JSON."""
    return len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LARGEST_HEADER


def read_safetensors(file: IO[bytes], path: Path, name: str, size: int) -> WeightsFile:
    """All tensors of a file; ReadError for one whose header cannot be read."""
    header = _header(file, size)
    stored = [_stored(key, entry, header, path, size) for key, entry in header.entries.items() if key != "__metadata__"]
    problems = _problems(name, stored, header, size)
    tensors = [_tensor(one) for one in stored]
    metadata = header.entries.get("__metadata__")
    told = metadata if isinstance(metadata, dict) else {}
    places = {one.name: one for one in stored}
    for key, other in told.items():
        if isinstance(other, str) and other in places and key not in places:  # as safetensors.torch.save_model has it
            places[key] = replace(places[other], name=key)
            tensors.append(replace(_tensor(places[key]), tied=other))
    facts = facts_of({key: value for key, value in told.items() if key not in places}, Storages(), lambda key: False)
    return WeightsFile(name, "safetensors", size, tuple(tensors), places, facts=facts, problems=tuple(problems))


def _header(file: IO[bytes], size: int) -> _Header:
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if length > _LARGEST_HEADER:
        raise ReadError(f"announces a header of {length:,} bytes, far more than any has", AGAIN)
    text = file.read(length)
    if len(text) < length:
        raise ReadError(f"breaks off within its header: {len(text):,} of {length:,} bytes are there", AGAIN)
    repeated: list[str] = []
    try:
        entries = json.loads(text.decode("utf-8"), object_pairs_hook=lambda pairs: _paired(pairs, repeated))
    except (ValueError, RecursionError) as error:
        raise ReadError("has a header that is no JSON", AGAIN) from error
    if not isinstance(entries, dict):
        raise ReadError("has a header that lists no tensors", AGAIN)
    return _Header(entries, 8 + length, tuple(repeated))


def _paired(pairs: list[tuple[str, object]], repeated: list[str]) -> dict[str, object]:
    """A dict of the first value for each key."""
    entries: dict[str, object] = {}
    for key, value in pairs:
        if key in entries:
            repeated.append(key)
        entries.setdefault(clean(key[:_LONGEST_NAME]), value)
    return entries


def _stored(name: str, entry: object, header: _Header, path: Path, size: int) -> Stored:
    told = entry if isinstance(entry, dict) else {}
    dtype, shape, span = told.get("dtype"), _sizes(told.get("shape")), _sizes(told.get("data_offsets"))
    known = _TYPES.get(dtype, clean(dtype[:40]).lower()) if isinstance(dtype, str) else ""
    shape = shape if shape is not None and can_be(shape) else None
    stored = Stored(name, shape or (), known, None, strides_of(shape or ()))
    if shape is None or span is None or len(span) != 2 or span[1] < span[0]:
        return replace(stored, why_not="has no sensible form")
    needed, there = octets_of(known, stored.size), span[1] - span[0]
    if needed >= 0 and needed != there:
        return replace(stored, why_not=f"needs {needed:,} bytes and has {there:,}")
    if header.start + span[1] > size:
        return replace(stored, why_not="is cut off")
    return replace(stored, place=Place(path, header.start + span[0], there))


def _sizes(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > _MOST_DIMENSIONS:
        return None
    sizes = tuple(side for side in value if type(side) is int and 0 <= side < _LONGEST_SIDE)
    return sizes if len(sizes) == len(value) else None


def _tensor(stored: Stored) -> Tensor:
    octets = 0 if stored.why_not.startswith("needs") else stored.octets
    role = role_of(stored.name, stored.dtype)
    return Tensor(stored.name, stored.shape, stored.dtype, octets, role, missing=stored.place is None)


def _problems(name: str, stored: list[Stored], header: _Header, size: int) -> list[Problem]:
    problems = []
    cut = [one for one in stored if one.why_not == "is cut off"]
    if cut:
        what = f"breaks off after {size:,} bytes: {counted(len(cut), 'tensor')} of {len(stored):,} are not whole"
        problems.append(Problem("weights-cut-off", name, what, AGAIN))
    wrong = [one for one in stored if one.why_not and one.why_not != "is cut off"]
    if wrong:
        problems.append(Problem("weights-claims", name, f"{wrong[0].name!r} {wrong[0].why_not}", AGAIN))
    if header.repeated:
        what = f"names {clean(header.repeated[0][:80])!r} more than once; the first is shown"
        problems.append(Problem("weights-damaged", name, what, AGAIN))
    if _overlap(stored):
        what = "has tensors that lie over one another, which the format does not allow"
        problems.append(Problem("weights-damaged", name, what, AGAIN))
    return problems


def _overlap(stored: list[Stored]) -> bool:
    spans = sorted((one.place.start, one.place.start + one.place.size) for one in stored if one.place)
    return any(before[1] > after[0] for before, after in pairwise(spans))
