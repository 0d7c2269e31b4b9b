"""How layers lie in each other and connect: the boxes of a diagram, repeated blocks once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

import numpy as np

from dlviz_docs.insights.model_sight import pixels
from dlviz_docs.insights.model_words import amount, brief, parameters, shape, share, spaced
from dlviz_docs.model import Operation, Port, Shape, Statistics
from dlviz_docs.renderers.architecture._fold import Fold, fold_of
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.renderers.architecture._says import contents, says
from dlviz_docs.renderers.architecture._wires import wires_of
from dlviz_docs.renderers.architecture.filters import sheet_of
from dlviz_docs.stats.weights import rebinned
from dlviz_docs.view import Box, Diagram, Figure

__all__ = ["address", "diagram", "opened_at_first"]

FEWEST, MOST = 7, 40
"""Boxes that are to be seen at first."""
DRAWN = 6000
"""Boxes of one diagram; of a larger one the innermost are left out, or the last where it has no blocks."""
BINS = 24
LABEL = 40
"""Letters of a box's label."""
LISTED = 80
"""Letters of a list of names or numbers."""
SETTINGS = 24
ATTRIBUTES = 240
"""Letters of an operator's own words for what the settings of its layer say, and of what they leave out."""
_LENGTHS = re.compile(r"kernel|stride|dilation|shape|size|window")
"""Settings that are lengths along axes; others of several numbers are lists, such as an order of axes."""


def address(path: str, page: str = "") -> str:
    """Where the box of a layer stands: in the diagram of this page, or of another one, relative to this."""
    return f"{page}#m={quote(path, safe='', errors='replace')}"


def diagram(known: Known) -> Iterator[Figure]:
    """One box says nothing, so it is left out."""
    fold = fold_of(known)
    drawn = _drawn(known, fold)
    if len(drawn) < 2:
        return
    wires = tuple(wires_of(known, fold, frozenset(drawn)))
    inside, shortcuts, done = contents(known), {wire.end for wire in wires if wire.skip}, _done(known)
    boxes = [_box(known, fold, path, says(known, path, inside, shortcuts), done.get(path, [])) for path in drawn]
    if wires:
        boxes = [*_ports(known.network.inputs, "in"), *boxes, *_ports(known.network.outputs, "out")]
    opened = opened_at_first(boxes)
    spec = Diagram(tuple(boxes), wires, opened)
    title = "How it is connected" if wires else "What it is made of"
    yield Figure(known.place.id("structure"), title, _caption(known, fold, drawn, bool(wires)), spec, "Structure")


def _caption(known: Known, fold: Fold, drawn: Sequence[str], wired: bool) -> str:
    what = "Layers and operations from input to output." if wired else "Blocks and layers in the order of the file."
    if not wired and known.network.evidence != "graph":
        what += " The files do not tell how they connect."
    repeated = sum(times > 1 for times in fold.times.values())
    if repeated:
        what += " Blocks of the same structure in a row are drawn once, with their number."
    left = len(fold.kept) - len(drawn)
    if left:
        which = "innermost" if any(known.parents[path] for path in fold.kept) else "last"
        what += f" {left:,} of {len(fold.kept):,} boxes, the {which}, are left out."
    return what


def _drawn(known: Known, fold: Fold) -> Sequence[str]:
    """All of them, or those down to the depth that is not too many; of a flat model the first."""
    if len(fold.kept) <= DRAWN:
        return fold.kept
    depths = _depths(known, fold.kept)
    counts = np.cumsum(np.bincount([depths[path] for path in fold.kept]))
    deepest = int(np.searchsorted(counts, DRAWN, "right")) - 1
    if deepest < 0:
        return [path for path in fold.kept if not depths[path]][:DRAWN]
    return [path for path in fold.kept if depths[path] <= deepest]


def _depths(known: Known, paths: Iterable[str]) -> dict[str, int]:
    depths: dict[str, int] = {"": -1}
    for path in paths:
        depths[path] = depths[known.parents[path]] + 1
    return depths


def opened_at_first(boxes: Sequence[Box]) -> tuple[str, ...]:
    """Blocks down to the least depth at which at least 7 and at most 40 closed ones and layers are seen.

    Where no depth gives that, as many blocks of the last one that gives too few are opened, in order, as have room.
    """
    below: defaultdict[str, list[str]] = defaultdict(list)
    for box in boxes:
        if box.family != "port":
            below[box.parent].append(box.id)
    opened: list[str] = []
    seen, blocks = len(below[""]), [box for box in below[""] if box in below]
    while seen < FEWEST and blocks:
        more = sum(len(below[block]) - 1 for block in blocks)
        if seen + more > MOST:
            for block in blocks:
                if seen + len(below[block]) - 1 <= MOST:
                    opened.append(block)
                    seen += len(below[block]) - 1
            break
        opened += blocks
        seen += more
        blocks = [child for block in blocks for child in below[block] if child in below]
    return tuple(opened)


# --- boxes ------------------------------------------------------------------------------------------------------------


def _ports(ports: Sequence[Port], side: str) -> Iterator[Box]:
    for turn, port in enumerate(ports):
        facts = (("shape", shape(port.shape)), *((("type", port.dtype),) if port.dtype else ()))
        kind = "input" if side == "in" else "output"
        yield Box(f"{kind}:{turn}", brief(port.name, LABEL), kind, "port", summary=spaced(port.shape), facts=facts)


def _done(known: Known) -> dict[str, list[Operation]]:
    """The operations that each node is, or that a layer does."""
    found: defaultdict[str, list[Operation]] = defaultdict(list)
    for one in known.network.operations:
        if path := known.operations.get(one.name):
            found[path].append(one)
    return found


def _box(known: Known, fold: Fold, path: str, told: str, done: Sequence[Operation]) -> Box:
    main = known.main(path)
    statistics = known.statistics.get(main.name) if main else None
    times = fold.times.get(path, 1)
    counts, span = None, (0.0, 0.0)
    if statistics is not None and statistics.counts.sum() > 0:
        counts, span = rebinned(statistics.counts, BINS), (statistics.low, statistics.high)
    pictures = (sheet_of(known, main.name) if main else None, known.responses.get(path))
    return Box(
        path,
        _label(known, path),
        known.kind(path),
        known.family(path),
        known.parents[path],
        times,
        _summary(known, path),
        f"{told}." if told else "",
        tuple(_facts(known, path, times, done)),
        counts,
        span,
        known.moves.by_step(main.name) if main else None,
        tuple(picture for picture in pictures if picture),
    )


def _label(known: Known, path: str) -> str:
    if (used_before := path.rpartition(" (")[0]) in known.nodes and path in known.steps:
        return _label(known, used_before)
    if path in known.steps:
        return brief(known.kind(path), LABEL)
    parent = known.parents[path]
    return brief(path[len(parent) + 1 :] if parent else path, LABEL)


def _summary(known: Known, path: str) -> str:
    """What comes out, or else how much is in it."""
    outputs = known.nodes[path].outputs
    if outputs and outputs[0]:
        return spaced(outputs[0])
    count = known.parameters(path)
    return parameters(count) if count else ""


def _facts(known: Known, path: str, times: int, done: Sequence[Operation]) -> Iterator[tuple[str, str]]:
    node, whole = known.nodes[path], known.parameters()
    if times > 1:
        yield "repeated", f"{times:,} times in a row; numbers are of the first"
    if node.inputs:
        yield "input", _shapes(node.inputs)
    if node.outputs:
        yield "output", f"{_shapes(node.outputs)} {done[-1].dtype if done else ''}".rstrip()
    if count := known.parameters(path):
        yield "parameters", f"{count:,} ({share(count, whole)})"
    if macs := known.costs.get(path):
        yield "multiply-adds", f"{amount(macs)} ({share(macs, known.costs.get('', macs))})"
    if node.calls > 1:
        yield "used", f"{node.calls:,} times in a pass"
    if node.field is not None:
        yield "sees", pixels(node.field.size)
    for name, value in list(node.settings.items())[:SETTINGS]:
        yield brief(name.replace("_", " "), LABEL), brief(_setting(name, value), LISTED)
    yield from _of_weights(known, path)
    yield from _in_file(known, path, done)


def _in_file(known: Known, path: str, done: Sequence[Operation]) -> Iterator[tuple[str, str]]:
    """Under what names the file has it."""
    if len(done) == 1:
        (one,) = done
        if one.kind != known.kind(path):
            yield "operator", brief(one.kind, LISTED)
        if one.settings and path not in known.steps:  # of others they are rows of their own
            yield "attributes", brief(_attributes(one), ATTRIBUTES)
        if one.name != path:
            yield "node", brief(one.name, LISTED)
        if one.takes:
            yield "takes", _listed(one.takes)
        if one.gives:
            yield "makes", _listed(one.gives)
    elif done:
        yield "operators", brief(", ".join(one.kind for one in done[:12]), LISTED)


def _attributes(one: Operation) -> str:
    told = ((name, list(value) if isinstance(value, tuple) else value) for name, value in one.settings.items())
    return ", ".join(f"{name} {value}" for name, value in told)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(brief(name, LABEL) or "–" for name in names)


def _of_weights(known: Known, path: str) -> Iterator[tuple[str, str]]:
    for tensor in known.own(path)[:4]:
        words = f"{shape(tensor.shape)} {tensor.dtype}"
        found = known.statistics.get(tensor.name)
        words += _elements(found, tensor.size) if found is not None else ""
        if found is not None and found.nan + found.infinite:
            words += f", {found.nan + found.infinite:,} not finite"
        if tensor.tied:
            words += f", the same as {brief(tensor.tied, LABEL)}"
        yield brief(tensor.name[len(path) + 1 :] if tensor.name.startswith(f"{path}.") else tensor.name, LABEL), words


def _elements(found: Statistics, size: int) -> str:
    """How its elements lie, or the only one itself."""
    mean, std, low, high = found.mean, found.std, found.minimum, found.maximum
    if mean is None or std is None or low is None or high is None:
        return ""
    told = f", mean {mean:.3g}, SD {std:.3g}, {low:.3g} to {high:.3g}" if size > 1 else f", {mean:.6g}"
    return told.replace("-", "−")


def _setting(name: str, value: object) -> str:
    between = " × " if _LENGTHS.search(name) else ", "
    return between.join(map(str, value)) if isinstance(value, tuple) else str(value)


def _shapes(shapes: Sequence[Shape]) -> str:
    return ", ".join(shape(one) for one in shapes[:3]) + ("" if len(shapes) <= 3 else f" and {len(shapes) - 3:,} more")
