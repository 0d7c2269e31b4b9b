"""Which folders are experiments, which of their folders are runs, and which reader takes which file.

Looks at names; only a reader may peek at the first bytes of a file whose name does not tell. The rules:

1. A folder with a metrics file is a run. Folders named for a split (`train`, `validation`), for checkpoints or for
   a logger are parts of the run around them.
2. A folder with `experiment.yml` or `README.md` is an experiment, with every run below it.
3. Elsewhere, sibling folders that are one run each belong to one experiment, as in TensorBoard's `runs/`;
   a folder with several runs is an experiment of its own, unless they are repetitions of one training, or folders of
   algorithms and environments stand beside each other: those are one benchmark of agents.
4. Data sets and predictions belong to the experiment they lie in; where there is only one, to that. A folder of them
   without any run is an experiment, too.

Symbolic links are not followed: what lies outside the scanned folder is never read.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from dlviz_docs.agent_words import is_algorithm, is_environment
from dlviz_docs.collect import (
    PICTURES,
    PLAYED,
    SAMPLES,
    SampleFiles,
    below,
    nobodys_samples,
    sample_folders,
    samples_of,
    why_unread,
)
from dlviz_docs.names import natural, unique_slugs
from dlviz_docs.parts import LOGGER_FOLDER, Folder, Picture, Signature, Source, mark_checkpoint_folders, mark_runs
from dlviz_docs.readers import Reader
from dlviz_docs.readers._rewards import may_hold_episodes
from dlviz_docs.seeds import group_of, seed_of

__all__ = ["ExperimentFolder", "LeftOut", "RunFolder", "SampleFiles", "Scan", "Signature", "Source", "scan"]

SKIPPED = frozenset(
    {".git", ".svn", ".hg", ".venv", ".cache", ".trash", "__pycache__", "node_modules", ".ipynb_checkpoints"}
    | {"__MACOSX", ".AppleDouble", ".thumbnails", ".thumbs", "@eaDir", "lost+found", "$RECYCLE.BIN", ".Trashes"}
)
ABOUT = frozenset({"experiment.yml", "experiment.yaml", "readme.md"})
_FOLD = re.compile(r"fold[-_ ]?\d+", re.IGNORECASE)
_OF_AGENTS = frozenset({"monitor", "evaluations"})
DEEPEST = 24
"""Folders nested deeper than this are left out, and said to be."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One folder of metrics; usually one run."""

    name: str
    """Relative to its experiment, without a logger's folder around all runs; its own name for the folder itself."""
    sources: tuple[Source, ...]
    is_experiment: bool = False
    """Whether this is the experiment's own folder."""
    settings: tuple[Source, ...] = ()
    """Settings above it, which it shares with other runs; outermost first."""
    place: str = "."
    """The folder, relative to its experiment's."""


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
    """Settings and checkpoints above several runs."""
    about: tuple[Source, ...] = ()
    """experiment.yml and README.md."""
    samples: SampleFiles | None = None
    weights: tuple[Source, ...] = ()
    """Checkpoints that no run lies beside or below."""

    @property
    def models(self) -> tuple[Source, ...]:
        """Checkpoints and exported models, of one run, of several, or of none."""
        sources = (*self.shared, *(source for run in self.runs for source in run.sources), *self.weights)
        return tuple(source for source in sources if source.reader == "checkpoint")


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


def scan(root: Path, readers: Mapping[str, Reader], exclude: Sequence[str] = ()) -> Scan:
    """What lies under `root`; an empty scan when nothing is a run."""
    left_out: list[LeftOut] = []
    top = _Walk(root.resolve(), readers, tuple(exclude), left_out).folder("", 0)
    mark_runs(top, readers)
    if not any(folder.is_run for folder in top.walk()):
        mark_checkpoint_folders(top)
    found = _experiments(top, top=True)
    found += [(folder, []) for folder in sample_folders(top, [folder for folder, _ in found])]
    found += [one for folder in _apart(top, {f.path for f, _ in found}) for one in _of_checkpoints(folder)]
    slugs = unique_slugs([_title(folder, top) for folder, _ in found])
    experiments = [
        _experiment(f, runs, slug, top, alone=len(found) == 1) for (f, runs), slug in zip(found, slugs, strict=True)
    ]
    experiments = _with_samples(experiments, [folder for folder, _ in found], top)
    taken = {source.path for e in experiments for run in e.runs for source in run.sources}
    taken |= {source.path for e in experiments for source in (*e.shared, *e.about)}
    experiments = _with_weights(experiments, [folder for folder, _ in found], top, taken)
    taken |= {source.path for e in experiments for source in e.weights}
    for folder in top.walk():
        if left := [source for source in folder.sources if source.path not in taken]:
            above = any(inner.is_run for inner in folder.walk())
            why = "it lies above several experiments" if above else "no run lies beside or below it"
            left_out += [LeftOut(source.relative, why) for source in left]
    left_out += [
        LeftOut(relative, why_unread(relative))
        for relative in nobodys_samples(top, [e.samples for e in experiments if e.samples])
    ]
    return Scan(str(root.resolve()), tuple(experiments), tuple(sorted(left_out, key=lambda item: item.path)))


@dataclass(frozen=True, slots=True)
class _Walk:
    """The walk over names: claims files for readers, and notes what nobody takes."""

    root: Path
    readers: Mapping[str, Reader]
    exclude: tuple[str, ...]
    left_out: list[LeftOut]

    def folder(self, relative: str, depth: int) -> Folder:
        folder = Folder(os.path.join(self.root, relative) if relative else str(self.root), relative)
        try:
            entries = sorted(os.scandir(folder.path), key=lambda entry: natural(entry.name))
        except OSError as error:
            self.left_out.append(LeftOut(relative or ".", f"cannot be listed: {error.strerror}"))
            return folder
        for entry in entries:
            self._entry(folder, entry, f"{relative}/{entry.name}" if relative else entry.name, depth)
        return folder

    def _entry(self, folder: Folder, entry: os.DirEntry[str], relative: str, depth: int) -> None:
        if why := self._refusal(entry, relative, depth):
            self.left_out.append(LeftOut(relative, why))
        elif entry.is_dir(follow_symlinks=False):
            folder.children.append(self.folder(relative, depth + 1))
        elif entry.name.lower() in ABOUT:
            folder.about.append(_source(entry, relative, "about"))
        elif (suffix := os.path.splitext(entry.name)[1].lower()) in PICTURES:
            status = entry.stat(follow_symlinks=False)
            folder.pictures.append(Picture(entry.name, status.st_size, status.st_mtime_ns))
        elif reader := self._reader(Path(entry.path)):
            folder.sources.append(_source(entry, relative, reader))
        elif suffix in SAMPLES:
            folder.loose.append(_source(entry, relative, ""))
            if suffix == ".npz" and may_hold_episodes(Path(entry.path)):
                folder.played.append(folder.loose[-1])
        elif suffix in PLAYED:
            folder.played.append(_source(entry, relative, ""))
        else:
            self.left_out.append(LeftOut(relative, why_unread(entry.name)))

    def _refusal(self, entry: os.DirEntry[str], relative: str, depth: int) -> str:
        if entry.is_symlink():
            return "a symbolic link: what it points to may lie outside this folder"
        if any(fnmatchcase(relative, pattern) for pattern in self.exclude):
            return "excluded by the options"
        if entry.is_dir(follow_symlinks=False):
            if entry.name in SKIPPED:
                return "a folder of tools, not of results"
            return "nested too deep" if depth >= DEEPEST else ""
        if entry.name.startswith("._"):
            return "what macOS keeps beside a file, not the file"
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


def _experiments(folder: Folder, *, top: bool = False) -> list[tuple[Folder, list[Folder]]]:
    """The experiments at and below a folder, each with its runs."""
    runs = [f for f in folder.walk() if f.is_run]
    if not runs:
        return []
    if folder.is_run or (folder.about and not top):
        return [(folder, runs)]
    if _are_benchmark([child for child in folder.children if any(f.is_run for f in child.walk())]):
        return [(folder, runs)]
    own: list[Folder] = []
    single: list[tuple[Folder, list[Folder]]] = []
    for child in folder.children:
        inner = [f for f in child.walk() if f.is_run]
        if (len(inner) > 1 and not _are_repetitions(inner)) or (inner and _is_described(child)):
            own.append(child)
        elif inner:
            single.append((child, inner))
    if len(own) == 1 and not single:
        inside = _experiments(own[0])
        # The folder above a lone runs/ carries the better name, unless it is the one that was given.
        return [(folder, inside[0][1])] if len(inside) == 1 and not top and not inside[0][0].about else inside
    result = [experiment for child in own for experiment in _experiments(child)]
    if len(single) == 1:
        result.append(single[0])
    elif single:
        result.append((folder, [run for _, runs in single for run in runs]))
    return result


def _are_repetitions(runs: Sequence[Folder]) -> bool:
    """Whether folders side by side differ in seed or fold alone: one training, to be compared with its siblings."""
    if len({os.path.dirname(run.path) for run in runs}) > 1:
        return False
    if all(_FOLD.fullmatch(run.name) for run in runs):
        return True
    seeds = [seed_of(run.name, {}) for run in runs]
    return None not in seeds and len({group_of(run.name, seed) for run, seed in zip(runs, seeds, strict=True)}) == 1


def _are_benchmark(children: Sequence[Folder]) -> bool:
    """Whether folders side by side are algorithms and environments of one comparison, and none is described apart.

    Their names tell: ppo/, dqn/, or Ant-v3/, Hopper-v3/ with ppo/, sac/ in them. Other names do where the same
    environments lie in them, with the monitors or evaluations of agents.
    """
    if len(children) < 2 or any(map(_is_described, children)):
        return False
    inside = [{f.name for f in child.walk() if f is not child} for child in children]
    algorithms = {name for name in set.union(*inside, {child.name for child in children}) if is_algorithm(name)}
    if all(is_algorithm(child.name) or is_environment(child.name) for child in children):
        return len(algorithms) > 1
    agents = all(any(s.reader in _OF_AGENTS for f in child.walk() for s in f.sources) for child in children)
    return agents and any(is_environment(name) for name in set.intersection(*inside))


def _is_described(folder: Folder) -> bool:
    return any(f.about for f in folder.walk())


def _title(folder: Folder, top: Folder) -> str:
    return folder.relative or top.name or "experiments"


def _with_samples(experiments: list[ExperimentFolder], folders: list[Folder], top: Folder) -> list[ExperimentFolder]:
    """Each with its data and predictions; where there is only one experiment, all of the scanned folder is its own."""
    if len(experiments) == 1:
        whole = top if experiments[0].runs else folders[0]
        return [replace(experiments[0], samples=samples_of(whole, frozenset()))]
    taken = frozenset(folder.path for folder in folders)
    return [replace(e, samples=samples_of(f, taken)) for e, f in zip(experiments, folders, strict=True)]


def _apart(folder: Folder, experiments: Collection[str]) -> Iterator[Folder]:
    """The highest folders below that neither are, nor hold, nor lie in an experiment."""
    if folder.path in experiments:
        return
    for child in folder.children:
        if any(inner.path in experiments for inner in child.walk()):
            yield from _apart(child, experiments)
        else:
            yield child


def _of_checkpoints(folder: Folder) -> list[tuple[Folder, list[Folder]]]:
    """Folders of checkpoints alone, which are experiments for their models."""
    mark_checkpoint_folders(folder)
    return _experiments(folder)


def _with_weights(
    experiments: list[ExperimentFolder], folders: list[Folder], top: Folder, taken: Collection[str]
) -> list[ExperimentFolder]:
    """Each with the checkpoints in its folder that are of no run: what it started from, or what it was exported to."""
    paths = frozenset(folder.path for folder in folders)
    wholes = [top] if len(folders) == 1 else folders
    loose = [
        tuple(
            source
            for inner in below(whole, paths - {folder.path})
            for source in inner.sources
            if source.reader == "checkpoint" and source.path not in taken
        )
        for whole, folder in zip(wholes, folders, strict=True)
    ]
    return [replace(e, weights=weights) for e, weights in zip(experiments, loose, strict=True)]


def _experiment(folder: Folder, runs: list[Folder], slug: str, top: Folder, *, alone: bool) -> ExperimentFolder:
    """`alone` when there is no other: then what lies above it in the scanned folder is of its runs, too."""
    highest = top if alone else folder
    named_from = _above_runs(folder, runs) if runs else folder.path
    own = {run.path for run in runs}
    lines = {run.path: [path for path in _ancestors(run.path, highest.path) if path not in own] for run in runs}
    below = Counter(path for line in lines.values() for path in line)
    sources = {f.path: f.sources for f in highest.walk() if f.path in below}
    inside = []
    for run in runs:
        single = [_from(source, run) for path in lines[run.path] if below[path] == 1 for source in sources[path]]
        settings = [s for path in lines[run.path] if below[path] > 1 for s in sources[path] if s.reader == "hparams"]
        inside.append(replace(_run(run, folder, named_from, single), settings=tuple(settings)))
    return ExperimentFolder(
        slug=slug,
        name=_title(folder, top),
        path=folder.path,
        relative=folder.relative or ".",
        runs=tuple(sorted(inside, key=lambda run: natural(run.name))),
        shared=tuple(s for path, found in sources.items() if below[path] > 1 for s in found),
        about=tuple(folder.about)
        or (tuple(s for s in top.about if not s.path.lower().endswith(".md")) if alone else ()),
    )


def _from(source: Source, run: Folder) -> Source:
    """What lies above one run only, such as the checkpoints of mmengine, is a file of that run."""
    return replace(source, part=os.path.relpath(os.path.dirname(source.path), run.path))


def _above_runs(folder: Folder, runs: list[Folder]) -> str:
    """What run names are relative to: the experiment, or its only folder if a logger named it ("runs", "logs")."""
    if any(run is folder for run in runs):
        return folder.path
    common = os.path.commonpath([os.path.dirname(run.path) for run in runs])
    inside = os.path.relpath(common, folder.path).split(os.sep)
    return os.path.join(folder.path, inside[0]) if LOGGER_FOLDER.match(inside[0]) else folder.path


def _ancestors(path: str, top: str) -> list[str]:
    """The folders above this one up to `top`, outermost first."""
    found = []
    while path != top:
        path = os.path.dirname(path)
        found.append(path)
    return found[::-1]


def _run(run: Folder, experiment: Folder, above: str, more: Sequence[Source]) -> RunFolder:
    name = os.path.relpath(run.path, above)
    own = sorted(run.sources, key=lambda source: (source.part, natural(os.path.basename(source.path))))
    place = os.path.relpath(run.path, experiment.path)
    return RunFolder(run.name if name == "." else name, (*more, *own), run is experiment, place=place)
