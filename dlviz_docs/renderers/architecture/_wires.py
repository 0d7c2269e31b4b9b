"""What goes from one box of a diagram to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from dlviz_docs.insights.model_words import spaced
from dlviz_docs.renderers.architecture._fold import Fold
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.view import Wire

__all__ = ["wires_of"]

Sources: TypeAlias = Mapping[str, Sequence[str]]

RANKS = 3
"""Operations that another way takes at least, beside which a wire is a skip."""
LOOKED_AT = 200_000
"""Operations that are walked through in search of such ways, in all."""


def wires_of(known: Known, fold: Fold, drawn: frozenset[str]) -> Iterator[Wire]:
    """Each once; none from one repetition of a block to the next, which would lead back into the same box."""
    sources, shapes = _sources(known), {one.name: one.outputs for one in known.network.operations}
    shapes |= {port.name: (port.shape,) for port in known.network.inputs}
    ports = {port.name: f"input:{turn}" for turn, port in enumerate(known.network.inputs)}
    boxes = {path: _box_of(known, fold, path, drawn) for path in dict.fromkeys(known.operations.values())}
    skips = _skips(sources)
    found: dict[tuple[str, str], tuple[str, bool]] = {}
    for name, end in known.operations.items():
        for given in sources[name]:
            start = ports[given] if given in ports else boxes[known.operations[given]]
            if given not in ports and _leads_back(known, fold, known.operations[given], end, (start, boxes[end])):
                continue
            if start and boxes[end]:
                pair = start, boxes[end]
                label = spaced(shapes[given][0]) if shapes[given] and shapes[given][0] else ""
                known_label, skip = found.get(pair, (label, True))
                found[pair] = known_label, skip and (given, name) in skips
    for pair, label in _to_outputs(known, sources, boxes):
        found.setdefault(pair, (label, False))
    yield from (Wire(start, end, label, skip) for (start, end), (label, skip) in found.items())


def _sources(known: Known) -> dict[str, list[str]]:
    """What each operation takes values from, through those that only pass them on."""
    told = {port.name for port in known.network.inputs} | known.operations.keys()
    found: dict[str, list[str]] = {}
    for one in known.network.operations:
        given: dict[str, None] = {}
        for name in known.passed.get(one.name, one.inputs):
            given |= dict.fromkeys([name] if name in told else found.get(name, ()))
        found[one.name] = list(given)
    return found


def _box_of(known: Known, fold: Fold, path: str, drawn: frozenset[str]) -> str:
    """The drawn box that a node is, or lies in."""
    own = fold.places[path]
    while own and own not in drawn:
        own = known.parents[own]
    return own


def _leads_back(known: Known, fold: Fold, start: str, end: str, boxes: tuple[str, str]) -> bool:
    """Whether it stays in one box, or goes from one repetition of a block into another one of the same."""
    there = fold.turns[start]
    if any(there.get(block, actual) != actual for block, actual in fold.turns[end].items()):
        return True
    return boxes[0] in _around(known, boxes[1]) or boxes[1] in _around(known, boxes[0])


def _around(known: Known, path: str) -> Iterator[str]:
    while path:
        yield path
        path = known.parents[path]


def _skips(sources: Sources) -> set[tuple[str, str]]:
    """Wires beside a longer way between the same operations: residual connections, and those of a U-Net."""
    ranks: dict[str, int] = {}
    for name, given in sources.items():
        ranks[name] = 1 + max((ranks.get(one, 0) for one in given), default=0)
    found: set[tuple[str, str]] = set()
    left = LOOKED_AT
    for name, given in sources.items():
        for one in given:
            if left > 0 and len(given) > 1 and ranks[name] - ranks.get(one, 0) >= RANKS:
                way, looked_at = _another_way(sources, ranks, one, name)
                left -= looked_at
                if way:
                    found.add((one, name))
    return found


def _another_way(sources: Sources, ranks: Mapping[str, int], start: str, end: str) -> tuple[bool, int]:
    """Whether the end can be reached from the start through others, and how many were looked at."""
    waiting = [one for one in sources[end] if one != start]
    seen = set(waiting)
    while waiting:
        for one in sources.get(waiting.pop(), ()):
            if one == start:
                return True, len(seen)
            if one not in seen and ranks.get(one, 0) > ranks.get(start, 0):
                seen.add(one)
                waiting.append(one)
    return False, len(seen)


def _to_outputs(known: Known, sources: Sources, boxes: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """From the operations called like the outputs, or else from those nobody takes values of, if they are as many."""
    outputs = known.network.outputs
    ends = [one.name for one in outputs if one.name in known.operations]
    if len(ends) < len(outputs):
        taken = {name for given in sources.values() for name in given}
        ends = [name for name in known.operations if name not in taken]
    if len(ends) == len(outputs):
        for turn, name in enumerate(ends):
            if box := boxes[known.operations[name]]:
                yield (box, f"output:{turn}"), spaced(outputs[turn].shape)
