"""Read one run folder: the job of a worker, done once for the same content.

At full resolution a run is gathered, observed and written as the script from which the browser draws every point; what
goes on from here are its exact statistics and curves thinned to what a picture needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlviz_docs import cache as caching
from dlviz_docs.agent_names import HEALTH, LENGTH, RETURN, SUCCESS
from dlviz_docs.cache import Cache
from dlviz_docs.charts.transport import run_script
from dlviz_docs.errors import ReadError
from dlviz_docs.gather import Told, gather_runs
from dlviz_docs.insights import observe
from dlviz_docs.model import Means, Problem, Reading, Run, Series
from dlviz_docs.options import Selection
from dlviz_docs.readers import Reader
from dlviz_docs.registry import load_readers
from dlviz_docs.scan import RunFolder, Source
from dlviz_docs.stats.align import stretches
from dlviz_docs.stats.thin import thin

__all__ = ["SCRIPT", "Digest", "DigestJob", "Digested", "digest"]

MEANT = frozenset({RETURN, LENGTH, SUCCESS, *HEALTH})
"""Curves of agents that are averaged over seeds: they keep means beside the extremes that a picture needs."""
MEANS = 500
"""Stretches of them, at most: a tenth of the training has fifty."""
SCRIPT = ".js"
"""What the browser draws a run from; the site takes it out of the cache as it is."""


@dataclass(frozen=True, slots=True)
class DigestJob:
    """One run folder to read."""

    experiment: str
    root: str
    folder: RunFolder
    readers: Selection
    points: int
    cache: str

    def name(self, contents: Sequence[str]) -> str:
        sources = [
            (s.relative, s.reader, s.split, s.part, c) for s, c in zip(self.folder.sources, contents, strict=True)
        ]
        return caching.key("digest", self.experiment, self.root, self.folder.name, self.readers, self.points, sources)


@dataclass(frozen=True, slots=True)
class Digest:
    """The runs of one folder, thinned, and where every point of each lies in the cache."""

    runs: tuple[Run, ...]
    scripts: tuple[tuple[str, str], ...]
    """Slug of the run, name in the cache."""


@dataclass(frozen=True, slots=True)
class Digested:
    """What a worker says when a digest lies in the cache."""

    name: str
    contents: tuple[str, ...]
    settled: bool
    """False when a file changed while it was read: the digest holds for now, but not for the next build."""


def digest(job: DigestJob) -> Digested:
    """Read one run folder, unless a digest of the same content is there already."""
    cache = Cache(Path(job.cache))
    contents = tuple(caching.content_hash(source.path) for source in job.folder.sources)
    name = job.name(contents)
    if not _is_there(cache, name):
        cache.put(name, _make_digest(job, cache))
    return Digested(name, contents, all(_unchanged(source) for source in job.folder.sources))


def _is_there(cache: Cache, name: str) -> bool:
    found = cache.get(name, Digest)
    return found is not None and all(cache.holds(script, SCRIPT) for _, script in found.scripts)


def _make_digest(job: DigestJob, cache: Cache) -> Digest:
    readers, _ = load_readers(job.readers)
    told = [_read(source, readers[source.reader]) for source in job.folder.sources]
    runs, scripts = [], []
    for run in gather_runs(job.folder, told, job.root):
        script = run_script(f"{job.experiment}/{run.slug}", run)
        scripts.append((run.slug, cache.put_file(script, SCRIPT)))
        observed = replace(run, insights=observe(run))
        runs.append(replace(observed, series=tuple(_thinned(series, job.points) for series in run.series)))
    return Digest(tuple(runs), tuple(scripts))


def _read(source: Source, reader: Reader) -> Told:
    """One file, with whatever could be read of it; nothing it does is let through as an exception."""
    try:
        reading = reader.read(Path(source.path))
    except ReadError as error:
        partial = error.partial or Reading(writer="")
        told = Problem(f"{source.reader}-damaged", source.relative, error.what, error.remedy)
        reading = partial if partial.problems else replace(partial, problems=(told,))
    except OSError as error:
        what = f"cannot be opened: {error.strerror or error}"
        remedy = "Make the file readable, or leave it out with the option `exclude`."
        reading = Reading(writer="", problems=(Problem("unreadable", source.relative, what, remedy),))
    except MemoryError:
        raise  # what else was read of the run is in the way too: the worker gives it all up
    # A reader that raises anything else has a fault of its own; the rest of the run is still shown.
    except Exception as error:  # noqa: BLE001
        what = f"the reader {source.reader!r} failed: {type(error).__name__}: {error}"
        remedy = "This is a fault of the reader: please report it with the file, or leave the file out with `exclude`."
        reading = Reading(writer="", problems=(Problem("reader-failed", source.relative, what, remedy),))
    return Told(source, replace(reading, problems=tuple(replace(p, path=source.relative) for p in reading.problems)))


def _unchanged(source: Source) -> bool:
    try:
        status = Path(source.path).stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (source.signature.size, source.signature.mtime_ns)


def _thinned(series: Series, limit: int) -> Series:
    """At most `limit` of the points that count, and as many of those a resumed session wrote again."""
    if len(series) <= limit:
        return series
    if series.metric in MEANT:
        series = replace(series, means=_means(series, min(limit, MEANS)))
    if series.superseded is None:
        return series.take(thin(series.steps, series.values, limit))
    # Apart: in one bucket, an extreme that was overwritten would hide the one that counts.
    parts = [np.flatnonzero(~series.superseded), np.flatnonzero(series.superseded)]
    kept = [part[thin(series.steps[part], series.values[part], limit)] for part in parts]
    return series.take(np.sort(np.concatenate(kept)))


def _means(series: Series, size: int) -> Means:
    """Of the points that count."""
    live = slice(None) if series.superseded is None else ~series.superseded
    return Means(*stretches(series.steps[live], series.values[live], size))
