"""What is asked of the readers of episodes, and how they say which file is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = ["Form", "Found", "Limits", "Plan", "Planned"]

Form: TypeAlias = Literal["npz", "hdf5", "arrow", "films", "map"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept of what files hold; of more, a part, and that is said."""

    most_recordings: int = 200
    most_episodes: int = 100
    """Of a recording."""
    most_steps: int = 200_000
    """Of a recording."""
    most_numbers: int = 8_000_000
    """Of the observations of a recording."""
    most_pixels: int = 128_000_000
    """Bytes of the pictures of a recording."""
    most_bytes: int = 4_000_000_000
    """Unpacked from one array."""
    all_numbers: int = 60_000_000
    all_pixels: int = 800_000_000

    def shared(self, recordings: int) -> Limits:
        """For each of so many, so that all together stay within what one build may hold."""
        parts = max(recordings, 1)
        return replace(
            self,
            most_numbers=min(self.most_numbers, self.all_numbers // parts),
            most_pixels=min(self.most_pixels, self.all_pixels // parts),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What an experiment's folder holds that may be episodes."""

    root: Path
    """The folder that paths are relative to."""
    files: tuple[str, ...] = ()
    """NPZ, Arrow and HDF5 files, films, metadata.json and *.meta.json, in natural order."""
    runs: Mapping[str, str] = field(default_factory=dict)
    """Name of the run by its folder relative to the root ("." for the root itself)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One recording: its files, and whose they are."""

    form: Form
    files: tuple[str, ...]
    """Relative to the root."""
    source: str
    """The file, or the folder of several."""
    run: str = ""
    """Name of the run; "" for none."""
    folder: str = ""
    """The folder of that run."""
    step: float | None = None
    """Where the name tells it."""
    told: tuple[str, ...] = ()
    """Files that say more: a metadata.json of Minari, the .meta.json of a film."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are read, and as what."""

    recordings: tuple[Planned, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    """Files of kinds that only episodes come in here, and why they are none."""

    @property
    def files(self) -> frozenset[str]:
        """All that nobody else needs to look at."""
        return frozenset(path for one in self.recordings for path in (*one.files, *one.told))
