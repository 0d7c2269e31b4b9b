"""Blocks of the same structure in a row, drawn and listed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dlviz_docs.renderers.architecture._known import Known

__all__ = ["Fold", "fold_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Which nodes stand for others."""

    kept: tuple[str, ...]
    """Nodes that are drawn, depth first."""
    times: Mapping[str, int]
    """By path of a node that stands for others in a row: how many there are, itself among them."""
    places: Mapping[str, str]
    """By path of any node: that of the one drawn for it."""
    turns: Mapping[str, Mapping[str, str]]
    """By path of any node: of each drawn block around it that stands for several, the one it is really in."""

    def total(self, known: Known, path: str) -> int:
        """How many nodes of the model a drawn one stands for, blocks within blocks multiplied."""
        total = 1
        while path:
            total *= self.times.get(path, 1)
            path = known.parents[path]
        return total


def fold_of(known: Known) -> Fold:
    """By what readers have found alike; what is in a repetition is matched by its name, or else by its turn."""
    firsts = {path: _first(known, path) for path in known.nodes}
    stand = set(firsts.values()) - {""}
    kept: list[str] = []
    times: dict[str, int] = {}
    places, turns = {"": ""}, {"": dict[str, str]()}
    for path in known.nodes:
        parent, first = known.parents[path], firsts[path]
        own = path if places[parent] == parent else _alike(known, path, parent, places[parent])
        if first:
            own = places.get(first, first)
            if places[parent] == parent:
                times[own] = times.get(own, 1) + 1
        stands = first or path in stand
        places[path], turns[path] = own, {**turns[parent], own: path} if stands else turns[parent]
        if own == path:
            kept.append(path)
    return Fold(tuple(kept), times, places, turns)


def _first(known: Known, path: str) -> str:
    """The sibling that a node repeats, or "": one that repeats another is no first."""
    first = known.nodes[path].stand_in
    beside = first != path and first in known.nodes and known.parents[first] == known.parents[path]
    return first if beside and not known.nodes[first].stand_in else ""


def _alike(known: Known, path: str, parent: str, drawn: str) -> str:
    """What the drawn block has in place of a node of its repetition; the block itself if nothing is like it."""
    if (named := f"{drawn}{path[len(parent) :]}") in known.nodes and path.startswith(f"{parent}."):
        return named
    turn = known.children[parent].index(path)
    there = known.children.get(drawn, ())
    return there[turn] if turn < len(there) and known.nodes[there[turn]].kind == known.nodes[path].kind else drawn
