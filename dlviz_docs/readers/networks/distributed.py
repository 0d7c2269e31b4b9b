"""Distributed checkpoints of PyTorch: a folder of `.distcp` files, and the pickle `.metadata` that lists them.

What the list is made of: `torch/distributed/checkpoint/metadata.py` and `filesystem.py`. Each piece of a tensor is a
file of its own, as `torch.save` writes it, within a `.distcp` file. Pieces of one tensor are not put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.networks._foreign import foreign
from dlviz_docs.readers.networks._groups import named
from dlviz_docs.readers.networks._listing import damage, reaching, tensors_of, unread
from dlviz_docs.readers.networks._nodes import Call, Global, Value, is_global, mapping, sequence
from dlviz_docs.readers.networks._pickled import Pickle, stream
from dlviz_docs.readers.networks._places import AGAIN
from dlviz_docs.readers.networks._rebuilt import Rebuilt
from dlviz_docs.readers.networks._stored import Stored, can_be, strides_of
from dlviz_docs.readers.networks._tree import Leaf, tree_of
from dlviz_docs.readers.networks._weights import WeightsFile
from dlviz_docs.readers.networks.torch_files import zipped_part

__all__ = ["LIST", "SUFFIX", "read_distributed"]

LIST = ".metadata"
SUFFIX = ".distcp"
_MODULE = "torch.distributed.checkpoint.metadata"
_OWN = ("torch.distributed.checkpoint.", "pathlib")
"""What every such list names: its own classes, and the folder it was written to."""
_MOST_PLACED = 5_000
"""Tensors whose pieces are looked for; of more, only form and type are told."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Where a piece of a tensor lies."""

    file: str
    offset: int
    length: int


@dataclass(slots=True)
class _Files:
    """The files beside the list, each looked at once, and opened where a tensor lies in it in one piece."""

    folder: Path
    sizes: dict[str, int] = field(default_factory=dict)
    opened: dict[str, IO[bytes]] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    globals: dict[Global, None] = field(default_factory=dict)
    """What loading their pickles would import."""

    def look(self, name: str) -> None:
        """Note the size of a file; or that it is not there, or not in this folder."""
        if name in self.sizes or name in self.missing:
            return
        path = self.folder / name
        plain = bool(name) and PurePosixPath(name).name == name and "\0" not in name
        if plain and not path.is_symlink() and path.is_file():
            self.sizes[name] = path.stat().st_size
        else:
            self.missing.setdefault(name)

    def open(self, name: str) -> IO[bytes]:
        if name not in self.opened:
            self.opened[name] = (self.folder / name).open("rb")
        return self.opened[name]

    def close(self) -> None:
        for file in self.opened.values():
            file.close()


def read_distributed(file: IO[bytes], path: Path, name: str, size: int) -> WeightsFile:
    """All tensors that the list speaks of; ReadError where it is none."""
    pickle = stream(file, 0, size)
    told = _state(pickle.value)
    if not isinstance(pickle.value, Call) or not is_global(pickle.value.function, _MODULE, "Metadata"):
        raise ReadError("is no list of a distributed checkpoint", AGAIN)
    files = _Files(path.parent)
    try:
        leaves = list(_leaves(told, files))
    finally:
        files.close()
    chosen = named(leaves)
    tensors, stored = tensors_of(chosen)
    kind = f"PyTorch (distributed, in {counted(len(files.sizes) + len(files.missing), 'file')})"
    total = size + sum(files.sizes.values())
    own = [one for one in pickle.globals if not one.module.startswith(_OWN)]
    problems = (*_problems(name, pickle, files), *reaching(name, (*own, *files.globals)), *unread(name, chosen))
    calls = foreign((*own, *files.globals))
    return WeightsFile(name, kind, total, tensors, stored, calls=calls, problems=problems)


def _problems(name: str, pickle: Pickle, files: _Files) -> Iterator[Problem]:
    if pickle.damage:
        yield damage(name, f"{pickle.damage}; the first tensors are listed")
    if files.missing:
        what = f"names {counted(len(files.missing), 'file')} of weights that cannot be found beside it"
        first = next(iter(files.missing))
        yield Problem("weights-missing", name, f"{what}: {first[:80]!r}", "Copy all files of the checkpoint.")


def _leaves(told: Mapping[Value, Value], files: _Files) -> Iterator[Leaf]:
    ways = mapping(told.get("planner_data")) or {}
    pieces = _pieces(mapping(told.get("storage_data")) or {})
    for name in dict.fromkeys(piece.file for own in pieces.values() for piece in own):
        files.look(name)
    for count, (key, entry) in enumerate((mapping(told.get("state_dict_metadata")) or {}).items()):
        form = _state(entry)
        shape = _sizes(form.get("size"))
        if not isinstance(key, str) or shape is None or not can_be(shape):
            continue
        stored = Stored(key, shape, _dtype(form.get("properties")), None, strides_of(shape))
        way = tuple(str(part) for part in sequence(ways.get(key)) or (key,))
        own = pieces.get(key, [])
        yield Leaf(way, _placed(stored, own, files if count < _MOST_PLACED else None))


def _placed(stored: Stored, pieces: list[_Piece], files: _Files | None) -> Rebuilt:
    """The tensor with its place, where it lies in one piece and files are looked into."""
    if len(pieces) > 1:
        return Rebuilt(replace(stored, why_not="lies in several pieces, which are not put together"), unread=True)
    if not pieces:
        return Rebuilt(replace(stored, why_not="lies in none of the files"))
    if files is None:
        return Rebuilt(replace(stored, why_not="is one of more tensors than are looked for"), unread=True)
    return Rebuilt(_found(stored, pieces[0], files))


def _found(stored: Stored, piece: _Piece, files: _Files) -> Stored:
    if piece.file in files.missing:
        return replace(stored, why_not="lies in a file that is missing")
    if piece.offset + piece.length > files.sizes[piece.file]:
        return replace(stored, why_not="lies beyond the end of its file")
    try:
        part = zipped_part(files.open(piece.file), files.folder / piece.file, piece.offset, piece.length)
        files.globals |= dict.fromkeys(part.globals)
    except ReadError as error:
        return replace(stored, why_not=error.what)
    leaves = tree_of(part.value, part.storages).leaves
    inner = leaves[0].found.stored if len(leaves) == 1 else None
    if inner is None or inner.shape != stored.shape:
        return replace(stored, why_not="is not what the list says it is")
    return replace(inner, name=stored.name)


def _pieces(storage: Mapping[Value, Value]) -> dict[str, list[_Piece]]:
    """By name of the tensor."""
    pieces: dict[str, list[_Piece]] = {}
    for index, info in storage.items():
        name, told = _state(index).get("fqn"), _state(info)
        piece = _piece(told.get("relative_path"), told.get("offset"), told.get("length"))
        if isinstance(name, str) and piece is not None:
            pieces.setdefault(name, []).append(piece)
    return pieces


def _piece(file: Value, offset: Value, length: Value) -> _Piece | None:
    if not isinstance(file, str) or not isinstance(offset, int) or not isinstance(length, int):
        return None
    return _Piece(file, offset, length) if offset >= 0 and length >= 0 else None


def _state(value: Value) -> Mapping[Value, Value]:
    """Fields of an object of a dataclass."""
    return value.state if isinstance(value, Call) and isinstance(value.state, dict) else {}


def _dtype(properties: Value) -> str:
    state = properties.state if isinstance(properties, Call) else None
    first = state[0] if isinstance(state, tuple) and state else None
    return first.name if isinstance(first, Global) and first.module == "torch" else ""


def _sizes(value: Value) -> tuple[int, ...] | None:
    sides = sequence(value)
    if sides is None or len(sides) > 64:
        return None
    sizes = tuple(side for side in sides if type(side) is int and 0 <= side < 1 << 48)
    return sizes if len(sizes) == len(sides) else None
