"""Boxes within boxes: who lies in whom, and which part of each wire lies in which block.

A wire from one box to another crosses the borders of all blocks around only one of them. In each of these it is a
strand of its own, from or to a port on the border: one port for each box whose values cross it, so that a value can be
followed through all blocks that are open, and is counted at the border of one that is closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dlviz_docs.charts.layered import Layers, layered
from dlviz_docs.charts.lettering import Words, box_size, header_width, lettered
from dlviz_docs.view import Box, Diagram

__all__ = ["SEVERAL", "Group", "Nest", "Strand", "nested"]

DEEP = 32
"""Blocks within blocks; what lies deeper is shown in the deepest."""
PORTS = 6
"""On one border; more are drawn as one."""
_Wire: TypeAlias = tuple[int, int, str, bool]
"""Start, end, label, and whether it passes layers by."""

SEVERAL = -1
"""The source of a port for several."""
MOST_WIRES = 30_000
"""Of a diagram; further ones are left out."""
WIDEST = 260
"""Width in px up to which closed boxes of one block are made equally wide."""


@dataclass(frozen=True, slots=True)
class Strand:
    """The part of some wires that lies in one block, between the same two of its nodes."""

    start: int
    """A place among the children, or, from their number on, a port: first those in, then those out."""
    end: int
    sources: tuple[int, ...]
    """Boxes whose values go along."""
    skip: bool
    label: str
    """Shape of what goes along, where it is news."""


@dataclass(frozen=True, slots=True)
class Group:
    """What lies in a block, or in none."""

    children: tuple[int, ...]
    inputs: tuple[int, ...]
    """Of each port on the upper border: the box whose values enter by it, or `SEVERAL`."""
    outputs: tuple[int, ...]
    strands: tuple[Strand, ...]
    layers: Layers


@dataclass(frozen=True, slots=True)
class Nest:
    """A diagram, ready to be laid out with any of its blocks open."""

    boxes: tuple[Box, ...]
    words: tuple[Words, ...]
    parents: tuple[int, ...]
    """-1 for none; always smaller than the place of the box itself."""
    sizes: tuple[tuple[int, int], ...]
    """Width and height in px while closed."""
    headers: tuple[int, ...]
    """Width in px that the band on top needs while open."""
    groups: Mapping[int, Group]
    """By block; -1 for all."""
    wires: tuple[_Wire, ...]
    left_out: int
    """Wires beyond those that are drawn."""
    opened: frozenset[int]


def nested(diagram: Diagram) -> Nest:
    """Boxes that repeat an identifier, wires to boxes that are not there and wires of a box to itself are left out."""
    boxes, parents = _tree(diagram.boxes)
    place = {box.id: i for i, box in enumerate(boxes)}
    ends = [(place.get(w.start, -1), place.get(w.end, -1), w.label, w.skip) for w in diagram.wires]
    known = [wire for wire in ends if wire[0] != wire[1] and -1 not in wire[:2]]
    wires = tuple(known[:MOST_WIRES])
    children: defaultdict[int, list[int]] = defaultdict(list)
    for i, parent in enumerate(parents):
        children[parent].append(i)
    words = tuple(lettered(box) for box in boxes)
    found = _lifted(parents, _told_once(boxes, wires))
    groups = {block: _group(inside, found[block]) for block, inside in children.items()}
    return Nest(
        boxes,
        words,
        parents,
        _sizes(words, children),
        tuple(header_width(one) for one in words),
        groups or {-1: _group((), _Parts())},
        wires,
        len(known) - len(wires),
        frozenset(place[name] for name in diagram.opened if name in place and place[name] in children),
    )


def _tree(boxes: Iterable[Box]) -> tuple[tuple[Box, ...], tuple[int, ...]]:
    kept: dict[str, int] = {}
    found: list[Box] = []
    parents: list[int] = []
    depths: list[int] = []
    for box in boxes:
        if box.id in kept:
            continue
        parent = kept.get(box.parent, -1) if box.parent else -1
        if parent >= 0 and depths[parent] >= DEEP:
            parent = parents[parent]
        kept[box.id] = len(found)
        found.append(box)
        parents.append(parent)
        depths.append(depths[parent] + 1 if parent >= 0 else 0)
    return tuple(found), tuple(parents)


def _sizes(words: Sequence[Words], children: Mapping[int, Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Boxes side by side or one above the other are equally wide, unless one has a very long name."""
    sizes = [box_size(one, block=i in children) for i, one in enumerate(words)]
    for inside in children.values():
        wide = max((sizes[i][0] for i in inside if sizes[i][0] <= WIDEST), default=0)
        for i in inside:
            sizes[i] = (max(wide, sizes[i][0]), sizes[i][1])
    return tuple(sizes)


def _told_once(boxes: Sequence[Box], wires: Sequence[_Wire]) -> Iterator[_Wire]:
    """Wires, with a shape only where it changes, and only once, if the box itself does not say it."""
    entering: defaultdict[int, set[str]] = defaultdict(set)
    for _, end, label, _ in wires:
        entering[end].add(label)
    told: set[tuple[int, str]] = set()
    for start, end, label, skip in wires:
        known = label in entering[start] or label == boxes[start].summary or (start, label) in told
        told.add((start, label))
        yield start, end, "" if known else label, skip


# --- wires through borders --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Part:
    sources: dict[int, None] = field(default_factory=dict)
    skip: bool = True
    labels: set[str] = field(default_factory=set)

    def add(self, source: int, label: str, *, skip: bool) -> None:
        self.sources[source] = None
        self.skip &= skip
        self.labels.add(label)


@dataclass(slots=True)
class _Parts:
    """Of one block."""

    inside: dict[tuple[int, int], _Part] = field(default_factory=dict)
    """By both boxes."""
    inwards: dict[tuple[int, int], _Part] = field(default_factory=dict)
    """By source and box."""
    outwards: dict[tuple[int, int], _Part] = field(default_factory=dict)
    """By box and source."""


def _lifted(parents: Sequence[int], wires: Iterable[_Wire]) -> defaultdict[int, _Parts]:
    """The parts of all wires, by block. A wire from a block to what lies in it has none."""
    depths = [0] * len(parents)
    for i, parent in enumerate(parents):
        depths[i] = depths[parent] + 1 if parent >= 0 else 0
    found: defaultdict[int, _Parts] = defaultdict(_Parts)
    for start, end, label, skip in wires:
        up, down = _ways(start, end, parents, depths)
        if up[-1] == down[-1]:
            continue
        for box in up[:-1]:
            found[parents[box]].outwards.setdefault((box, start), _Part()).add(start, "", skip=skip)
        for box in down[:-1]:
            found[parents[box]].inwards.setdefault((start, box), _Part()).add(start, "", skip=skip)
        found[parents[up[-1]]].inside.setdefault((up[-1], down[-1]), _Part()).add(start, label, skip=skip)
    return found


def _ways(start: int, end: int, parents: Sequence[int], depths: Sequence[int]) -> tuple[list[int], list[int]]:
    """Both ends and the blocks around them, up to the two that lie in the same block."""
    up, down = [start], [end]
    while depths[up[-1]] > depths[down[-1]]:
        up.append(parents[up[-1]])
    while depths[down[-1]] > depths[up[-1]]:
        down.append(parents[down[-1]])
    while up[-1] != down[-1] and parents[up[-1]] != parents[down[-1]]:
        up.append(parents[up[-1]])
        down.append(parents[down[-1]])
    return up, down


def _group(children: Sequence[int], parts: _Parts) -> Group:
    inputs = _ports(source for source, _ in parts.inwards)
    outputs = _ports(source for _, source in parts.outwards)
    place = {child: i for i, child in enumerate(children)}
    first, last = len(children), len(children) + len(inputs)
    port_in = {source: first + i for i, source in enumerate(inputs)}
    port_out = {source: last + i for i, source in enumerate(outputs)}
    joined: dict[tuple[int, int], _Part] = {}
    for (start, end), part in parts.inside.items():
        _join(joined, (place[start], place[end]), part)
    for (source, end), part in parts.inwards.items():
        _join(joined, (port_in.get(source, first), place[end]), part)
    for (start, source), part in parts.outwards.items():
        _join(joined, (place[start], port_out.get(source, last)), part)
    ordered = sorted(joined.items())
    strands = tuple(_strand(start, end, part) for (start, end), part in ordered)
    count = last + len(outputs)
    layers = layered(count, [ends for ends, _ in ordered], top=range(first, last), bottom=range(last, count))
    return Group(tuple(children), inputs, outputs, strands, layers)


def _ports(sources: Iterable[int]) -> tuple[int, ...]:
    found = tuple(dict.fromkeys(sources))
    return found if len(found) <= PORTS else (SEVERAL,)


def _join(joined: dict[tuple[int, int], _Part], ends: tuple[int, int], part: _Part) -> None:
    whole = joined.setdefault(ends, _Part())
    whole.sources |= part.sources
    whole.skip &= part.skip
    whole.labels |= part.labels


def _strand(start: int, end: int, part: _Part) -> Strand:
    labels = part.labels - {""}
    return Strand(start, end, tuple(part.sources), part.skip, labels.pop() if len(labels) == 1 else "")
