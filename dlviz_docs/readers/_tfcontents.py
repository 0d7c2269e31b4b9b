"""What an event file holds, as it is collected: numbers by tag, what else there is, and what was damaged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.readers._tfevents import GRAPHS, TENSOR, Event, Span, Value, parse_event, strings
from dlviz_docs.readers._tfrecord import Damage
from dlviz_docs.readers._wire import WireError

__all__ = ["Contents", "Index", "Points", "parse"]

Index: TypeAlias = NDArray[np.int64]
_Key: TypeAlias = tuple[bytes, bool]

_KNOWN = 8
"""Layouts remembered for each size of event."""
_LONGEST_KNOWN = 256
_PARSED: dict[int, list[tuple[int, int, Event]]] = defaultdict(list)
"""By size, the structure of events as a number, its bits, and one such event: at most 8 of each of 256 sizes."""


class Points(NamedTuple):
    """Points of one tag."""

    positions: Index
    """Of their events, bytes from the start of the file."""
    times: FloatArray
    """NaN where an event has none."""
    steps: Index
    values: FloatArray

    def take(self, which: Index | slice) -> Points:
        return Points(self.positions[which], self.times[which], self.steps[which], self.values[which])

    @classmethod
    def of(cls, points: Sequence[tuple[int, float, int, float]]) -> Points:
        """Columns of points that are given one by one."""
        positions, times, steps, values = zip(*points, strict=True)
        return cls(np.array(positions), np.array(times, float), np.array(steps), np.array(values, float))

    @staticmethod
    def join(pieces: Sequence[Points]) -> Points:
        """All of them, in the order of the file."""
        positions, times, steps, values = zip(*pieces, strict=True)
        whole = Points(np.concatenate(positions), np.concatenate(times), np.concatenate(steps), np.concatenate(values))
        if (whole.positions[1:] >= whole.positions[:-1]).all():
            return whole
        return whole.take(np.argsort(whole.positions, kind="stable"))


@dataclass(slots=True)
class Contents:
    """Filled event by event, or column by column, in any order."""

    columns: dict[_Key, list[Points]] = field(default_factory=lambda: defaultdict(list))
    """Numbers, by tag and whether they were logged as tensors: then they are scalars only if the plugin says so."""
    points: dict[_Key, list[tuple[int, float, int, float]]] = field(default_factory=lambda: defaultdict(list))
    """More of them, one by one: position, time, step, value."""
    counts: dict[tuple[bytes, int], int] = field(default_factory=lambda: defaultdict(int))
    """How many values are no single numbers, by tag and field of Summary.Value."""
    plugins: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    """Position and name of the first plugin of a tag: later values need not repeat it."""
    notes: dict[tuple[bytes, bytes], tuple[int, bytes]] = field(default_factory=dict)
    """By tag and plugin, position and content of the last text or settings."""
    graphs: int = 0
    starts: list[tuple[int, int]] = field(default_factory=list)
    """Position and step of every session start."""
    damage: list[Damage] = field(default_factory=list)

    def numbers(self) -> dict[_Key, Points]:
        """All points of each tag, in the order of the file."""
        for key in list(self.points):
            self._put_lone(key)
        return {key: Points.join(pieces) for key, pieces in self.columns.items()}

    def put(self, key: _Key, points: Points) -> None:
        """Add many points of one tag."""
        self._put_lone(key)  # mostly they come in the order of the file, and need not be sorted then
        self.columns[key].append(points)

    def _put_lone(self, key: _Key) -> None:
        if points := self.points.pop(key, None):
            self.columns[key].append(Points.of(points))

    def add(self, event: bytes, position: int) -> None:
        """All that one event says; damage, if it is no message."""
        try:
            parsed = parse(event)
        except WireError:
            self.damage.append(Damage.of("message", position, len(event)))
            return
        self.graphs += parsed.what in GRAPHS
        step = 0 if parsed.step is None else int(parsed.step.read(event))
        if parsed.starts:
            self.starts.append((position, step))
        time = nan if parsed.wall is None else parsed.wall.read(event)
        for value in parsed.values:
            tag = event[slice(*value.tag)]
            if value.scalar:
                number = 0.0 if value.number is None else value.number.read(event)
                self.points[tag, value.kind == TENSOR].append((position, time, step, number))
            elif value.kind:
                self.counts[tag, value.kind] += 1
            self.remember(event, value, position)

    def remember(self, event: bytes, value: Value, position: int) -> None:
        """Keep the first plugin of a tag, and its last text or settings."""
        tag, plugin = event[slice(*value.tag)], event[slice(*value.plugin)]
        self.remember_plugin(tag, plugin, position)
        if value.scalar:
            return
        plugin = plugin or self.plugins.get(tag, (0, b""))[1]
        content = b""
        if plugin == b"hparams":
            content = event[slice(*value.content)]
        elif plugin == b"text" and value.kind == TENSOR:
            content = _text(event, value.payload)
        if content and position >= self.notes.get((tag, plugin), (0, b""))[0]:
            self.notes[tag, plugin] = (position, content)

    def remember_plugin(self, tag: bytes, plugin: bytes, position: int) -> None:
        """Keep the first plugin of a tag."""
        if plugin and position < self.plugins.get(tag, (position + 1, b""))[0]:
            self.plugins[tag] = (position, plugin)


def parse(event: bytes) -> Event:
    """Where things are in an event; raises `WireError` if it is no message.

    One with the structure of an earlier event, of any file, is not parsed again: the runs of an experiment log alike.
    """
    if len(event) > _LONGEST_KNOWN:
        return parse_event(event)
    bits, known = int.from_bytes(event, "little"), _PARSED[len(event)]
    for structure, same, parsed in known:
        if bits & structure == same:
            return parsed
    parsed = parse_event(event)
    structure = int.from_bytes(parsed.structure, "little")
    known.insert(0, (structure, bits & structure, parsed))
    del known[_KNOWN:]
    return parsed


def _text(event: bytes, tensor: Span) -> bytes:
    try:
        return b"\n\n".join(strings(event, tensor))
    except WireError:
        return b""
