"""Episodes at the environment steps an agent had taken: of one log, or of environments that ran side by side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs.agent_names import EPISODES, LENGTH, RETURN, SUCCESS
from dlviz_docs.model import FloatArray, Series
from dlviz_docs.scan import Source
from dlviz_docs.stats.interleave import interleaved, steps_at

__all__ = ["at_steps", "side_by_side"]

_MONITOR = "monitor"
_ELAPSED = "time_elapsed"
_OF_EPISODES = frozenset({RETURN, LENGTH, SUCCESS})
"""Without a split in a log of every episode: of those met while learning."""
_MEAN = re.compile(r"mean|avg|average", re.IGNORECASE)


def at_steps(named: Sequence[tuple[Source, Series]]) -> list[tuple[Source, Series]]:
    """All curves, those over episodes at the steps until then, where a log has the length of every one of them."""
    lengths = {
        (source, series.part): series
        for source, series in named
        if series.metric == LENGTH and series.axis == "episode" and _is_every_episode(series)
    }
    result = []
    for source, series in named:
        length = lengths.get((source, series.part))
        if length is None or series.axis != "episode" or not np.isin(series.steps, length.steps).all():
            result.append((source, series))
            continue
        steps = steps_at(length.values)[np.searchsorted(length.steps, series.steps)]
        name = f"train/{series.name}" if series.name in _OF_EPISODES else series.name
        result.append((source, replace(series, name=name, steps=steps, axis="step")))
        if series is length:
            count = replace(length, name=f"{length.split or 'train'}/{EPISODES}", raw_name=EPISODES, axis="step")
            result.append((source, replace(count, steps=steps, values=np.arange(1.0, len(steps) + 1))))
    return result


def _is_every_episode(lengths: Series) -> bool:
    """Whether it tells the steps of one episode after the other, none left out and no mean."""
    whole = np.isfinite(lengths.values).all() and (lengths.values > 0).all()
    return bool(len(lengths) and whole and (np.diff(lengths.steps) == 1).all() and not _MEAN.search(lengths.raw_name))


def side_by_side(named: Sequence[tuple[Source, Series]]) -> list[tuple[Source, Series]]:
    """All curves, those of monitors in one folder and split joined: at the steps of all their environments together."""
    joined = [pair for pair in named if pair[0].reader != _MONITOR]
    places: dict[tuple[str, str], dict[Source, dict[str, Series]]] = defaultdict(lambda: defaultdict(dict))
    for source, series in named:
        if source.reader == _MONITOR:
            places[source.part, source.split][source][series.metric] = series
    for monitors in places.values():
        joined += _joined(list(monitors), list(monitors.values()))
    return joined


def _joined(sources: Sequence[Source], monitors: Sequence[dict[str, Series]]) -> Iterator[tuple[Source, Series]]:
    if len(monitors) == 1 or not all(LENGTH in one for one in monitors):
        for source, one in zip(sources, monitors, strict=True):
            yield from ((source, series) for series in one.values())
        return
    lengths = [one[LENGTH] for one in monitors]
    order, steps = interleaved(_ends(monitors), [one.values for one in lengths])
    at = np.empty(len(order))
    at[order] = steps  # the steps of all environments, by the place of the episode among all
    starts = np.cumsum([0, *(len(one) for one in lengths[:-1])])
    for metric in dict.fromkeys(metric for one in monitors for metric in one):
        pieces = [
            (series, at[start + _rows(series, length)])
            for one, length, start in zip(monitors, lengths, starts.tolist(), strict=True)
            if (series := one.get(metric))
        ]
        yield sources[0], _one(metric, pieces)


def _ends(monitors: Sequence[dict[str, Series]]) -> list[FloatArray]:
    """When each episode ended: by the clock, else since the begin of its own file, else in the order of the files."""
    times = [one[LENGTH].times for one in monitors]
    if all(found is not None for found in times):
        return [found for found in times if found is not None]
    elapsed = [one[_ELAPSED].values for one in monitors if _ELAPSED in one]
    if len(elapsed) == len(monitors) and np.isfinite(np.concatenate(elapsed)).all():
        return elapsed
    return [np.full(len(one[LENGTH]), float(place)) for place, one in enumerate(monitors)]


def _rows(series: Series, lengths: Series) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """The rows of a file that its curve has points of; both count the same steps."""
    if len(series) == len(lengths):
        return np.arange(len(series))
    return np.searchsorted(lengths.steps, series.steps)


def _one(metric: str, pieces: Sequence[tuple[Series, FloatArray]]) -> Series:
    """One curve in the order of its new steps."""
    steps = np.concatenate([found for _, found in pieces])
    order = np.argsort(steps, kind="stable")
    values = np.concatenate([series.values for series, _ in pieces])[order]
    times = [series.times for series, _ in pieces if series.times is not None]
    return replace(
        pieces[0][0],
        steps=steps[order],
        values=np.arange(1.0, len(steps) + 1) if metric == EPISODES else values,
        times=np.concatenate(times)[order] if len(times) == len(pieces) else None,
        source=", ".join(dict.fromkeys(series.source for series, _ in pieces)),
    )
