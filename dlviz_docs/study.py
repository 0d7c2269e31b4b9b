"""Read and draw the data and the predictions of one experiment: a job of a worker, done once for the same files.

What goes on from here are finished sections, figures as data, and the pictures they show as files of the cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, get_args

import numpy as np

from dlviz_docs import cache as caching
from dlviz_docs import names
from dlviz_docs.cache import Cache
from dlviz_docs.charts.palette import LIGHT
from dlviz_docs.collect import SampleFiles
from dlviz_docs.model import Dataset, Experiment, Insight, Pictures, Predictions, Problem, Samples
from dlviz_docs.options import About, ResultEntry, Selection
from dlviz_docs.readers._about import read_about
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for_samples, section_of
from dlviz_docs.report import describe_samples
from dlviz_docs.scan import ExperimentFolder
from dlviz_docs.view import Fact, Figure, Gallery, Plot, Section, Spec, Sprite, Thumb

if TYPE_CHECKING:  # its readers are imported where there is something to read
    from dlviz_docs.readers.samples import Found, Plan

__all__ = ["WEBP", "Study", "StudyJob", "planned", "sections_of", "study"]

WEBP = ".webp"
EXTRA = ("polars", "PIL")
"""What the extra for data brings."""
MASK = "mask:"
"""What the keys of masks begin with, before the path of their file."""
TILE = 40
"""Side in px of the small pictures behind the dots of a plot."""
_SPECS: dict[str, type] = {kind.__name__: kind for kind in get_args(Spec)}


@dataclass(frozen=True, slots=True)
class StudyJob:
    """One experiment whose data and predictions are to be read."""

    folder: ExperimentFolder
    renderers: Selection
    cache: str
    name: str


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
    """What there is to show of an experiment's data and predictions; nothing where it has none."""

    sections: tuple[_PackedSection, ...] = ()
    thumbs: tuple[tuple[str, str], ...] = ()
    """Word for a picture of a size, and its name in the cache."""
    sprites: tuple[tuple[str, str, int, int, tuple[str, ...]], ...] = ()
    """Identifier of a figure; name in the cache, side of a tile, tiles in a row, keys in order."""
    report: str = ""
    """For experiments.json."""
    told: tuple[Problem, ...] = ()
    """Problems of files that belong to no topic."""

    def problems(self) -> tuple[Problem, ...]:
        """All of them."""
        return (*self.told, *(problem for section in self.sections for problem in section.problems))

    def files(self) -> frozenset[str]:
        """Names in the cache of all pictures."""
        return frozenset([name for _, name in self.thumbs] + [name for _, name, *_ in self.sprites])


def study(job: StudyJob) -> str:
    """Read and draw into the cache; the name it has there."""
    cache = Cache(Path(job.cache))
    cache.put(job.name, _study(job, cache))
    return job.name


def planned(folder: ExperimentFolder) -> Plan:
    """Which files of the experiment hold data or predictions, by names and first bytes."""
    return _found(folder, folder.samples or SampleFiles(folder.path, folder.relative, (), ()))[1]


def _found(folder: ExperimentFolder, files: SampleFiles) -> tuple[Found, Plan]:
    from dlviz_docs.readers.samples import plan

    about, _, _ = read_about([Path(source.path) for source in folder.about])
    found = _found_in(folder, files, about)
    return found, plan(found)


def _study(job: StudyJob, cache: Cache) -> Study:
    if job.folder.samples is None:
        return Study()
    from dlviz_docs.readers.samples import read

    found, plan = _found(job.folder, job.folder.samples)
    if (plan.datasets or plan.predictions) and (missing := [name for name in EXTRA if find_spec(name) is None]):
        return Study(told=(_not_installed(job.folder, missing),))
    samples = _named(_placed(read(found, plan), job.folder.samples), job.folder)
    if not (samples.datasets or samples.predictions or samples.problems):
        return Study()
    experiment = Experiment(job.folder.slug, job.folder.name, job.folder.relative, samples=samples)
    sections = list(_sections(experiment, job.renderers))
    made = _Pictures(found.root, samples, cache)
    return Study(
        tuple(_packed(section) for section in sections),
        tuple(made.thumbs(figure for section in sections for figure in section.figures)),
        tuple(made.sprites(figure for section in sections for figure in section.figures)),
        describe_samples(samples),
        samples.problems,
    )


def _not_installed(folder: ExperimentFolder, missing: Sequence[str]) -> Problem:
    what = f"its data and predictions are not shown, since {' and '.join(missing)} cannot be imported here"
    return Problem("missing-extra", folder.relative, what, 'Install them: pip install "dlviz-docs[data]"')


def _found_in(folder: ExperimentFolder, files: SampleFiles, about: About) -> Found:
    """What lies in the folder, as the readers of samples want to have it told."""
    from dlviz_docs.readers.samples import Found, PictureFolder

    root = Path(files.root)
    told = [Path(source.path).parent for source in folder.about if source.path.endswith((".yml", ".yaml"))]
    beside = told[0].relative_to(root) if told and told[0].is_relative_to(root) else Path()
    inside = [Path(source.path).relative_to(root).as_posix() for source in files.files]
    above = Path(folder.path).relative_to(root) if Path(folder.path).is_relative_to(root) else Path()
    return Found(
        root=root,
        files=tuple(sorted(inside, key=names.natural)),
        pictures=tuple(
            PictureFolder(path, tuple(p.name for p in found), tuple(p.octets for p in found))
            for path, found in files.pictures
        ),
        runs={(above / run.place).as_posix(): names.exact_slug(run.name, "") for run in folder.runs},
        # What experiment.yml names is relative to where it stands.
        data=tuple(replace(entry, path=(beside / entry.path).as_posix()) for entry in about.data),
        results=tuple(_beside(entry, root, beside) for entry in about.results),
    )


def _beside(entry: ResultEntry, root: Path, beside: Path) -> ResultEntry:
    """Its files relative to the root; what is no file is the name of a column."""

    def placed(name: str) -> str:
        return (beside / name).as_posix() if name and (root / beside / name).exists() else name

    return replace(
        entry,
        path=(beside / entry.path).as_posix(),
        truth=placed(entry.truth),
        prediction=placed(entry.prediction),
        probabilities=placed(entry.probabilities),
    )


def _placed(samples: Samples, files: SampleFiles) -> Samples:
    """With the paths of problems relative to the scanned folder, as everywhere."""

    def placed(problems: Sequence[Problem]) -> tuple[Problem, ...]:
        return tuple(replace(p, path=f"{files.relative}/{p.path}".removeprefix("./").rstrip("/")) for p in problems)

    return Samples(
        tuple(replace(one, problems=placed(one.problems)) for one in samples.datasets),
        tuple(replace(one, problems=placed(one.problems)) for one in samples.predictions),
        placed(samples.problems),
    )


def _named(samples: Samples, folder: ExperimentFolder) -> Samples:
    """With predictions called by their run, where it left only one file of them."""
    runs = {names.exact_slug(run.name, ""): run.name for run in folder.runs}
    counts = Counter(one.run for one in samples.predictions)
    named = tuple(
        replace(one, name=runs[one.run]) if one.run in runs and counts[one.run] == 1 else one
        for one in samples.predictions
    )
    return replace(samples, predictions=named)


def _sections(experiment: Experiment, selection: Selection) -> Iterator[Section]:
    renderers, _ = load_renderers(selection)
    samples = experiment.samples
    told = {"data": _problems(samples.datasets), "results": _problems(samples.predictions)}
    for name, renderer in renderers.items():
        if asks_for_samples(renderer):
            section = section_of(name, renderer, experiment)
            yield replace(section, problems=(*told.get(name, ()), *section.problems))


def _problems(found: Sequence[Dataset | Predictions]) -> tuple[Problem, ...]:
    return tuple(problem for one in found for problem in one.problems)


# --- pictures ---------------------------------------------------------------------------------------------------------

_Placed: TypeAlias = tuple[Pictures, int]


@dataclass(slots=True)
class _Pictures:
    """Makes the files of the pictures that figures refer to, each once."""

    root: Path
    samples: Samples
    cache: Cache
    places: dict[str, _Placed] | None = None

    def _find(self, key: str) -> _Placed | None:
        if self.places is None:
            self.places = {}
            found: tuple[Dataset | Predictions, ...] = (*self.samples.predictions, *self.samples.datasets)
            for one in found:
                if (pictures := one.pictures) is not None:
                    self.places |= {key: (pictures, row) for row, key in enumerate(pictures.keys)}
        return self.places.get(key)

    def thumbs(self, figures: Iterator[Figure]) -> Iterator[tuple[str, str]]:
        from dlviz_docs.readers.samples.thumbnails import thumbnail

        wanted = {(thumb.side, thumb.key): None for figure in figures for thumb in _thumbs(figure.spec)}
        for side, key in wanted:
            place = self._find(key)
            content = thumbnail(self.root, *place, side) if place else self._mask(key, side)
            if content:
                yield word_of(side, key), self.cache.put_file(content, WEBP)

    def _mask(self, key: str, side: int) -> bytes | None:
        """A mask, each class in its colour of the palette, over its picture if that is there."""
        from dlviz_docs.readers.samples.masks import mask_picture, overlaid
        from dlviz_docs.readers.samples.thumbnails import thumbnail

        source = key.removeprefix(MASK)
        told = [(one.pictures, masks) for one in self.samples.predictions for masks in (one.true_masks, one.masks)]
        found = [(pictures, masks) for pictures, masks in told if masks and source in masks.sources]
        if source == key or not found:
            return None
        pictures, masks = found[0]
        row = masks.sources.index(source)
        below = thumbnail(self.root, pictures, row, side) if pictures is not None and row < len(pictures) else None
        colours = np.array([_rgba(place, over=bool(below)) for place in range(len(masks.values))], np.uint8)
        drawn = mask_picture(self.root, source, colours, masks.values, side)
        return overlaid(below, drawn) if below and drawn else drawn

    def sprites(self, figures: Iterator[Figure]) -> Iterator[tuple[str, str, int, int, tuple[str, ...]]]:
        from dlviz_docs.readers.samples.thumbnails import sprite

        for figure in figures:
            keys = list(dict.fromkeys(key for key in _dotted(figure.spec) if key))
            found = {key: place for key in keys if (place := self._find(key))}
            of = {id(pictures): pictures for pictures, _ in found.values()}
            if len(of) != 1:
                continue
            (pictures,) = of.values()
            content = sprite(self.root, pictures, [row for _, row in found.values()], TILE)
            columns = -(-(len(found) ** 0.5) // 1)
            yield figure.id, self.cache.put_file(content, WEBP), TILE, int(columns), tuple(found)


def _rgba(place: int, *, over: bool) -> tuple[int, ...]:
    """The first class is mostly the background: nothing over a picture, else a grey for both schemes of a page."""
    if not place:
        return (0, 0, 0, 0) if over else (138, 145, 157, 255)
    return (*bytes.fromhex(LIGHT[(place - 1) % len(LIGHT)][1:]), 150 if over else 255)


def word_of(side: int, key: str) -> str:
    """One word for a picture in one size."""
    return f"{side}/{key}"


def _thumbs(spec: Spec) -> Iterator[Thumb]:
    if isinstance(spec, Gallery):
        yield from (thumb for item in spec.items for thumb in item.pictures)


def _dotted(spec: Spec) -> Iterator[str]:
    if isinstance(spec, Plot):
        yield from (key for layer in spec.layers for key in layer.keys)


# --- to the cache and back --------------------------------------------------------------------------------------------


def _packed(section: Section) -> _PackedSection:
    figures = tuple(
        _Packed((f.id, f.title, f.caption, f.group, f.page), type(f.spec).__name__, caching.encode(f.spec))
        for f in section.figures
    )
    return _PackedSection(section.topic, section.title, section.insights, figures, section.problems, section.facts)


def sections_of(found: Study, slug: str) -> Iterator[Section]:
    """The sections, with the addresses of their pictures in the site."""
    thumbs = {word: f"{slug}/pictures/{name}{WEBP}" for word, name in found.thumbs}
    sprites = {
        figure: Sprite(f"{slug}/pictures/{name}{WEBP}", tile, columns, keys)
        for figure, name, tile, columns, keys in found.sprites
    }
    for packed in found.sections:
        figures = tuple(_unpacked(one) for one in packed.figures)
        yield Section(
            packed.topic, packed.title, packed.insights, figures, packed.problems, thumbs, sprites, packed.facts
        )


def _unpacked(packed: _Packed) -> Figure:
    id, title, caption, group, page = packed.figure  # noqa: A001  (the figure's word)
    spec: Spec = caching.decode(packed.spec, _SPECS[packed.kind])
    return Figure(id, title, caption, spec, group, page)
