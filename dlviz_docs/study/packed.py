"""What a study leaves in the cache: finished sections with figures as data, and the pictures they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from dlviz_docs.model import Insight, Problem
from dlviz_docs.packing import decode, encode
from dlviz_docs.view import Fact, Figure, Reel, Section, Spec, Sprite

__all__ = ["WEBP", "Study", "packed", "sections_of", "word_of"]

WEBP = ".webp"
_SPECS: dict[str, type] = {kind.__name__: kind for kind in get_args(Spec)}


@dataclass(frozen=True, slots=True)
class _Packed:
    """A figure as the cache keeps it: its spec by the name of its type."""

    figure: tuple[str, str, str, str, str]
    kind: str
    spec: bytes


@dataclass(frozen=True, slots=True)
class _PackedSection:
    topic: str
    title: str
    insights: tuple[Insight, ...]
    figures: tuple[_Packed, ...]
    problems: tuple[Problem, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """What there is to show of one subject of an experiment; nothing where it has none."""

    sections: tuple[_PackedSection, ...] = ()
    thumbs: tuple[tuple[str, str], ...] = ()
    """Word for a picture of a size, and its name in the cache."""
    sprites: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = ()
    """Identifier of a figure; name in the cache, side of a tile, tiles in a row, keys in order."""
    report: str = ""
    """For experiments.json."""
    told: tuple[Problem, ...] = ()
    """Problems of files that belong to no topic."""
    kept: tuple[tuple[str, str], ...] = ()
    """What running models showed: path of the model relative to the experiment, name in the cache."""
    needs: tuple[str, ...] = ()
    """Names in the cache of what was read for it and serves another study of the same files."""
    reels: tuple[tuple[str, tuple[str, ...], int, int, int, int, int], ...] = ()
    """Key of an episode; names of its sheets in the cache; then as `Reel` has them: width, height, columns, pictures
    of a sheet, pictures in all."""
    films: tuple[tuple[str, str, str], ...] = ()
    """Path of a film in the experiment; name in the cache, suffix."""
    plays: tuple[tuple[str, str], ...] = ()
    """Figure and key of an episode, "player#3"; name of the script with its steps in the cache."""

    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return (*self.told, *(problem for section in self.sections for problem in section.problems))

    def files(self) -> frozenset[str]:
        """Names in the cache of all pictures."""
        sheets = [name for _, names, *_ in self.reels for name in names]
        return frozenset([name for _, name in self.thumbs] + [name for _, name, *_ in self.sprites] + sheets)


def packed(sections: Iterable[Section]) -> tuple[_PackedSection, ...]:
    """The sections as the cache keeps them."""
    return tuple(_section(section) for section in sections)


def _section(section: Section) -> _PackedSection:
    figures = tuple(
        _Packed((f.id, f.title, f.caption, f.group, f.page), type(f.spec).__name__, encode(f.spec))
        for f in section.figures
    )
    return _PackedSection(section.topic, section.title, section.insights, figures, section.problems, section.facts)


def word_of(side: int, key: str) -> str:
    """One word for a picture in one size."""
    return f"{side}/{key}"


def sections_of(studies: Sequence[Study], slug: str) -> Iterator[Section]:
    """The sections of all, with the addresses of their pictures in the site: one may show what another made."""
    thumbs = {word: f"{slug}/pictures/{name}{WEBP}" for study in studies for word, name in study.thumbs}
    films = {path: f"{slug}/films/{name}{suffix}" for study in studies for path, name, suffix in study.films}
    for study in studies:
        reels = {
            key: Reel(tuple(f"{slug}/pictures/{name}{WEBP}" for name in names), *told)
            for key, names, *told in study.reels
        }
        plays = {word: f"{slug}/data/{name}.js" for word, name in study.plays}
        sprites = {
            figure: Sprite(f"{slug}/pictures/{name}{WEBP}", tile, columns, keys)
            for figure, name, tile, columns, keys in study.sprites
        }
        for one in study.sections:
            figures = tuple(_unpacked(figure) for figure in one.figures)
            section = Section(one.topic, one.title, one.insights, figures, one.problems, facts=one.facts)
            yield replace(section, thumbs=thumbs, sprites=sprites, reels=reels, films=films, plays=plays)


def _unpacked(one: _Packed) -> Figure:
    id, title, caption, group, page = one.figure  # noqa: A001  (the figure's word)
    spec: Spec = decode(one.spec, _SPECS[one.kind])
    return Figure(id, title, caption, spec, group, page)
