"""What is asked of the readers of samples, and how they say which file is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dlviz_docs.options import DataEntry, ResultEntry

__all__ = ["DataEntry", "Found", "PictureFolder", "Plan", "Planned", "ResultEntry"]


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """The pictures of one folder: names only, since there may be a hundred thousand."""

    path: str
    """Relative to the experiment; "." for its own folder."""
    names: tuple[str, ...]
    octets: tuple[int, ...]
    """Bytes of each."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an experiment's folder holds beside its logs."""

    root: Path
    """The experiment's folder."""
    files: tuple[str, ...] = ()
    """Tables, arrays, JSON and text files that no log reader took: paths relative to the root, in natural order."""
    pictures: tuple[PictureFolder, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict)
    """Slug of the run by its folder relative to the root ("." for the root itself)."""
    data: tuple[DataEntry, ...] = ()
    results: tuple[ResultEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """One data set, or the predictions of one model: its files and what each is."""

    name: str
    files: tuple[tuple[str, str], ...]
    """Path relative to the experiment, and its part: "table", "pictures", "labels", "features", "coco", "truth",
    "predicted", "probabilities", "ids", "masks", "true masks", ..."""
    splits: tuple[str, ...] = ()
    """Of each file, as its name or folder says; "" for none."""
    run: str = ""
    data: DataEntry | None = None
    result: ResultEntry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are read, and as what."""

    datasets: tuple[Planned, ...] = ()
    predictions: tuple[Planned, ...] = ()
    targets: tuple[str, ...] = ()
    """Columns that the form of a submission asks for."""
    left: tuple[tuple[str, str], ...] = ()
    """Files that belong to none, and why."""
