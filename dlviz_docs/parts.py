"""Which folders are runs, and which only a part of the run around them: a split, checkpoints, one logger of several.

Names decide. Where a folder of an event file could be a run or one of `add_scalars`, the reader peeks at its first tag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from dlviz_docs.names import split_of_folder
from dlviz_docs.readers import Reader

__all__ = ["LOGGER_FOLDER", "Folder", "Picture", "Signature", "Source", "mark_checkpoint_folders", "mark_runs"]

_CHECKPOINT_FOLDER = re.compile(r"^(checkpoint[-_]?\d*|checkpoints|ckpts?|weights|saved_models?)$", re.IGNORECASE)
LOGGER_FOLDER = re.compile(
    r"^(runs|logs?|csv|csv_logs?|vis_data|tb|tb_logs?|tensorboard|tensorboard_logs?|events|metrics|plots|dvclive|lightning_logs)$",
    re.IGNORECASE,
)
_ADD_HPARAMS = re.compile(r"^\d{10}\.\d+$")
"""torch's `add_hparams` writes into a child folder named by `time.time()`."""
_ADD_SCALARS = re.compile(r"_([A-Za-z]+)$")
"""torch's `add_scalars` writes into sibling folders `<tag>_<split>` beside the run's own file."""
_VERSION = re.compile(r"^version_\d+$")


@dataclass(frozen=True, slots=True)
class Signature:
    """What tells cheaply that a file is unchanged."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class Source:
    """One file, and who reads it."""

    path: str
    """Absolute."""
    relative: str
    """To the scanned folder."""
    reader: str
    signature: Signature
    split: str = ""
    """Of the folder it lies in: "train", "val", "test" or none."""
    part: str = ""
    """The folder it lies in, relative to its run."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a folder; there may be a hundred thousand of them."""

    name: str
    octets: int
    mtime_ns: int


@dataclass(slots=True, eq=False)
class Folder:
    """A folder while its place is being decided."""

    path: str
    relative: str
    sources: list[Source] = field(default_factory=list)
    children: list[Folder] = field(default_factory=list)
    about: list[Source] = field(default_factory=list)
    loose: list[Source] = field(default_factory=list)
    """Tables, arrays and the like that no log reader took: data or predictions, perhaps."""
    played: list[Source] = field(default_factory=list)
    """Films, HDF5 files that hold no model, and those loose NPZ files that list rewards: episodes, perhaps."""
    pictures: list[Picture] = field(default_factory=list)
    is_run: bool = False

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def walk(self) -> Iterator[Folder]:
        yield self
        for child in self.children:
            yield from child.walk()


def mark_runs(folder: Folder, readers: Mapping[str, Reader]) -> None:
    """Decide, from the leaves up, which folders are runs, and move the files of their parts into them."""
    for child in folder.children:
        mark_runs(child, readers)
    own = any(readers[source.reader].makes_run for source in folder.sources)
    bearing = [child for child in folder.children if any(f.is_run for f in child.walk())]
    commands = [] if own else [child for child in bearing if _is_command(child, bearing, readers)]
    resumable = any(child.is_run and _CHECKPOINT_FOLDER.match(child.name) for child in bearing)
    parts = [c for c in bearing if c.is_run and c not in commands and _is_part(c.name, beside_own=own or resumable)]
    splits = [child for child in parts if split_of_folder(child.name)]
    hydra = any(child.name == ".hydra" for child in folder.children)
    lifted = (
        len(bearing) == 1 and bearing[0].is_run and bool(LOGGER_FOLDER.match(bearing[0].name)) and bool(folder.relative)
    )
    folder.is_run = own or bool(splits) or resumable or hydra or lifted
    if not folder.is_run:
        return
    if lifted:
        parts = bearing
    elif splits and not own:
        # Beside train/ and validation/, a third folder ("cm" for a confusion matrix) is part of the same training.
        parts += [child for child in bearing if child.is_run and child not in parts]
    if own or resumable:
        # An HF output folder keeps its event files in runs/<date>_<host>/.
        parts += [c for b in bearing if b.name == "runs" and not b.is_run for c in b.children if c.is_run]
    if own:
        parts += [c for c in bearing if c not in parts and (_is_dvclive(c) or _are_scalars(c, folder, readers))]
    if own or hydra:
        parts += [run for b in bearing if b not in parts and (run := _only_version(b))]
    for part in parts:
        _absorb(folder, part)
    for child in folder.children:
        if not any(f.is_run for f in child.walk()):
            _absorb(folder, child)


def mark_checkpoint_folders(folder: Folder) -> None:
    """Where no metrics were found at all, a folder of checkpoints is a run: "checkpoints/" is its parent's."""
    for child in folder.children:
        mark_checkpoint_folders(child)
    parts = [child for child in folder.children if child.is_run and _CHECKPOINT_FOLDER.match(child.name)]
    folder.is_run = bool(parts) or any(source.reader == "checkpoint" for source in folder.sources)
    for part in parts:
        _absorb(folder, part)


def _is_command(child: Folder, bearing: Collection[Folder], readers: Mapping[str, Reader]) -> bool:
    """Whether a folder named for a split is a run of a command: Ultralytics' train/, train2/, with their settings."""
    split = split_of_folder(child.name)
    if not split or not child.is_run or any(split_of_folder(f.name) not in ("", split) for f in bearing):
        return False
    numbered = any(re.fullmatch(rf"{re.escape(child.name)}[-_]?\d+", f.name) for f in bearing)
    return numbered or any(source.reader == "hparams" for source in child.sources)


def _is_dvclive(child: Folder) -> bool:
    """Whether the folder is DVCLive's plots/, with all its curves in metrics/, beside metrics.json."""
    return child.name == "plots" and any(inner.name == "metrics" for inner in child.children)


def _only_version(child: Folder) -> Folder | None:
    """The one version in the folder of a Lightning logger: csv/version_0/."""
    if child.is_run or not LOGGER_FOLDER.match(child.name):
        return None
    found = [folder for folder in child.walk() if folder.is_run]
    return found[0] if len(found) == 1 and _VERSION.match(found[0].name) else None


@runtime_checkable
class _Peeks(Protocol):
    """A reader that tells what the first curves of a file are called, without reading all of it."""

    def first_tags(self, path: Path) -> Collection[str]: ...


def _are_scalars(child: Folder, folder: Folder, readers: Mapping[str, Reader]) -> bool:
    """Whether the folder's writer made the child for `add_scalars`: <tag>_<curve>/, tensorboardX' <tag>/<curve>/."""
    found = [source for inner in child.walk() for source in inner.sources]
    return bool(found) and all(_is_scalar(source, folder, readers[source.reader]) for source in found)


def _is_scalar(source: Source, folder: Folder, reader: Reader) -> bool:
    if not isinstance(reader, _Peeks):
        return False
    place = os.path.relpath(os.path.dirname(source.path), folder.path).replace(os.sep, "_")
    try:
        tags = {tag.replace("/", "_") for tag in reader.first_tags(Path(source.path))}
    except OSError:
        return False
    return len(tags) == 1 and place.startswith(f"{tags.pop()}_")


def _is_part(name: str, *, beside_own: bool) -> bool:
    if split_of_folder(name) or _CHECKPOINT_FOLDER.match(name) or _ADD_HPARAMS.match(name):
        return True
    if not beside_own:
        return False
    tag = _ADD_SCALARS.search(name)
    return bool(LOGGER_FOLDER.match(name)) or bool(tag and split_of_folder(tag[1]))


def _absorb(folder: Folder, part: Folder) -> None:
    """Make every file below `part` a file of `folder`."""
    for inner in list(part.walk()):
        place = os.path.relpath(inner.path, folder.path)
        tag = _ADD_SCALARS.search(inner.name)
        split = split_of_folder(inner.name) or (split_of_folder(tag[1]) if tag else "")
        for source in inner.sources:
            folder.sources.append(
                replace(
                    source, part=place if not source.part else f"{place}/{source.part}", split=source.split or split
                )
            )
        inner.sources.clear()
        inner.is_run = False
