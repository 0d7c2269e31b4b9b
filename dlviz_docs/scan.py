"""Which folders are experiments, which of their folders are runs, and which reader takes which file.

Looks at names; only a reader may peek at the first bytes of a file whose name does not tell. The rules:

1. A folder with a metrics file is a run. Folders named for a split (`train`, `validation`), for checkpoints or for
   a logger are parts of the run around them.
2. A folder with `experiment.yml` or `README.md` is an experiment, with every run below it.
3. Elsewhere, sibling folders that are one run each belong to one experiment, as in TensorBoard's `runs/`;
   a folder with several runs is an experiment of its own.

Symbolic links are not followed: what lies outside the scanned folder is never read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from dlviz_docs.names import natural, split_of_folder, unique_slugs
from dlviz_docs.readers import Reader

__all__ = ["ExperimentFolder", "LeftOut", "RunFolder", "Scan", "Signature", "Source", "scan"]

SKIPPED = frozenset(
    {".git", ".svn", ".hg", ".venv", ".cache", ".trash", "__pycache__", "node_modules", ".ipynb_checkpoints"}
)
ABOUT = frozenset({"experiment.yml", "experiment.yaml", "readme.md"})
DEEPEST = 24
"""Folders nested deeper than this are left out, and said to be."""

_CHECKPOINT_FOLDER = re.compile(r"^(checkpoint[-_]?\d*|checkpoints|ckpts?|weights|saved_models?)$", re.IGNORECASE)
_LOGGER_FOLDER = re.compile(
    r"^(runs|logs?|csv_logs?|tb|tb_logs?|tensorboard|tensorboard_logs?|events|metrics|plots|dvclive|lightning_logs)$",
    re.IGNORECASE,
)
_ADD_HPARAMS = re.compile(r"^\d{10}\.\d+$")
"""torch's `add_hparams` writes into a child folder named by `time.time()`."""
_ADD_SCALARS = re.compile(r"_([A-Za-z]+)$")
"""torch's `add_scalars` writes into sibling folders `<tag>_<split>` beside the run's own file."""


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
class RunFolder:
    """One folder of metrics; usually one run."""

    name: str
    """Relative to its experiment, without a logger's folder around all runs; its own name for the folder itself."""
    sources: tuple[Source, ...]
    is_experiment: bool = False
    """Whether this is the experiment's own folder."""


@dataclass(frozen=True, slots=True)
class ExperimentFolder:
    """A folder of runs."""

    slug: str
    name: str
    path: str
    """Absolute."""
    relative: str
    """To the scanned folder; "." for that folder itself."""
    runs: tuple[RunFolder, ...]
    shared: tuple[Source, ...] = ()
    """Settings and checkpoints above the runs."""
    about: tuple[Source, ...] = ()
    """experiment.yml and README.md."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that belongs to no run, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Scan:
    """All that was found under one folder."""

    root: str
    experiments: tuple[ExperimentFolder, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(slots=True, eq=False)
class _Folder:
    """A folder while its place is being decided."""

    path: str
    relative: str
    sources: list[Source] = field(default_factory=list)
    children: list[_Folder] = field(default_factory=list)
    about: list[Source] = field(default_factory=list)
    is_run: bool = False

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def walk(self) -> Iterator[_Folder]:
        yield self
        for child in self.children:
            yield from child.walk()


def scan(root: Path, readers: Mapping[str, Reader], exclude: Sequence[str] = ()) -> Scan:
    """What lies under `root`; an empty scan when nothing is a run."""
    left_out: list[LeftOut] = []
    top = _Walk(root.resolve(), readers, tuple(exclude), left_out).folder("", 0)
    _mark_runs(top, readers)
    if not any(folder.is_run for folder in top.walk()):
        _mark_checkpoint_folders(top)
    found = _experiments(top, top=True)
    slugs = unique_slugs([_title(folder, top) for folder, _ in found])
    experiments = [_experiment(f, runs, slug, top) for (f, runs), slug in zip(found, slugs, strict=True)]
    taken = {source.path for e in experiments for run in e.runs for source in run.sources}
    taken |= {source.path for e in experiments for source in (*e.shared, *e.about)}
    for folder in top.walk():
        left_out += [
            LeftOut(s.relative, "no run lies beside or below it") for s in folder.sources if s.path not in taken
        ]
    return Scan(str(root.resolve()), tuple(experiments), tuple(sorted(left_out, key=lambda item: item.path)))


@dataclass(frozen=True, slots=True)
class _Walk:
    """The walk over names: claims files for readers, and notes what nobody takes."""

    root: Path
    readers: Mapping[str, Reader]
    exclude: tuple[str, ...]
    left_out: list[LeftOut]

    def folder(self, relative: str, depth: int) -> _Folder:
        folder = _Folder(os.path.join(self.root, relative) if relative else str(self.root), relative)
        try:
            entries = sorted(os.scandir(folder.path), key=lambda entry: natural(entry.name))
        except OSError as error:
            self.left_out.append(LeftOut(relative or ".", f"cannot be listed: {error.strerror}"))
            return folder
        for entry in entries:
            self._entry(folder, entry, f"{relative}/{entry.name}" if relative else entry.name, depth)
        return folder

    def _entry(self, folder: _Folder, entry: os.DirEntry[str], relative: str, depth: int) -> None:
        if why := self._refusal(entry, relative, depth):
            self.left_out.append(LeftOut(relative, why))
        elif entry.is_dir(follow_symlinks=False):
            folder.children.append(self.folder(relative, depth + 1))
        elif entry.name.lower() in ABOUT:
            folder.about.append(_source(entry, relative, "about"))
        elif reader := self._reader(Path(entry.path)):
            folder.sources.append(_source(entry, relative, reader))
        else:
            self.left_out.append(LeftOut(relative, "no reader knows this kind of file"))

    def _refusal(self, entry: os.DirEntry[str], relative: str, depth: int) -> str:
        if entry.is_symlink():
            return "a symbolic link: what it points to may lie outside this folder"
        if any(fnmatchcase(relative, pattern) for pattern in self.exclude):
            return "excluded by the options"
        if entry.is_dir(follow_symlinks=False):
            if entry.name in SKIPPED:
                return "a folder of tools, not of results"
            return "nested too deep" if depth >= DEEPEST else ""
        return "" if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode) else "not a regular file"

    def _reader(self, path: Path) -> str:
        for name, reader in self.readers.items():
            try:
                if reader.matches(path):
                    return name
            except OSError as error:
                self.left_out.append(LeftOut(str(path.relative_to(self.root)), f"cannot be opened: {error.strerror}"))
                return ""
        return ""


def _source(entry: os.DirEntry[str], relative: str, reader: str) -> Source:
    status = entry.stat(follow_symlinks=False)
    return Source(entry.path, relative, reader, Signature(status.st_size, status.st_mtime_ns, status.st_ino))


def _mark_runs(folder: _Folder, readers: Mapping[str, Reader]) -> None:
    """Decide, from the leaves up, which folders are runs, and move the files of their parts into them."""
    for child in folder.children:
        _mark_runs(child, readers)
    own = any(readers[source.reader].makes_run for source in folder.sources)
    bearing = [child for child in folder.children if any(f.is_run for f in child.walk())]
    parts = [child for child in bearing if child.is_run and _is_part(child.name, beside_own=own)]
    splits = [child for child in parts if split_of_folder(child.name)]
    resumable = [child for child in parts if _CHECKPOINT_FOLDER.match(child.name)]
    hydra = any(child.name == ".hydra" for child in folder.children)
    lifted = (
        len(bearing) == 1
        and bearing[0].is_run
        and bool(_LOGGER_FOLDER.match(bearing[0].name))
        and bool(folder.relative)
    )
    folder.is_run = own or bool(splits) or bool(resumable) or hydra or lifted
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
    for part in parts:
        _absorb(folder, part)
    for child in folder.children:
        if not any(f.is_run for f in child.walk()):
            _absorb(folder, child)


def _is_part(name: str, *, beside_own: bool) -> bool:
    if split_of_folder(name) or _CHECKPOINT_FOLDER.match(name) or _ADD_HPARAMS.match(name):
        return True
    if not beside_own:
        return False
    tag = _ADD_SCALARS.search(name)
    return bool(_LOGGER_FOLDER.match(name)) or bool(tag and split_of_folder(tag[1]))


def _absorb(folder: _Folder, part: _Folder) -> None:
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


def _mark_checkpoint_folders(top: _Folder) -> None:
    """Where no metrics were found at all, a folder of checkpoints is a run."""
    for folder in top.walk():
        folder.is_run = any(source.reader == "checkpoint" for source in folder.sources)


def _experiments(folder: _Folder, *, top: bool = False) -> list[tuple[_Folder, list[_Folder]]]:
    """The experiments at and below a folder, each with its runs."""
    runs = [f for f in folder.walk() if f.is_run]
    if not runs:
        return []
    if folder.is_run or (folder.about and not top):
        return [(folder, runs)]
    own: list[_Folder] = []
    single: list[tuple[_Folder, _Folder]] = []
    for child in folder.children:
        inner = [f for f in child.walk() if f.is_run]
        if len(inner) > 1 or (inner and _is_described(child)):
            own.append(child)
        elif inner:
            single.append((child, inner[0]))
    if len(own) == 1 and not single:
        inside = _experiments(own[0])
        # The folder above a lone runs/ carries the better name, unless it is the one that was given.
        return [(folder, inside[0][1])] if len(inside) == 1 and not top else inside
    result = [experiment for child in own for experiment in _experiments(child)]
    if len(single) == 1:
        child, run = single[0]
        result.append((child, [run]))
    elif single:
        result.append((folder, [run for _, run in single]))
    return result


def _is_described(folder: _Folder) -> bool:
    return any(f.about for f in folder.walk())


def _title(folder: _Folder, top: _Folder) -> str:
    return folder.relative or top.name or "experiments"


def _experiment(folder: _Folder, runs: list[_Folder], slug: str, top: _Folder) -> ExperimentFolder:
    named_from = _above_runs(folder, runs)
    inside = [_run(run, folder, named_from) for run in runs]
    above = _ancestors(run.path for run in runs) - {run.path for run in runs}
    shared = tuple(s for f in folder.walk() if f.path in above for s in f.sources)
    return ExperimentFolder(
        slug=slug,
        name=_title(folder, top),
        path=folder.path,
        relative=folder.relative or ".",
        runs=tuple(sorted(inside, key=lambda run: natural(run.name))),
        shared=shared,
        about=tuple(folder.about),
    )


def _above_runs(folder: _Folder, runs: list[_Folder]) -> str:
    """What run names are relative to: the experiment, or its only folder if a logger named it ("runs", "logs")."""
    if any(run is folder for run in runs):
        return folder.path
    common = os.path.commonpath([os.path.dirname(run.path) for run in runs])
    inside = os.path.relpath(common, folder.path).split(os.sep)
    return os.path.join(folder.path, inside[0]) if _LOGGER_FOLDER.match(inside[0]) else folder.path


def _ancestors(paths: Iterable[str]) -> set[str]:
    """Every folder above these."""
    found: set[str] = set()
    for path in paths:
        while (path := os.path.dirname(path)) not in found:
            found.add(path)
    return found


def _run(run: _Folder, experiment: _Folder, above: str) -> RunFolder:
    name = os.path.relpath(run.path, above)
    sources = sorted(run.sources, key=lambda source: (source.part, natural(os.path.basename(source.path))))
    return RunFolder(run.name if name == "." else name, tuple(sources), is_experiment=run is experiment)
