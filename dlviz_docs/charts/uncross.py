"""The order within rows in which few wires cross: barycentre sweeps (Sugiyama, Tagawa and Toda 1981)."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence

__all__ = ["crossings", "uncross"]

SWEEPS = 12
PATIENCE = 4
"""Sweeps in a row without fewer crossings, after which there are no more."""


def uncross(rows: list[list[int]], below: Mapping[int, Sequence[int]]) -> None:
    """Sort each row by the middle of its neighbours, down and up in turn; the order with fewest crossings stays."""
    above: dict[int, list[int]] = {node: [] for node in below}
    for node, lowers in below.items():
        for lower in lowers:
            above[lower].append(node)
    place = {node: i for row in rows for i, node in enumerate(row)}
    best, fewest = [list(row) for row in rows], crossings(rows, below, place)
    worse = 0
    for sweep in range(SWEEPS):
        if not fewest or worse == PATIENCE:
            break
        _sweep(rows if sweep % 2 == 0 else rows[::-1], above if sweep % 2 == 0 else below, place)
        left = crossings(rows, below, place)
        worse = 0 if left < fewest else worse + 1
        if left < fewest:
            best, fewest = [list(row) for row in rows], left
    rows[:] = best


def _sweep(rows: Sequence[list[int]], near: Mapping[int, Sequence[int]], place: dict[int, int]) -> None:
    for row in rows[1:]:
        middle = {
            node: sum(place[other] for other in near[node]) / len(near[node]) if near[node] else float(place[node])
            for node in row
        }
        row.sort(key=middle.__getitem__)
        place.update((node, i) for i, node in enumerate(row))


def crossings(rows: Sequence[Sequence[int]], below: Mapping[int, Sequence[int]], place: Mapping[int, int]) -> int:
    """Pairs of wires that cross between one row and the next: inversions (Barth, Jünger and Mutzel 2002)."""
    crossed = 0
    for row in rows:
        passed: list[int] = []
        for node in row:
            ends = sorted(place[lower] for lower in below[node])
            crossed += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return crossed
