"""Where nodes in rows stand, by their sizes. `assets/boxes.js` computes the same when a block opens: keep them alike.

Each row asks to stand under the middle of what is above it, then over the middle of what is below it, and comes as near
to that as it can without overlaps: isotonic regression by pooling (Ayer et al. 1955; Gansner et al. 1993).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from dlviz_docs.charts.layered import Layers

__all__ = ["Spaced", "spaced"]

GAP = 26
"""Between two boxes of a row, in px."""
NARROW = 12
"""Beside a bend."""
TALL, SHORT, WIDE, SHELF = 34, 18, 56, 14
"""Between rows: usually, beside the row of what enters or leaves, where wires have to go far across, and where none
are."""
FULL = 6
"""Nodes of a row from beyond which wires have to go far across."""
LIGHT = 1 / 1024
"""How much a bend weighs against a box: wires give way. What follows a node of the other kind gives way to both."""
PASSES = 6
ROOM, SPARE = 0.6, 60
"""Half of the width that is used at most: a share of the widest row's, and some px. Without it, nodes that give way to
each other row after row would drift far apart."""


_Near: TypeAlias = tuple[int, int, int]
"""A node above or below, how far beside it, and how many boxes are on the longest way through it."""


@dataclass(frozen=True, slots=True)
class Spaced:
    """Centres of nodes, tops and heights of rows, in px from the upper left corner of what they fill."""

    x: tuple[int, ...]
    tops: tuple[int, ...]
    heights: tuple[int, ...]
    shelves: tuple[bool, ...]
    """Whether a row's boxes have no wires: they stand in order, with their upper edges in line."""
    width: int
    height: int


def spaced(layers: Layers, sizes: Sequence[tuple[int, int]], ports: Mapping[int, tuple[int, int]] = {}) -> Spaced:
    """`sizes`: width and height of each node, without the bends; those of no height are where wires enter or leave.
    `ports`: how far beside its middle wires reach the upper edge of a node, and leave its lower one, if they do so."""
    widths = [width for width, _ in sizes] + [0] * (_nodes(layers) - layers.count)
    near = _near(layers, ports)
    shelves = tuple(not any(side[row[0]] for side in near) for row in layers.rows)
    x = _across(layers, widths, near, shelves)
    left = min((x[node] - widths[node] / 2 for row in layers.rows for node in row), default=0.0)
    at = [round_half_up(value - left) for value in x]
    heights = [max((sizes[node][1] for node in row if node < layers.count), default=0) for row in layers.rows]
    tops, below = _down(layers, heights, shelves)
    width = max((at[node] + widths[node] / 2 for row in layers.rows for node in row), default=0.0)
    return Spaced(tuple(at), tuple(tops), tuple(heights), shelves, int(-(-width // 1)), below)


def round_half_up(value: float) -> int:
    """As JavaScript rounds."""
    return int((value + 0.5) // 1)


def _nodes(layers: Layers) -> int:
    return max((node for row in layers.rows for node in row), default=-1) + 1


def _down(layers: Layers, heights: Sequence[int], shelves: Sequence[bool]) -> tuple[list[int], int]:
    tops, y = [], 0
    for i, height in enumerate(heights):
        tops.append(y)
        y += height
        if i + 1 < len(heights):
            y += _gap(layers.rows[i : i + 2], heights[i : i + 2], alone=all(shelves[i : i + 2]))
    return tops, y


def _gap(rows: Sequence[Sequence[int]], heights: Sequence[int], *, alone: bool) -> int:
    """Between two rows."""
    if alone:
        return SHELF
    if 0 in heights:
        return SHORT
    return WIDE if max(map(len, rows)) > FULL else TALL


def _across(
    layers: Layers, widths: Sequence[int], near: Sequence[Sequence[list[_Near]]], shelves: Sequence[bool]
) -> list[float]:
    """Centres; x of the first row's middle is near zero."""
    x = [0.0] * len(widths)
    offsets = [_offsets(row, widths, layers.count) for row in layers.rows]
    wide = [(widths[row[0]] + widths[row[-1]]) / 2 + o[-1] for row, o in zip(layers.rows, offsets, strict=True)]
    shelf = max((width for width, alone in zip(wide, shelves, strict=True) if alone), default=0.0)
    for i, (row, places) in enumerate(zip(layers.rows, offsets, strict=True)):
        left = -(shelf if shelves[i] else wide[i]) / 2
        for node, place in zip(row, places, strict=True):
            x[node] = left + widths[row[0]] / 2 + place
    room = max(wide, default=0.0) * ROOM + SPARE
    for turn in range(PASSES):
        for i in range(len(layers.rows)):
            place = len(layers.rows) - 1 - i if turn % 2 else i
            row, reach = layers.rows[place], offsets[place][-1]
            bounds = (widths[row[0]] / 2 - room, room - reach - widths[row[-1]] / 2)
            _settle(row, offsets[place], near[turn % 2], x, layers.count, bounds)
    return x


def _offsets(row: Sequence[int], widths: Sequence[int], count: int) -> list[float]:
    """Centres of a row's nodes when all stand as close as they may."""
    places = [0.0]
    for one, other in pairwise(row):
        gap = GAP if one < count and other < count else NARROW
        places.append(places[-1] + (widths[one] + widths[other]) / 2 + gap)
    return places


def _near(layers: Layers, ports: Mapping[int, tuple[int, int]]) -> tuple[list[list[_Near]], list[list[_Near]]]:
    """Of each node, those above and those below that it should stand in line with."""
    above: list[list[int]] = [[] for _ in range(_nodes(layers))]
    below: list[list[int]] = [[] for _ in above]
    row_of = {node: i for i, row in enumerate(layers.rows) for node in row}
    seen: set[tuple[int, int]] = set()
    for one, other in (step for chain in layers.chains for step in pairwise(chain)):
        if row_of[other] == row_of[one] + 1 and (one, other) not in seen:
            seen.add((one, other))
            below[one].append(other)
            above[other].append(one)
    down = [node for row in layers.rows for node in row]
    before, after = _boxes(down, above, layers.count), _boxes(down[::-1], below, layers.count)

    def lined_up(node: int, other: int, way: Sequence[int], turn: int) -> _Near:
        upper, lower = (other, node) if turn > 0 else (node, other)
        return other, turn * (ports.get(upper, (0, 0))[1] - ports.get(lower, (0, 0))[0]), way[other]

    return [[lined_up(i, one, before, 1) for one in _alike(i, near, layers.count)] for i, near in enumerate(above)], [
        [lined_up(i, one, after, -1) for one in _alike(i, near, layers.count)] for i, near in enumerate(below)
    ]


def _boxes(order: Iterable[int], near: Sequence[Sequence[int]], count: int) -> list[int]:
    """How many boxes there are on the longest way to each node, itself included."""
    found = [0] * len(near)
    for node in order:
        found[node] = max((found[other] for other in near[node]), default=0) + (node < count)
    return found


def _alike(node: int, near: Sequence[int], count: int) -> Sequence[int]:
    """Wires between two boxes, or between two bends, are to be straight before the others are."""
    return [other for other in near if (other < count) == (node < count)] or near


def _settle(
    row: Sequence[int],
    offsets: Sequence[float],
    near: Sequence[Sequence[_Near]],
    x: list[float],
    count: int,
    bounds: tuple[float, float],
) -> None:
    """Each node of a row as near to the middle of its neighbours as the others allow; the first node and, with it, the
    last stay within `bounds` of the first."""
    pools: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, nodes
    for node, offset in zip(row, offsets, strict=True):
        alike = any((other < count) == (node < count) for other, _, _ in near[node])
        weight = (1.0 if node < count else LIGHT) if alike else LIGHT * LIGHT
        wish = _middle([(x[other] + beside, boxes) for other, beside, boxes in near[node]]) if near[node] else x[node]
        pool = (weight * (wish - offset), weight, 1)
        while pools and pools[-1][0] / pools[-1][1] > pool[0] / pool[1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    i = 0
    for total, weight, members in pools:
        place = min(max(total / weight, bounds[0]), bounds[1])
        for _ in range(members):
            x[row[i]] = place + offsets[i]
            i += 1


def _middle(wishes: list[tuple[float, int]]) -> float:
    """The median; of the two in the middle, that on the longer way, so that a main path stays straight."""
    wishes.sort()
    half = len(wishes) // 2
    (low, fewer), (high, more) = wishes[half - 1], wishes[half]
    if len(wishes) % 2 or more > fewer:
        return high
    return low if fewer > more else (low + high) / 2
