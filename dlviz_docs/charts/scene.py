"""A diagram with some of its blocks open: where each visible box and each wire lies. `assets/boxes.js` does the same.

All sizes are px from the upper left corner of the picture.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dlviz_docs.charts.nesting import SEVERAL, Group, Nest
from dlviz_docs.charts.spacing import Spaced, spaced

__all__ = ["ASIDE", "HEADER", "Line", "Placed", "Point", "Scene", "arranged"]

HEADER, UNDER, PAD = 28, 8, 16
"""Heights of the band on top of an open block and of the room below it; room at its other sides."""
ASIDE, EDGE = 14, 10
"""Between two arrows at one box, and from its corners."""

Point: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """A box that is seen."""

    box: int
    x: int
    y: int
    width: int
    height: int
    open: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A wire, or what is seen of it."""

    block: int
    """In which it lies; -1 for none."""
    strand: int
    """Its place among the block's strands."""
    points: tuple[Point, ...]
    values: int
    """Of how many boxes values go along."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Blocks before what is in them."""

    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    width: int
    height: int


def arranged(nest: Nest, opened: Collection[int]) -> Scene:
    """With the blocks of `opened` open, as far as the blocks around them are."""
    shown = [-1]
    for block in shown:
        shown.extend(child for child in nest.groups[block].children if child in opened and child in nest.groups)
    fits: dict[int, _Fit] = {}
    for block in reversed(shown):
        fits[block] = _fit(nest, block, fits)
    whole = fits[-1]
    places = {-1: Placed(-1, 0, 0, whole.width, whole.height, open=True)}
    for block in shown:
        places |= {placed.box: placed for placed in _boxes(fits[block], places[block], fits)}
    lines = tuple(line for block in shown for line in _Wiring(block, places, fits).lines())
    del places[-1]
    return Scene(tuple(places.values()), lines, whole.width, whole.height)


@dataclass(frozen=True, slots=True)
class _Fit:
    """An open block, laid out by itself."""

    group: Group
    sizes: tuple[tuple[int, int], ...]
    """Of its children and ports."""
    at: Spaced
    rows: Mapping[int, int]
    """Row of each node."""
    left: int
    top: int
    """Where its rows begin, from its own corner."""
    width: int
    height: int

    def port(self, source: int, *, out: bool) -> int | None:
        """Place from its left edge of the port of a source; None where it has none."""
        ports = self.group.outputs if out else self.group.inputs
        key = source if source in ports else SEVERAL
        if key not in ports:
            return None
        first = len(self.group.children) + (len(self.group.inputs) if out else 0)
        return self.left + self.at.x[first + ports.index(key)]

    def beside(self) -> tuple[int, int]:
        """How far its first ports, in and out, lie beside its middle."""
        into, out = (ports[0] if ports else SEVERAL for ports in (self.group.inputs, self.group.outputs))
        middle = self.width // 2
        upper, lower = self.port(into, out=False), self.port(out, out=True)
        return (upper if upper is not None else middle) - middle, (lower if lower is not None else middle) - middle


def _fit(nest: Nest, block: int, fits: Mapping[int, _Fit]) -> _Fit:
    """`fits` has the open blocks in it."""
    group = nest.groups[block]
    sizes = [(fits[i].width, fits[i].height) if i in fits else nest.sizes[i] for i in group.children]
    sizes += [(0, 0)] * (len(group.inputs) + len(group.outputs))
    ports = {node: fits[child].beside() for node, child in enumerate(group.children) if child in fits}
    at = spaced(group.layers, sizes, ports)
    width = max(at.width + 2 * PAD, nest.headers[block] if block >= 0 else 0)
    width += width % 2
    top = HEADER + UNDER if block >= 0 else PAD
    rows = {node: i for i, row in enumerate(group.layers.rows) for node in row}
    return _Fit(group, tuple(sizes), at, rows, (width - at.width) // 2, top, width, top + at.height + PAD)


def _boxes(fit: _Fit, frame: Placed, fits: Mapping[int, _Fit]) -> Iterator[Placed]:
    """A block's children, each in the middle of its row, or on its shelf."""
    for node, child in enumerate(fit.group.children):
        row, (width, height) = fit.rows[node], fit.sizes[node]
        x = frame.x + fit.left + fit.at.x[node] - width // 2
        over = 0 if fit.at.shelves[row] else (fit.at.heights[row] - height) // 2
        y = frame.y + fit.top + fit.at.tops[row] + over
        yield Placed(child, x, y, width, height, child in fits)


class _Wiring:
    """Where the strands of one block run."""

    def __init__(self, block: int, places: Mapping[int, Placed], fits: Mapping[int, _Fit]) -> None:
        self.block, self.places, self.fits, self.fit = block, places, fits, fits[block]
        self.group, self.layers, self.frame = self.fit.group, self.fit.group.layers, places[block]
        self.asides = self._asides()

    def lines(self) -> Iterator[Line]:
        """One for each strand; one that ends in an open block goes to the port of each value that it carries."""
        for i, strand in enumerate(self.group.strands):
            ends = Counter(
                (self._port(strand.start, source, out=True), self._port(strand.end, source, out=False))
                for source in strand.sources
            )
            for (start, end), values in ends.items():
                yield Line(self.block, i, self._points(i, start, end), values)

    def _points(self, strand: int, start: int, end: int) -> tuple[Point, ...]:
        """From the lower edge of one box, through the bends, to the upper edge of the next; or up, in a cycle."""
        chain, up = self.layers.chains[strand], strand in self.layers.upwards
        upper, lower = (end, start) if up else (start, end + self.asides.get((chain[-1], chain[-2]), 0))
        found = [(upper, self._edges(chain[0])[1]), (upper, self._row(chain[0])[1])]
        for bend in chain[1:-1]:
            found += [(self._x(bend), y) for y in self._row(bend)]
        found += [(lower, self._row(chain[-1])[0]), (lower, self._edges(chain[-1])[0])]
        kept = tuple(point for i, point in enumerate(found) if not i or point != found[i - 1])
        return kept[::-1] if up else kept

    def _port(self, node: int, source: int, *, out: bool) -> int:
        """x of the port of a source on the border of an open child; the middle of any other node."""
        child = self._child(node)
        inner = self.fits[child].port(source, out=out) if child in self.fits and child >= 0 else None
        return self._x(node) if inner is None else self.places[child].x + inner

    def _asides(self) -> dict[tuple[int, int], int]:
        """How far beside the middle of its box an arrow ends, by the box and the node before it: the straightest one
        keeps the middle."""
        before: defaultdict[int, set[int]] = defaultdict(set)
        for i, chain in enumerate(self.layers.chains):
            if i not in self.layers.upwards:
                before[chain[-1]].add(chain[-2])
        found: dict[tuple[int, int], int] = {}
        x = self.fit.at.x
        for node, others in before.items():
            if self._child(node) < 0 or self._child(node) in self.fits:
                continue
            ordered = sorted(others, key=lambda other: (x[other], other))
            straight = min(range(len(ordered)), key=lambda i: (abs(x[ordered[i]] - x[node]), i))
            reach = self.fit.sizes[node][0] // 2 - EDGE
            found |= {(node, other): max(-reach, min(reach, (i - straight) * ASIDE)) for i, other in enumerate(ordered)}
        return found

    def _child(self, node: int) -> int:
        return self.group.children[node] if node < len(self.group.children) else -1

    def _x(self, node: int) -> int:
        return self.frame.x + self.fit.left + self.fit.at.x[node]

    def _row(self, node: int) -> Point:
        """Upper and lower end of the row of a node."""
        row = self.fit.rows[node]
        top = self.frame.y + self.fit.top + self.fit.at.tops[row]
        return top, top + self.fit.at.heights[row]

    def _edges(self, node: int) -> Point:
        """Upper and lower edge of a box; of a port, where its wire ends on a border."""
        child = self._child(node)
        if child >= 0:
            placed = self.places[child]
            return placed.y, placed.y + placed.height
        return self.frame.y + self.frame.height, self.frame.y + HEADER
