"""The pictures of episodes as sheets, and films, as figures ask for them: each once as a file of the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from dlviz_docs.cache import Cache
from dlviz_docs.model import Episodes, Frames, Problem
from dlviz_docs.study.packed import WEBP
from dlviz_docs.view import Figure, HasFilms, HasReels, reel_key

__all__ = ["LARGEST_FILM", "Reels"]

LARGEST_FILM = 25_000_000
"""Bytes of a film that is copied into the site."""
ALL_FILMS = 100_000_000
"""Bytes of all films of an experiment."""


@dataclass(slots=True)
class Reels:
    """Makes what figures ask for."""

    root: Path
    """What paths of films are relative to."""
    episodes: Episodes
    cache: Cache
    problems: list[Problem] = field(default_factory=list)
    """Of films that are too large, or gone."""

    def sheets(self, figures: Iterable[Figure]) -> Iterator[tuple[str, tuple[str, ...], int, int, int, int, int]]:
        """As `Study.reels` has them; nothing for an episode without pictures."""
        from dlviz_docs.readers.episodes.sheets import sheets

        frames = self._frames()
        wanted = dict.fromkeys(key for f in figures if isinstance(f.spec, HasReels) for key in f.spec.reels)
        for key in wanted:
            if key in frames and len(frames[key].steps):
                made = sheets(frames[key].pixels)
                names = tuple(self.cache.put_file(content, WEBP) for content in made.contents)
                yield key, names, made.width, made.height, made.columns, made.each, len(frames[key].steps)

    def _frames(self) -> dict[str, Frames]:
        return {
            reel_key(recording.name, episode.name): episode.frames
            for recording in self.episodes.recordings
            for episode in recording.episodes
            if episode.frames is not None
        }

    def films(self, figures: Iterable[Figure]) -> Iterator[tuple[str, str, str]]:
        """As `Study.films` has them, the first ones asked for first."""
        from dlviz_docs.readers.episodes.films import film

        known = {video.path: video.size for one in self.episodes.recordings for video in one.videos}
        wanted = dict.fromkeys(path for f in figures if isinstance(f.spec, HasFilms) for path in f.spec.films)
        left = ALL_FILMS
        for path in [path for path in wanted if path in known]:
            content = film(self.root / path, LARGEST_FILM)
            if content is None or len(content) > left:
                self.problems.append(
                    _not_copied(path, known[path], gone=content is None and known[path] <= LARGEST_FILM)
                )
                continue
            left -= len(content)
            suffix = PurePosixPath(path).suffix.lower()
            yield path, self.cache.put_file(content, suffix), suffix


def _not_copied(path: str, size: int, *, gone: bool) -> Problem:
    if gone:
        return Problem("film-unreadable", path, "is no film that can be read; it is not shown", "Record it again.")
    most, all_ = LARGEST_FILM // 1_000_000, ALL_FILMS // 1_000_000
    what = (
        f"a film of {size / 1e6:,.0f} MB is not copied: {most} MB of one film, and {all_} MB of all, go into the site"
    )
    return Problem(
        "film-too-large", path, what, "Make it smaller: ffmpeg -i film.mp4 -vf scale=320:-2 -crf 30 small.mp4"
    )
