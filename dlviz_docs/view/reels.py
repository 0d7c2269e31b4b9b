"""Pictures that follow one another, and films: what a player of episodes shows, by the keys its figure asks with.

A spec that has `reels` (keys of `reel_key`) or `films` (paths of `Video.path`) gets them made by the engine; its
section then has what was made, by the same keys. What could not be made is missing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["HasFilms", "HasReels", "Reel", "reel_key"]


@dataclass(frozen=True, slots=True)
class Reel:
    """The pictures of one episode in order, row by row in one sheet after the other."""

    paths: tuple[str, ...]
    """Of the sheets, relative to the site's root: WebP."""
    width: int
    """Of each picture, in px."""
    height: int
    columns: int
    """Pictures in a row of a sheet."""
    each: int
    """Pictures of a sheet; the last one may have fewer."""
    frames: int
    """Pictures in all: as many as `Frames.steps` of the episode."""


@runtime_checkable
class HasReels(Protocol):
    """A spec that shows pictures of episodes."""

    @property
    def reels(self) -> tuple[str, ...]:
        """Keys of the episodes."""
        ...


@runtime_checkable
class HasFilms(Protocol):
    """A spec that shows films."""

    @property
    def films(self) -> tuple[str, ...]:
        """Their paths, relative to the experiment."""
        ...


def reel_key(recording: str, episode: str) -> str:
    """What the pictures of an episode are asked for by: the names of its recording and of itself."""
    return f"{recording}#{episode}"
