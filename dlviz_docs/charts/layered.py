"""Boxes in rows, wires downwards: which row a box stands in, and where in it (Sugiyama, Tagawa and Toda 1981).

A wire that passes rows by has a bend in each of them, and wires from one box share their bends. `spacing` then says how
far apart all of them stand, which depends on how large they are: on what is open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from dlviz_docs.charts.uncross import uncross

__all__ = ["Chain", "Layers", "layered"]

Chain: TypeAlias = tuple[int, ...]

ROW = 12
"""Boxes side by side; further ones go one row down, so that a fan of hundreds can still be read."""
SHELF = 8
"""Boxes without wires up to which they stand in one column."""
BENDS = 4
"""Bends for each box at most, beside `SPARE` of them: the longest wires go without, so that memory stays linear."""
SPARE = 4000
MERGE = 3
"""Long wires to one box, from which on they share their bends."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Rows of nodes; those from `count` on are bends."""

    count: int
    rows: tuple[Chain, ...]
    """Top to bottom, each left to right."""
    chains: tuple[Chain, ...]
    """Of each wire: its upper end, its bends, its lower end; only the ends for one that has no bends though it is long.
    The upper end is where it ends, for a wire that goes up."""
    upwards: frozenset[int]
    """Wires that go up: those that close a cycle."""


def layered(
    count: int,
    wires: Sequence[tuple[int, int]],
    *,
    top: Collection[int] = (),
    bottom: Collection[int] = (),
) -> Layers:
    """Rows of the nodes 0 to `count` - 1; those of `top` and of `bottom` have a row of their own at that end."""
    links = _Links(count, wires)
    ranks = _ranks(links, set(top), set(bottom))
    chains, below = _chains(links, ranks)
    rows = _first_order(ranks, below, links)
    uncross(rows, below)
    alone = [node for node in range(count) if node not in links.linked and node not in top and node not in bottom]
    return Layers(count, tuple(_with_shelves(rows, alone, bottom)), tuple(chains), frozenset(links.upwards))


class _Links:
    """The wires without cycles: those that close one are turned round."""

    def __init__(self, count: int, wires: Sequence[tuple[int, int]]) -> None:
        self.count = count
        self.linked = {node for wire in wires for node in wire}
        self.upwards = set(_closing(count, wires))
        turned = self.upwards
        self.ends = [(end, start) if i in turned else (start, end) for i, (start, end) in enumerate(wires)]
        self.after: list[list[int]] = [[] for _ in range(count)]
        self.before: list[list[int]] = [[] for _ in range(count)]
        for upper, lower in self.ends:
            self.after[upper].append(lower)
            self.before[lower].append(upper)


def _closing(count: int, wires: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Wires that lead back to a box on the way to them, by a search in the boxes' own order."""
    out: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for i, (start, end) in enumerate(wires):
        out[start].append((end, i))
    state = bytearray(count)  # 0: not seen, 1: on the way, 2: done
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        way = [(root, iter(out[root]))]
        while way:
            node, rest = way[-1]
            for end, wire in rest:
                if state[end] == 1:
                    yield wire
                elif not state[end]:
                    state[end] = 1
                    way.append((end, iter(out[end])))
                    break
            else:
                state[node] = 2
                way.pop()


# --- rows -------------------------------------------------------------------------------------------------------------


def _ranks(links: _Links, top: set[int], bottom: set[int]) -> dict[int, int]:
    """Longest paths from above; what has nothing above it is pulled down to what it leads to."""
    order = [node for node in _in_order(links) if node in links.linked]
    ranks: dict[int, int] = {}
    filled: defaultdict[int, int] = defaultdict(int)
    for node in order:
        if node in bottom:
            continue
        rank = 0 if node in top else max((ranks[upper] + 1 for upper in links.before[node]), default=int(bool(top)))
        while node not in top and filled[rank] >= ROW:
            rank += 1
        ranks[node] = rank
        filled[rank] += 1
    for node in reversed(order):
        below = [ranks[lower] for lower in links.after[node] if lower in ranks]
        if below and not links.before[node] and node not in top:
            free = (rank for rank in range(min(below) - 1, ranks[node], -1) if filled[rank] < ROW)
            filled[ranks[node]] -= 1
            ranks[node] = next(free, ranks[node])
            filled[ranks[node]] += 1
    last = max(ranks.values(), default=0) + 1
    return ranks | dict.fromkeys((node for node in bottom if node in links.linked), last)


def _in_order(links: _Links) -> Iterator[int]:
    """Each box after those above it."""
    waiting = [len(before) for before in links.before]
    ready = [node for node in range(links.count) if not waiting[node]]
    for node in ready:
        yield node
        for lower in links.after[node]:
            waiting[lower] -= 1
            if not waiting[lower]:
                ready.append(lower)


@dataclass(frozen=True, slots=True)
class _Bus:
    """Bends that several wires share, from its first row on."""

    bends: range
    first: int

    def between(self, upper: int, lower: int) -> range:
        """Those between two rows."""
        return self.bends[upper + 1 - self.first : lower - self.first]


def _chains(links: _Links, ranks: dict[int, int]) -> tuple[list[Chain], dict[int, list[int]]]:
    """The way of each wire, and what follows each node in the next row; bends are added to `ranks`."""
    keys = _bus_of(links, ranks)
    buses = _buses(keys, links, ranks)
    below: dict[int, list[int]] = {node: [] for node in ranks}
    for bus in buses.values():
        for step, bend in enumerate(bus.bends):
            below[bend] = []
            ranks[bend] = bus.first + step
    chains: list[Chain] = []
    for key, (upper, lower) in zip(keys, links.ends, strict=True):
        bends = buses[key].between(ranks[upper], ranks[lower]) if key in buses else range(0)
        chains.append((upper, *bends, lower))
        if len(bends) == ranks[lower] - ranks[upper] - 1:
            _thread(chains[-1], below)
    return chains, below


_Key: TypeAlias = tuple[str, int, bool]


def _bus_of(links: _Links, ranks: Mapping[int, int]) -> list[_Key]:
    """Wires of one box go together, or those that many boxes send to one."""
    long = [ranks[lower] - ranks[upper] > 1 for upper, lower in links.ends]
    out = Counter(upper for (upper, _), far in zip(links.ends, long, strict=True) if far)
    into = Counter(lower for (_, lower), far in zip(links.ends, long, strict=True) if far)
    return [
        ("into", lower, i in links.upwards)
        if into[lower] > max(out[upper], MERGE)
        else ("from", upper, i in links.upwards)
        for i, (upper, lower) in enumerate(links.ends)
    ]


def _buses(keys: Sequence[_Key], links: _Links, ranks: Mapping[int, int]) -> dict[_Key, _Bus]:
    """The shortest first, as long as there are bends left."""
    spans: dict[_Key, tuple[int, int]] = {}
    for key, (upper, lower) in zip(keys, links.ends, strict=True):
        first, end = spans.get(key, (ranks[upper] + 1, ranks[lower]))
        spans[key] = min(first, ranks[upper] + 1), max(end, ranks[lower])
    free, most = links.count, links.count + BENDS * links.count + SPARE
    buses: dict[_Key, _Bus] = {}
    for key, (first, end) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[0])):
        if free + end - first > most:
            break
        buses[key] = _Bus(range(free, free + end - first), first)
        free += end - first
    return buses


def _thread(chain: Chain, below: Mapping[int, list[int]]) -> None:
    for one, other in pairwise(chain):
        if other not in below[one]:
            below[one].append(other)


def _with_shelves(rows: Sequence[Sequence[int]], alone: Sequence[int], bottom: Collection[int]) -> Iterator[Chain]:
    """The rows, then boxes without wires in their own order, then the row of what leaves the group."""
    last = [row for row in rows if row and row[0] in bottom]
    yield from (tuple(row) for row in rows if row and row[0] not in bottom)
    across = 1 if len(alone) <= SHELF else min(ROW, round((len(alone) / 3) ** 0.5) + 1)
    yield from (tuple(alone[i : i + across]) for i in range(0, len(alone), across))
    yield from (tuple(row) for row in last)


# --- order within rows ------------------------------------------------------------------------------------------------


def _first_order(ranks: Mapping[int, int], below: Mapping[int, Sequence[int]], links: _Links) -> list[list[int]]:
    """Each row in the order in which a search from above comes by."""
    rows: list[list[int]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    seen: set[int] = set()
    starts = [node for node in range(links.count) if node in ranks and not links.before[node]]
    for start in (*starts, *(node for node in range(links.count) if node in ranks)):
        way = [start]
        while way:
            node = way.pop()
            if node not in seen:
                seen.add(node)
                rows[ranks[node]].append(node)
                way.extend(reversed(below[node]))
    return rows
