"""What was recorded: one row for each moment an agent was looked at."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.model import Episodes, Recording
from dlviz_docs.renderers.overview.tabular import EMPTY, table, value
from dlviz_docs.view import Cell, Column, Shown

__all__ = ["recordings"]


def recordings(episodes: Episodes) -> Iterator[Shown]:
    """A table of all recordings; returns are undiscounted, of the episodes that were read."""
    rows = episodes.recordings
    returns = [[episode.total for episode in one.episodes if episode.total == episode.total] for one in rows]
    lengths = [[episode.length for episode in one.episodes] for one in rows]
    columns = [
        (Column("Recording"), [Cell(one.name) for one in rows]),
        (Column("Environment"), [Cell(one.environment) if one.environment else EMPTY for one in rows]),
        (Column("Step", numeric=True, help="Environment steps of the training"), [value(one.step) for one in rows]),
        (Column("Episodes", numeric=True), [_amount(one) for one in rows]),
        (Column("Mean return", numeric=True), [_mean(found) for found in returns]),
        (Column("Lowest", numeric=True), [value(min(found, default=None)) for found in returns]),
        (Column("Highest", numeric=True), [value(max(found, default=None)) for found in returns]),
        (Column("Mean length", numeric=True, help="Steps of an episode"), [_mean(found) for found in lengths]),
        (Column("Solved", numeric=True), [_solved(one) for one in rows]),
        (Column("Films", numeric=True), [Cell(f"{len(one.videos):,}", len(one.videos)) for one in rows]),
    ]
    kept = [(column, cells) for column, cells in columns if column.label != "Films" or any(one.videos for one in rows)]
    figure = table("recordings", "Recordings", _caption(episodes), "Recordings", kept)
    if figure is not None:
        yield figure


def _caption(episodes: Episodes) -> str:
    amount = words.count(len(episodes.recordings), "recording")
    some = any(one.seen > len(one.episodes) > 0 for one in episodes.recordings)
    chosen = " Where a file holds more episodes than were read, those were chosen at random (seed 0)." if some else ""
    return f"{amount} of what agents did; a return is the sum of all rewards of an episode, without discount.{chosen}"


def _amount(one: Recording) -> Cell:
    if not one.episodes:
        return EMPTY
    of = f" of {one.seen:,}" if one.seen > len(one.episodes) else ""
    return Cell(f"{len(one.episodes):,}{of}", float(one.seen))


def _mean(found: list[float] | list[int]) -> Cell:
    mean = float(np.mean(found)) if found else np.nan
    return value(mean) if np.isfinite(mean) else EMPTY


def _solved(one: Recording) -> Cell:
    told = [episode.success for episode in one.episodes if episode.success is not None]
    return Cell(f"{sum(told):,} of {len(told):,}", sum(told) / len(told)) if told else EMPTY
