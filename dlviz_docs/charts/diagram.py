"""Layers and their connections: the picture as it opens, a table for readers without it, and data for the script.

The data is JSON, deflated, in base64: a thousand layers with all that is said of them weigh no more than a photograph,
and nothing that stands in a folder can be taken for HTML. `assets/diagram.js` says what it does with each part.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from markupsafe import Markup

from dlviz_docs import html
from dlviz_docs.charts.coding import rounded
from dlviz_docs.charts.describe import Row
from dlviz_docs.charts.diagram_svg import draw_diagram
from dlviz_docs.charts.families import ORDER, family_class, family_keys
from dlviz_docs.charts.nesting import Group, Nest, nested
from dlviz_docs.charts.scene import Line, Scene, arranged
from dlviz_docs.model import FloatArray
from dlviz_docs.stats.thin import thin
from dlviz_docs.view import Box, Diagram, Figure, Thumb
from dlviz_docs.words import count, number

__all__ = ["diagram_context", "packed", "sentence"]

MOST_DRAWN = 400
"""Boxes in the picture that needs no script."""
MOST_LINES = 1500
"""Wires in that picture, the shortest."""
MOST_ROWS = 200
"""Boxes in the table below it."""
HEIGHTS = 63
"""Steps of a histogram's bars, each one letter on the way to the script."""
POINTS = 60
"""Of the curve of how a layer moved."""
COLUMNS = ("Layer", "Kind", "Shown", "What it does")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@np.errstate(all="ignore")
def diagram_context(figure: Figure, address: Callable[[Thumb], str], *, root: str) -> dict[str, object]:
    """What `figures/diagram.html.j2` needs; `address` gives a picture's relative URL, "" where there is no file, and
    `root` is the relative address of our part of the site."""
    diagram = figure.spec
    if not isinstance(diagram, Diagram):
        raise TypeError(f"{figure.id} is not a diagram")
    nest = nested(diagram)
    whole = arranged(nest, nest.opened)
    scene = _first(whole)
    told = sentence(nest)
    description = " ".join(filter(None, (figure.caption, told)))
    drawn = draw_diagram(nest, scene, id=figure.id, title=figure.title, description=description)
    return {
        "figure": figure,
        "root": html.url(root),
        "svg": Markup(drawn),  # noqa: S704  (draw_diagram encodes every text)
        "keys": family_keys(box.family for box in nest.boxes),
        "sentence": told,
        "notes": _notes(nest),
        "further": _further(whole, scene),
        "columns": COLUMNS,
        "rows": tuple(_rows(nest)),
        "data": packed(_data(nest, address)),
    }


def sentence(nest: Nest) -> str:
    """How many there are of what, without inputs and outputs: with connections, operations are among the layers."""
    blocks = len(nest.groups) - 1
    layers = sum(i not in nest.groups and box.family != "port" for i, box in enumerate(nest.boxes))
    drawn = count(layers, "layer or operation", "layers and operations") if nest.wires else count(layers, "layer")
    skips = sum(skip for *_, skip in nest.wires)
    where = f" in {count(blocks, 'block')}" if blocks else ""
    passing = f", {count(skips, 'of them a shortcut', 'of them shortcuts')}" if skips else ""
    wires = f", {count(len(nest.wires), 'connection')}{passing}" if nest.wires else ", in their order"
    return f"{drawn}{where}{wires}."


def packed(data: object) -> str:
    """As the script unpacks it."""
    return base64.b64encode(zlib.compress(html.json_script(data).encode(), 9)).decode()


def _first(scene: Scene) -> Scene:
    """The uppermost part of a large picture."""
    boxes, lines, end = scene.boxes, scene.lines, scene.height
    if len(boxes) > MOST_DRAWN:
        end = sorted(placed.y for placed in boxes)[MOST_DRAWN]
        boxes = tuple(placed for placed in boxes if placed.y < end)
        lines = tuple(line for line in lines if min(y for _, y in line.points) < end)
    if len(lines) > MOST_LINES:
        lines = tuple(sorted(lines, key=_length)[:MOST_LINES])
    return replace(scene, boxes=boxes, lines=lines, height=end)


def _length(line: Line) -> int:
    (_, top), (_, bottom) = line.points[0], line.points[-1]
    return abs(bottom - top)


def _further(whole: Scene, drawn: Scene) -> str:
    """What only the script draws."""
    boxes, lines = len(whole.boxes) - len(drawn.boxes), len(whole.lines) - len(drawn.lines)
    told = [count(boxes, "further layer")] if boxes else []
    told += [count(lines, "longer connection")] if lines and not boxes else []
    return f"{told[0]} can be seen in the live diagram." if told else ""


def _notes(nest: Nest) -> list[str]:
    """What is not there at all."""
    return [f"{count(nest.left_out, 'further connection')} are left out."] if nest.left_out else []


def _rows(nest: Nest) -> Iterator[Row]:
    for box in nest.boxes[:MOST_ROWS]:
        kind = f"{box.kind} × {box.times:,}" if box.times > 1 else box.kind
        yield Row(box.id, (kind, box.summary, box.says))
    if len(nest.boxes) > MOST_ROWS:
        yield Row(f"and {len(nest.boxes) - MOST_ROWS:,} more", ("",) * (len(COLUMNS) - 1))


# --- for the browser --------------------------------------------------------------------------------------------------


def _data(nest: Nest, address: Callable[[Thumb], str]) -> dict[str, object]:
    """Columns of boxes, groups by block, and wires; texts are numbers of names, since many boxes share them."""
    names, boxes = _Names(), nest.boxes
    return {
        "id": [names(box.id) for box in boxes],
        "label": [names(box.label) for box in boxes],
        "kind": [names(box.kind) for box in boxes],
        "summary": [names(box.summary) for box in boxes],
        "says": [names(box.says) for box in boxes],
        "family": [ORDER.index(box.family) for box in boxes],
        "parent": nest.parents,
        "times": {i: box.times for i, box in enumerate(boxes) if box.times > 1},
        "size": nest.sizes,
        "header": {i: nest.headers[i] for i in nest.groups if i >= 0},
        "facts": [[names(word) for fact in box.facts for word in fact] for box in boxes],
        "more": {i: more for i, box in enumerate(boxes) if (more := _more(box, address))},
        "groups": {block: _group(group, names) for block, group in nest.groups.items()},
        "wires": [[start, end, names(label)] for start, end, label, _ in nest.wires],
        "opened": sorted(nest.opened),
        "port": ORDER.index("port"),
        "styles": [family_class(family) for family in ORDER],
        "names": names.all(),
    }


class _Names:
    """Texts by number, each once; what nobody can see is an escape, as in the page."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self._places.setdefault(html.text(text).unescape(), len(self._places))

    def all(self) -> list[str]:
        return list(self._places)


def _more(box: Box, address: Callable[[Thumb], str]) -> dict[str, object]:
    """What is shown of a box when it is chosen, beside its words."""
    told: dict[str, object] = {}
    if box.counts is not None and len(box.counts) and np.isfinite(box.counts).all() and box.counts.max() > 0:
        told["counts"] = _heights(box.counts)
        told["span"] = [html.text(number(end)) for end in box.span]
    if box.moved is not None and np.isfinite(box.moved).any():
        kept = thin(np.arange(len(box.moved), dtype=np.float64), box.moved, POINTS)
        told["moved"] = [[int(i) for i in kept], rounded(box.moved[kept])]
    if pictures := [[html.url(address(one)), one.width, one.height, one.side, one.alt] for one in box.pictures]:
        told["pictures"] = pictures
    if href := html.url(box.href):
        told["href"] = href.unescape()
    return told


def _heights(counts: FloatArray) -> str:
    """One letter for each bar; one of nothing has none, and one of very little has some."""
    shares = np.clip(counts, 0, None) / counts.max()
    return "".join(_LETTERS[step] for step in np.ceil(shares * HEIGHTS).astype(int).tolist())


def _group(group: Group, names: _Names) -> list[object]:
    """Children, ports in, ports out, rows, and strands with their bends, which are numbers in a row."""
    layers = group.layers
    strands = [
        [
            strand.start,
            strand.end,
            int(strand.skip) + 2 * int(i in layers.upwards),
            names(strand.label),
            strand.sources,
            *([chain[1], len(chain) - 2] if len(chain) > 2 else []),
        ]
        for i, (strand, chain) in enumerate(zip(group.strands, layers.chains, strict=True))
    ]
    return [group.children, group.inputs, group.outputs, layers.rows, strands]
