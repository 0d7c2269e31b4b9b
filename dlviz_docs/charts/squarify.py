"""Parts within parts as rectangles in rectangles, areas in proportion and shapes near to squares.

Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dlviz_docs.view import Family, Tile

__all__ = ["Part", "Rect", "parts", "squarified"]

Rect: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height."""
DEEP = 32
"""Parts within parts; what lies deeper is one part with the rest of its name."""
LEAST = 2e-6
"""Share of the whole below which a part is drawn with its siblings as one."""
OWN = "(own)"
"""What a part has beside its parts."""


@dataclass(slots=True)
class Part:
    """A rectangle, with what it stands for."""

    name: str
    parent: int
    """Its place in the list; -1 for none."""
    value: float
    depth: int
    family: Family = "block"
    text: str = ""
    href: str = ""
    rect: Rect = (0.0, 0.0, 0.0, 0.0)
    leaf: bool = False


def parts(tiles: Iterable[Tile], width: float, height: float) -> list[Part]:
    """The whole first, with no name; each part before what is in it, the largest first. Values that are not above zero
    are left out."""
    whole = _tree([tile for tile in tiles if math.isfinite(tile.value) and tile.value > 0])
    found: list[Part] = []
    waiting: list[tuple[_Node, int, Rect]] = [(whole, -1, (0.0, 0.0, width, height))]
    while waiting:
        node, parent, rect = waiting.pop()
        found.append(node.part(parent, found[parent].depth + 1 if parent >= 0 else 0, rect))
        inside = sorted(node.children.values(), key=lambda child: -child.value)
        inside = _merged(inside, LEAST * whole.value)
        rects = squarified([child.value for child in inside], rect)
        place = len(found) - 1
        waiting.extend((child, place, one) for child, one in reversed(list(zip(inside, rects, strict=True))))
    return found


def squarified(values: Sequence[float], rect: Rect) -> list[Rect]:
    """Rectangles of these areas, in their order, which is best falling; they fill `rect`."""
    left, top, width, height = rect
    total = sum(values)
    scale = width * height / total if total > 0 else 0.0
    areas = [value * scale for value in values]
    found: list[Rect] = []
    start = 0
    while start < len(areas):
        side = min(width, height)
        end, taken = start + 1, areas[start]
        while end < len(areas) and _worst(areas[start], areas[end], taken + areas[end], side) <= _worst(
            areas[start], areas[end - 1], taken, side
        ):
            taken += areas[end]
            end += 1
        last = end == len(areas)
        if width >= height:  # a column at the left
            thick = width if last else min(width, taken / height if height else 0.0)
            found.extend(_stacked(areas[start:end], taken, (left, top, thick, height), down=True))
            left, width = left + thick, width - thick
        else:
            thick = height if last else min(height, taken / width if width else 0.0)
            found.extend(_stacked(areas[start:end], taken, (left, top, width, thick), down=False))
            top, height = top + thick, height - thick
        start = end
    return found


def _worst(largest: float, least: float, taken: float, side: float) -> float:
    """The longest shape in a row of areas, as its longer side by the shorter."""
    if not (side and taken and least):
        return math.inf
    return max(side * side * largest / taken / taken, taken * taken / side / side / least)


def _stacked(areas: Sequence[float], taken: float, rect: Rect, *, down: bool) -> Iterator[Rect]:
    left, top, width, height = rect
    at = 0.0
    for area in areas:
        share = area / taken if taken else 0.0
        yield (
            (left, top + at * height, width, share * height)
            if down
            else (left + at * width, top, share * width, height)
        )
        at += share


@dataclass(slots=True)
class _Node:
    name: str
    value: float
    children: dict[str, _Node]
    tile: Tile | None = None

    def part(self, parent: int, depth: int, rect: Rect) -> Part:
        tile = self.tile
        if tile is None:
            return Part(self.name, parent, self.value, depth, rect=rect, leaf=not self.children)
        return Part(self.name, parent, self.value, depth, tile.family, tile.text, tile.href, rect, leaf=True)


def _tree(tiles: Iterable[Tile]) -> _Node:
    whole = _Node("", 0.0, {})
    for tile in tiles:
        path = tile.path if len(tile.path) <= DEEP else (*tile.path[: DEEP - 1], ".".join(tile.path[DEEP - 1 :]))
        node = whole
        node.value += tile.value
        for name in path:
            node = node.children.setdefault(name, _Node(name, 0.0, {}))
            node.value += tile.value
        if node.tile is None and not node.children:
            node.tile = tile
        else:  # the same path again
            node.children.setdefault(f"{OWN} {len(node.children)}", _Node(OWN, tile.value, {}, tile))
    return _settled(whole)


def _settled(whole: _Node) -> _Node:
    """A tile that turned out to have parts becomes one of them."""
    waiting = [whole]
    for node in waiting:
        if node.tile is not None and node.children:
            node.children[OWN] = _Node(OWN, node.tile.value, {}, node.tile)
            node.tile = None
        waiting.extend(node.children.values())
    return whole


def _merged(children: list[_Node], least: float) -> list[_Node]:
    """Those too small to be seen are one."""
    small = [child for child in children if child.value < least]
    if len(small) < 2:
        return children
    rest = _Node(f"{len(small):,} smaller", sum(child.value for child in small), {})
    return [*(child for child in children if child.value >= least), rest]
