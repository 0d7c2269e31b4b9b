"""The weights of an exported program: raw bytes, one entry of the archive for each storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from dlviz_docs.errors import ReadError
from dlviz_docs.readers._text import clean
from dlviz_docs.readers.networks._archive import Archive, content, place_of
from dlviz_docs.readers.networks._dtypes import octets_of
from dlviz_docs.readers.networks._exported_schema import Config, Payload, dtype_name
from dlviz_docs.readers.networks._stored import Stored, can_be, strides_of

__all__ = ["AGAIN", "PICKLED", "Listed", "Zipped", "listed"]

AGAIN = "Export the model again with torch.export.save."
PICKLED = "stores weights as a pickle, which is not opened"
_LARGEST_JSON = 96 << 20
_MOST_OBJECTS = 1_200_000
_MOST_PARTS = 2_500_000
"""Objects, and elements of lists and objects, of one member: a program of 40,000 operations has so many."""
_MOST_WEIGHTS = 100_000
_T = TypeVar("_T")


@dataclass(slots=True)
class Zipped:
    """The members of an archive that belong to one program."""

    file: IO[bytes]
    path: Path
    archive: Archive
    model: str
    """Its member: "net/models/model.json"."""

    @property
    def root(self) -> str:
        """What the names of all members begin with: "net/"."""
        folder, _, name = self.model.rpartition("models/")
        return folder if name != self.model else ""

    @property
    def stem(self) -> str:
        """The program's name: "model"."""
        return self.model.rsplit("/", 1)[-1].removesuffix(".json")

    def decoded(self, name: str, type_: type[_T]) -> _T | None:
        """A member that is JSON; None if there is none, ReadError if it is damaged or too large."""
        member = self.archive.members.get(name)
        if member is None:
            return None
        data = content(place_of(self.file, self.path, member), _LARGEST_JSON)
        if data.count(b"{") > _MOST_OBJECTS or data.count(b",") > _MOST_PARTS:
            raise ReadError(f"holds a graph of more than {_MOST_OBJECTS:,} parts, which are not read", AGAIN)
        try:
            return msgspec.json.decode(data, type=type_)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ReadError(
                f"holds {name.rsplit('/', 1)[-1][:80]} in a form that is not known: {error}", AGAIN
            ) from error

    def big_endian(self) -> bool:
        """Whether the archive says so."""
        member = self.archive.members.get(f"{self.root}byteorder")
        if member is None or member.size > 16:
            return False
        return content(place_of(self.file, self.path, member), 16).strip() == b"big"


@dataclass(slots=True)
class Listed:
    """What the archive's own lists say."""

    stored: dict[str, Stored] = field(default_factory=dict)
    trainable: set[str] = field(default_factory=set)
    pickled: list[str] = field(default_factory=list)
    """Weights that loading would unpickle."""
    damaged: list[str] = field(default_factory=list)
    """What is said of lists that cannot be read."""


def listed(zipped: Zipped) -> Listed:
    """Every weight and constant by its name; one whose bytes are not there says why."""
    found = Listed()
    big_endian = zipped.big_endian()
    for folder, name, payload in _payloads(zipped, found.damaged):
        if name in found.stored:
            continue
        if payload.use_pickle or payload.tensor_meta is None:
            found.pickled.append(name)
        if payload.is_param and payload.tensor_meta is not None and payload.tensor_meta.requires_grad:
            found.trainable.add(name)
        found.stored[name] = replace(_stored(zipped, name, folder, payload), big_endian=big_endian)
        if len(found.stored) > _MOST_WEIGHTS:
            raise ReadError(f"holds more than {_MOST_WEIGHTS:,} weights", AGAIN)
    return found


def _payloads(zipped: Zipped, damaged: list[str]) -> Iterator[tuple[str, str, Payload]]:
    """Folder in the archive, name and entry of each; what cannot be read is added to `damaged`."""
    for kind in ("weights", "constants"):
        folder = f"{zipped.root}data/{kind}/"
        try:
            config = zipped.decoded(f"{folder}{zipped.stem}_{kind}_config.json", Config)
        except ReadError as error:
            damaged.append(error.what)
            continue
        for name, payload in (config.config if config is not None else {}).items():
            yield folder, clean(name), payload


def _stored(zipped: Zipped, name: str, folder: str, payload: Payload) -> Stored:
    """One weight, if its bytes are there."""
    meta = payload.tensor_meta
    told = tuple(length.as_int or 0 for length in meta.sizes) if meta else ()
    shape = told if can_be(told) and min(told, default=0) >= 0 else ()
    stored = Stored(name, shape, dtype_name(meta.dtype) if meta else "", strides=strides_of(shape))
    if payload.use_pickle or meta is None:
        return replace(stored, why_not=PICKLED)
    strides = tuple(length.as_int or 0 for length in meta.strides)
    if len(strides) != len(told) or shape != told or min(strides, default=0) < 0:
        return replace(stored, why_not="holds weights without a sensible shape")
    member = zipped.archive.members.get(folder + payload.path_name)
    if member is None:
        return replace(stored, why_not="does not hold some of its weights")
    try:
        place = place_of(zipped.file, zipped.path, member)
    except ReadError as error:
        return replace(stored, why_not=error.what)
    stored = replace(stored, place=place, strides=strides, offset=max(0, meta.storage_offset.as_int or 0))
    needed = octets_of(stored.dtype, stored.offset + stored.span)
    return stored if 0 <= needed <= place.size else replace(stored, place=None, why_not="breaks off within weights")
