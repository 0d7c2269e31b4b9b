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
    firsts = {node.stand_in for node in known.nodes.values()} & known.nodes.keys()
    kept: list[str] = []
    times: dict[str, int] = {}
    places, turns = {"": ""}, {"": dict[str, str]()}
    for path, node in known.nodes.items():
        parent = known.parents[path]
        own = path if places[parent] == parent else _alike(known, path, parent, places[parent])
        if node.stand_in in firsts and node.stand_in != path:
            own = places.get(node.stand_in, node.stand_in)
            if places[parent] == parent:
                times[own] = times.get(own, 1) + 1
        stands = node.stand_in in firsts or path in firsts
        places[path], turns[path] = own, {**turns[parent], own: path} if stands else turns[parent]
        if own == path:
            kept.append(path)
    return Fold(tuple(kept), times, places, turns)


def _alike(known: Known, path: str, parent: str, drawn: str) -> str:
    """What the drawn block has in place of a node of its repetition; the block itself if nothing is like it."""
    if (named := f"{drawn}{path[len(parent) :]}") in known.nodes and path.startswith(f"{parent}."):
        return named
    turn = known.children[parent].index(path)
    there = known.children.get(drawn, ())
    return there[turn] if turn < len(there) and known.nodes[there[turn]].kind == known.nodes[path].kind else drawn
