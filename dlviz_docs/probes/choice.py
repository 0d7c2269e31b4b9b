"""At which layers maps are taken: those whose maps are the most faithful, among the last of each resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlviz_docs.probes.passes import gradients_at
from dlviz_docs.probes.runnable import Layer, Runnable
from dlviz_docs.probes.spatial import Grid, grid_of
from dlviz_docs.probes.targets import Wanted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Candidate", "candidates"]

MOST = 4
"""Layers that are compared."""
_PASSING = ("pad", "identity", "dropout", "droppath")
"""What kinds of layers are called that hand on what they are given, perhaps with an empty border."""
_BACK = 12
"""How far to look back for a layer that the answer depends on."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A layer that lies over the picture."""

    path: str
    grid: Grid


def candidates(model: Runnable, layers: Sequence[Layer], x: Tensor, classes: Wanted) -> tuple[Candidate, ...]:
    """The last layer of each resolution whose cells the answer depends on, the last in the model first.

    The last tokens of a transformer's block get no gradient where the answer is read from the class token alone: then
    it is the layer before. Where all layers have one resolution, as in a transformer, two from its middle come too.
    """
    over = _over(layers, x.shape[2], x.shape[3])
    found: list[Candidate] = []
    for size in dict.fromkeys((one.grid.rows, one.grid.columns) for one in reversed(over)):
        same = [one for one in over if (one.grid.rows, one.grid.columns) == size]
        found += _dependable(model, same, x, classes)
        if len(found) >= MOST:
            break
    if len(found) == 1:
        found += _earlier(found[0], over)
    return tuple(found[:MOST])


def _over(layers: Sequence[Layer], height: int, width: int) -> list[Candidate]:
    """Layers with rows and columns: not attention, whose two axes are tokens, nor the wide inside of its blocks."""
    tokens = {layer.shape[1] for layer in layers if len(layer.shape) == 3}
    found = []
    for layer in layers:
        grid = grid_of(layer.shape, height, width)
        attention = len(layer.shape) == 4 and layer.shape[2] == layer.shape[3] and layer.shape[2] in tokens
        passing = any(word in layer.kind.lower() for word in _PASSING)
        if grid is not None and grid.cells >= 4 and grid.channels > 1 and not (attention or passing):
            found.append(Candidate(layer.path, grid))
    widths = Counter(one.grid.channels for one in found if one.grid.layout == "tokens")
    usual = max(widths, key=lambda width: widths[width], default=0)
    return [one for one in found if one.grid.layout != "tokens" or one.grid.channels == usual]


def _dependable(model: Runnable, same: Sequence[Candidate], x: Tensor, classes: Wanted) -> list[Candidate]:
    """The last of them at whose cells there is a gradient."""
    few = slice(0, model.fixed_batch or 2)
    for one in list(reversed(same))[:_BACK]:
        _, gradient = gradients_at(model, one.path, x[few], classes[few], model.fixed_batch or 2)
        if float(one.grid.spread(gradient).abs().max()) > 0:
            return [one]
    return []


def _earlier(last: Candidate, over: Sequence[Candidate]) -> list[Candidate]:
    """Two before it, two thirds and one third of the way, that are named alike: "blocks.7.norm1", "blocks.3.norm1"."""
    ends = last.path.rsplit(".", 1)[-1]
    depth = last.path.count(".")
    alike = [one for one in over if one.path.rsplit(".", 1)[-1] == ends and one.path.count(".") == depth]
    before = alike[: alike.index(last)] if last in alike else []
    return [before[len(before) * part // 3] for part in (2, 1)] if len(before) >= 3 else []
