"""Where parameters, work, activations and bytes are: a map of areas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from dlviz_docs import words
from dlviz_docs.insights.model_words import amount, brief, parameters, share
from dlviz_docs.renderers.architecture._families import TITLES
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.renderers.architecture.diagram import address
from dlviz_docs.view import Figure, Tile, Treemap

__all__ = ["shares"]

TILES = 600
"""Of one view; the smallest of more are joined within their block."""
JOINED = 100
"""Tiles of those that are joined, at most."""
LEAST = 1e-9
"""Share of the whole below which an area is none."""
LABEL = 40
_OWN = "(own)"
"""What a block has beside what is in it."""


def shares(known: Known) -> Iterator[Figure]:
    """A view each for what is known of more than one part."""
    octets = {one.dtype for one in known.tensors.values() if one.role == "parameter"}
    ways: list[tuple[str, Callable[[str], float], Callable[[float], str]]] = [
        ("parameters", known.own_parameters, lambda value: parameters(int(value))),
        ("multiply-adds", lambda path: _own_macs(known, path), lambda value: f"{amount(value)} multiply-adds"),
        ("activations", lambda path: _own_activations(known, path), lambda value: f"{amount(value)} elements"),
    ]
    if len(octets) > 1:
        ways.append(("bytes", lambda path: _own_octets(known, path), lambda value: words.size(int(value))))
    views = [(name, tiles) for name, value, text in ways if len(tiles := _tiles(known, value, text)) > 1]
    if views:
        spec = Treemap(tuple(views))
        yield Figure(known.place.id("where"), "Where parameters and work are", _caption(known), spec, "Sizes")


def _caption(known: Known) -> str:
    by_family: defaultdict[str, int] = defaultdict(int)
    for path in known.layers:
        by_family[TITLES[known.family(path)]] += known.own_parameters(path)
    total = sum(by_family.values())
    ordered = sorted(by_family.items(), key=lambda item: -item[1])
    told = ", ".join(f"{share(count, total)} in {title}" for title, count in ordered[:3] if count)
    return f"Areas in proportion to what each layer has. Of the parameters: {told}." if told else ""


# --- what is a node's own ---------------------------------------------------------------------------------------------


def _own_octets(known: Known, path: str) -> float:
    return float(sum(one.octets for one in known.own(path) if not one.tied))


def _own_macs(known: Known, path: str) -> float:
    """Of a block, what it costs beyond all that is in it."""
    inside = sum(known.costs.get(child, 0.0) for child in known.children.get(path, ()))
    own = known.costs.get(path, 0.0) - inside
    return own if own > 1e-9 * inside else 0.0


def _own_activations(known: Known, path: str) -> float:
    return 0.0 if known.children.get(path) else float(known.nodes[path].activations or 0)


# --- tiles ------------------------------------------------------------------------------------------------------------


def _tiles(known: Known, value: Callable[[str], float], text: Callable[[float], str]) -> tuple[Tile, ...]:
    found = [(path, one) for path in known.nodes if (one := value(path)) >= 1]  # all are counts
    total = sum(one for _, one in found)
    found = [(path, one) for path, one in found if one > LEAST * total]
    large = sorted(found, key=lambda item: -item[1])[:TILES]
    kept = {path for path, _ in large}
    tiles = [_tile(known, path, one, text) for path, one in found if path in kept]
    return (*tiles, *_joined(known, [item for item in found if item[0] not in kept], text))


def _tile(known: Known, path: str, value: float, text: Callable[[float], str]) -> Tile:
    names = _names(known, path)
    if known.children.get(path):
        names = (*names, _OWN)
    return Tile(names, value, known.family(path), text(value), address(path))


def _joined(known: Known, small: Sequence[tuple[str, float]], text: Callable[[float], str]) -> Iterator[Tile]:
    """What is too small to be seen, together in its block, or further out where that would be too many."""
    for block, values in _by_block(known, small).items():
        names = (*_names(known, block), f"({words.count(len(values), 'small layer')})")
        yield Tile(names, sum(values), "other", text(sum(values)), address(block) if block else "")


def _by_block(known: Known, small: Sequence[tuple[str, float]]) -> dict[str, list[float]]:
    blocks = [known.parents[path] for path, _ in small]
    while len(set(blocks)) > JOINED:
        blocks = [known.parents.get(block, "") for block in blocks]
    found: defaultdict[str, list[float]] = defaultdict(list)
    for block, (_, value) in zip(blocks, small, strict=True):
        found[block].append(value)
    return found


def _names(known: Known, path: str) -> tuple[str, ...]:
    """Of the blocks around it and of itself, from outside."""
    names: list[str] = []
    while path:
        parent = known.parents[path]
        inside = path[len(parent) + 1 :] if parent and path.startswith(f"{parent}.") else path
        names.append(brief(inside, LABEL))
        path = parent
    return tuple(reversed(names))
