"""Weights in several files: an index of JSON that says which tensor is in which. The scheme of Hugging Face's hub."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Problem, Tensor
from dlviz_docs.readers._json import load
from dlviz_docs.readers._text import clean, counted, read_text
from dlviz_docs.readers.networks._facts import facts_of
from dlviz_docs.readers.networks._groups import role_of
from dlviz_docs.readers.networks._places import AGAIN
from dlviz_docs.readers.networks._rebuilt import Storages
from dlviz_docs.readers.networks._stored import Stored
from dlviz_docs.readers.networks._weights import WeightsFile

__all__ = ["INDEX", "SHARD", "read_parts", "read_shards", "shards_of"]

INDEX = ".index.json"
SHARD = re.compile(r"^(?P<stem>.+?)-(?P<number>\d{5})-of-(?P<total>\d{5})(?P<suffix>\.\w+)$")
_LARGEST_INDEX = 64 << 20
_MOST_SHARDS = 2_000
_LONGEST_NAME = 500


@dataclass(slots=True)
class _Shards:
    """What was found so far."""

    format: str = ""
    size: int = 0
    tensors: dict[str, Tensor] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, read: WeightsFile) -> None:
        self.format = self.format or read.format
        self.size += read.size
        self.calls |= dict.fromkeys(read.calls)
        self.problems += read.problems
        for tensor in read.tensors:
            self.tensors.setdefault(tensor.name, tensor)
            self.stored.setdefault(tensor.name, read.stored[tensor.name])

    def file(
        self, name: str, count: int, size: int, tensors: tuple[Tensor, ...], facts: Mapping[str, str]
    ) -> WeightsFile:
        """All of them as one."""
        kind = f"{self.format}, in {counted(count, 'file')}".removeprefix(", ")
        calls, problems = tuple(self.calls), tuple(self.problems)
        return WeightsFile(name, kind, size, tensors, self.stored, (), facts, calls, problems)


def shards_of(path: Path) -> tuple[str, ...]:
    """Names of the files that an index speaks of, each once; ReadError for an index that cannot be read."""
    return tuple(dict.fromkeys(_weight_map(path)[0].values()))


def read_shards(path: Path, name: str, read: Callable[[Path, str], WeightsFile]) -> WeightsFile:
    """All files of an index as one; `read` reads one of them. What is missing is listed as far as it is known."""
    placed, facts = _weight_map(path)
    shards = _Shards()
    lost = []
    for shard in list(dict.fromkeys(placed.values()))[:_MOST_SHARDS]:
        beside = path.parent / shard
        if not _is_name(shard) or beside.is_symlink() or not beside.is_file():
            lost.append(shard)
        else:
            shards.add(read(beside, str(PurePosixPath(name).with_name(shard))))
    if lost:
        shards.problems.append(_missing(name, lost))
    tensors = _in_order(placed, shards)
    size = shards.size + path.stat().st_size
    return shards.file(name, len(set(placed.values())), size, tensors, facts)


def read_parts(name: str, parts: Sequence[WeightsFile]) -> WeightsFile:
    """Shards of which no index tells: what all of them hold, as one."""
    shards = _Shards()
    told = SHARD.match(PurePosixPath(name).name)
    total = int(told["total"]) if told else len(parts)
    gone = f", of which {len(parts):,} can be found" if len(parts) < total else ""
    what = f"is one of {total:,} files without an index{gone}; what else belongs to the checkpoint is not known"
    remedy = f"Copy the file {INDEX} beside them."
    shards.problems.append(Problem("shards-without-index", name, what, remedy))
    for part in parts:
        shards.add(part)
    return shards.file(name, len(parts), shards.size, tuple(shards.tensors.values()), {})


def _in_order(placed: Mapping[str, str], shards: _Shards) -> tuple[Tensor, ...]:
    """What was read, and what the index names beside it."""
    absent = [Tensor(key, (), "", 0, role_of(key, ""), missing=True) for key in placed if key not in shards.tensors]
    for tensor in absent:
        shards.stored[tensor.name] = Stored(tensor.name, (), "", why_not="lies in a file that is missing")
    return (*shards.tensors.values(), *absent)


def _weight_map(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Name of the file by name of the tensor; and facts."""
    index = load(read_text(path, _LARGEST_INDEX)[0])
    placed = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(index, dict) or not isinstance(placed, dict):
        raise ReadError("lists no weights", AGAIN)
    facts = facts_of(index.get("metadata"), Storages(), lambda key: False)
    named = {clean(str(key)[:_LONGEST_NAME]): clean(file) for key, file in placed.items() if isinstance(file, str)}
    return named, facts


def _is_name(shard: str) -> bool:
    """Whether it is a file in the same folder, and no index: a crafted one may name any."""
    plain = PurePosixPath(shard).name == shard and not set(shard) & {"\\", "\0"}
    return bool(shard) and plain and not shard.endswith(INDEX)


def _missing(name: str, lost: list[str]) -> Problem:
    what = f"names {counted(len(lost), 'file')} of weights that {'is' if len(lost) == 1 else 'are'} not beside it"
    return Problem("weights-missing", name, f"{what}: {lost[0][:80]!r}", "Copy all files of the checkpoint.")
