"""Checkpoints of PyTorch: zip archives since 1.6, files of several pickles before, and archives of such files.

What such a file is made of: `torch/serialization.py`. Nothing is unpickled; PyTorch itself is not imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem
from dlviz_docs.readers.networks._archive import Archive, Member, content, place_of, read_archive, salvaged
from dlviz_docs.readers.networks._dtypes import octets_of
from dlviz_docs.readers.networks._listing import Part, damage, listed
from dlviz_docs.readers.networks._nodes import mapping, sequence
from dlviz_docs.readers.networks._pickled import MOST_BYTES, Pickle, read_pickle, stream
from dlviz_docs.readers.networks._places import AGAIN, Place
from dlviz_docs.readers.networks._rebuilt import Storages, storage_classes, storage_sizes
from dlviz_docs.readers.networks._weights import WeightsFile

__all__ = ["LEGACY", "read_legacy", "read_zip", "zipped_part"]

LEGACY = 0x1950A86A20F9469CFC6C
"""The first pickle of a file before 1.6."""
_INNER = (".pth", ".pt")
_LARGEST_INNER = 64 << 20
"""Of a file that is deflated within another one, and so has to be held."""
_MOST_PICKLES = 16
_ELSE = "Copy it again if it is a checkpoint, or leave it out with `exclude`."


@dataclass(slots=True)
class _Zip:
    """One archive of a pickle and its storages, in a file or in the bytes of one."""

    file: IO[bytes]
    path: Path
    start: int
    size: int
    held: bytes | None = None
    problems: list[Problem] = field(default_factory=list)

    def place(self, member: Member) -> Place:
        place = place_of(self.file, self.path, member)
        return place if self.held is None else Place(place.path, place.start, place.size, place.packed, self.held)


def read_zip(file: IO[bytes], path: Path, name: str, size: int) -> WeightsFile:
    """A zip archive; ReadError for one that holds no pickle of PyTorch. `name` is told of the file."""
    outer = _Zip(file, path, 0, size)
    archive = read_archive(file, 0, size)
    inner = {} if _pickles(archive) else _inner(archive)
    if inner:
        parts = [_inner_part(outer, archive.members[key], name, part) for key, part in inner.items()]
        known = "_stable_baselines3_version" in archive.members
        kind = "Stable-Baselines3 (zip)" if known else "PyTorch (zip of files)"
        return listed(name, kind, size, [part for part in parts if part], outer.problems)
    script = any(PurePosixPath(key).name == "constants.pkl" for key in archive.members)
    part = replace(_part(outer, archive, name), model=script)
    return listed(name, "TorchScript" if script else "PyTorch (zip)", size, [part], outer.problems)


def zipped_part(file: IO[bytes], path: Path, start: int, size: int) -> Part:
    """The pickle of an archive that takes `size` bytes of a file from `start` on; ReadError where there is none."""
    return _part(_Zip(file, path, start, size), read_archive(file, start, size), path.name)


def _pickles(archive: Archive) -> list[str]:
    return sorted((key for key in archive.members if key == "data.pkl" or key.endswith("/data.pkl")), key=len)


def _inner(archive: Archive) -> dict[str, tuple[str, ...]]:
    """Files of PyTorch in an archive of files, as Stable-Baselines3 has them; the model comes first."""
    names = [key for key in archive.members if key.endswith(_INNER) and "/" not in key]
    return {key: (key.rpartition(".")[0],) for key in sorted(names, key=lambda key: (len(key), key))}


def _inner_part(outer: _Zip, member: Member, name: str, path: tuple[str, ...]) -> Part | None:
    try:
        place = place_of(outer.file, outer.path, member)
        if place.packed is None:
            zipped = _Zip(outer.file, outer.path, place.start, place.size)
        else:
            held = content(place, _LARGEST_INNER)
            zipped = _Zip(BytesIO(held), outer.path, 0, len(held), held)
        archive = read_archive(zipped.file, zipped.start, zipped.size)
        part = _part(zipped, archive, name)
    except ReadError as error:
        outer.problems.append(damage(name, f"{member.name[:80]} in it {error.what}"))
        return None
    outer.problems += zipped.problems
    return replace(part, path=path)


def _part(zipped: _Zip, archive: Archive, name: str) -> Part:
    """The pickle of an archive, and where its storages lie."""
    if archive.damage and not archive.members:
        return _salvaged(zipped, archive.damage, name)
    if archive.damage:
        zipped.problems.append(damage(name, archive.damage))
    pickles = _pickles(archive)
    if not pickles:
        raise ReadError("is a zip archive without weights of PyTorch", "Nothing has to be done.")
    prefix = pickles[0].removesuffix("data.pkl")
    pickle = read_pickle(content(zipped.place(archive.members[pickles[0]]), MOST_BYTES))
    if pickle.damage:
        zipped.problems.append(damage(name, f"{pickle.damage} within the list of its tensors"))
    order = archive.members.get(prefix + "byteorder")
    big_endian = order is not None and content(zipped.place(order), 64) == b"big"
    places, lost = _places(zipped, archive.members, prefix, storage_sizes(pickle.outside))
    if lost:
        zipped.problems.append(_lost(name, len(lost), lost[0]))
    return Part(pickle.value, Storages(places, big_endian), pickle.globals)


def _places(
    zipped: _Zip, members: Mapping[str, Member], prefix: str, sizes: Mapping[str, int]
) -> tuple[dict[str, Place], list[str]]:
    """Where storages lie, and the keys of those that are not there."""
    places: dict[str, Place] = {}
    lost = []
    for key in sizes:
        member = members.get(f"{prefix}data/{key}") or members.get(f"{prefix}tensors/{key}")
        try:
            place = zipped.place(member) if member else None
        except ReadError:
            place = None
        if place is None or (place.packed is None and place.start + place.size > zipped.start + zipped.size):
            lost.append(key)
        else:
            places[key] = place
    return places, lost


def _lost(name: str, count: int, key: str) -> Problem:
    what = f"lacks {count:,} of its storages; the first is {key[:80]!r}"
    return Problem("weights-missing", name, what, AGAIN)


def _salvaged(zipped: _Zip, what: str, name: str) -> Part:
    """What stands before the end of an archive that is cut off: its pickle is the first file in it."""
    first = next(salvaged(zipped.file, zipped.start, zipped.size, {"data.pkl": 0}), None)
    if first is None or not first.name.endswith("data.pkl"):
        raise ReadError(what, AGAIN)
    place = zipped.place(first)
    pickle = stream(zipped.file, place.start, zipped.start + zipped.size)
    sizes = storage_sizes(pickle.outside)
    known = {f"data/{key}": size for key, size in sizes.items()} | {"data.pkl": pickle.end - place.start}
    members = {member.name: member for member in salvaged(zipped.file, zipped.start, zipped.size, known)}
    places, lost = _places(zipped, members, first.name.removesuffix("data.pkl"), sizes)
    zipped.problems.append(Problem("weights-cut-off", name, _cut(what, pickle, sizes, lost), AGAIN))
    return Part(pickle.value, Storages(places, why_not="breaks off before it"), pickle.globals)


def _cut(what: str, pickle: Pickle, sizes: Mapping[str, int], lost: list[str]) -> str:
    if pickle.damage:
        return f"{what}; it is cut within the list of its tensors, of which the first are shown"
    return f"{what}; {len(sizes) - len(lost):,} of {len(sizes):,} storages are there"


def read_legacy(file: IO[bytes], path: Path, name: str, size: int) -> WeightsFile:
    """A file of pickles; ReadError for one that begins with none."""
    first = stream(file, 0, size)
    if first.value == LEGACY and not first.damage:
        return _legacy(file, path, name, size, first.end)
    if first.value is None and first.damage:
        raise ReadError("is in none of the formats of weights that are read", _ELSE)
    pickles = [first]
    while not pickles[-1].damage and pickles[-1].end < size and len(pickles) < _MOST_PICKLES:
        pickles.append(stream(file, pickles[-1].end, size))
    problems = [_broken(name, pickles[-1])] if pickles[-1].damage else []
    names = tuple(one for pickle in pickles for one in pickle.globals)
    part = Part(first.value, Storages(why_not="is a pickle, which has no storages"), names)
    return listed(name, "pickle", size, [part], problems)


def _broken(name: str, pickle: Pickle) -> Problem:
    if pickle.damage == "breaks off":
        return Problem("weights-cut-off", name, "breaks off within the list of its tensors; the first are shown", AGAIN)
    return damage(name, pickle.damage)


def _legacy(file: IO[bytes], path: Path, name: str, size: int, place: int) -> WeightsFile:
    """Magic number, protocol, what machine it was, the value, keys of storages, and the storages."""
    kind = "PyTorch (before 1.6)"
    version = stream(file, place, size)
    machine = stream(file, version.end, size)
    value = stream(file, machine.end, size)
    broken = next((one for one in (version, machine, value) if one.damage), None)
    names = (*version.globals, *machine.globals, *value.globals)
    if broken:
        part = Part(value.value, Storages(why_not="breaks off before it"), names)
        return listed(name, kind, size, [part], [_broken(name, broken)])
    keys = stream(file, value.end, size)
    listed_keys = [str(key) for key in sequence(keys.value) or () if isinstance(key, str | int)]
    big_endian = (mapping(machine.value) or {}).get("little_endian") is False
    places, lost = _legacy_places(file, path, keys.end, size, listed_keys, storage_classes(value.outside))
    absent = [key for key in storage_sizes(value.outside) if key not in places]
    problems = []
    if lost or keys.damage:
        what = f"breaks off; {len(places):,} of {len(places) + len(absent):,} storages are there"
        problems.append(Problem("weights-cut-off", name, what, AGAIN))
    elif absent:
        problems.append(_lost(name, len(absent), absent[0]))
    storages = Storages(places, big_endian, "has no storage for it")
    return listed(name, kind, size, [Part(value.value, storages, (*names, *keys.globals))], problems)


def _legacy_places(
    file: IO[bytes], path: Path, start: int, size: int, keys: list[str], classes: Mapping[str, str]
) -> tuple[dict[str, Place], bool]:
    """Storages one after the other, each behind the number of its elements; and whether some are cut off."""
    places: dict[str, Place] = {}
    for key in keys:
        file.seek(start)
        count = int.from_bytes(file.read(8), "little", signed=True)
        octets = octets_of(classes.get(key, ""), count)
        if octets < 0 or count < 0 or start + 8 + octets > size:
            return places, True
        places[key] = Place(path, start + 8, octets)
        start += 8 + octets
    return places, False
