"""Every layer in a row: what it does, its shapes, what it costs, and how its weights are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from dlviz_docs import words
from dlviz_docs.insights.model_sight import pixels
from dlviz_docs.insights.model_words import amount, brief, moved, multiply_adds, parameters, share, spaced
from dlviz_docs.model import Statistics, Tensor
from dlviz_docs.renderers.architecture._fold import Fold, fold_of
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.renderers.architecture._says import says
from dlviz_docs.renderers.architecture.diagram import address
from dlviz_docs.view import Cell, Column, Figure, Table

__all__ = ["layer_table"]

ROWS = 120
"""Layers up to which each has a row; of more, those of repeated blocks have one for all repetitions."""
MOST_ROWS = 400
_NOTHING = Cell("–")


_Kept: TypeAlias = tuple[Column, Callable[[str], Cell]]
"""A column, and its cell for a layer; one without any value is left out."""


def layer_table(known: Known) -> Iterator[Figure]:
    """One row a layer, each with a link to its box in the diagram."""
    if not known.layers:
        return
    rows, fold = _rows(known)
    columns = [
        (Column("Layer"), [Cell(brief(path), place, address(path)) for place, path in enumerate(rows)]),
        *((column, [cell(path) for path in rows]) for column, cell in _columns(known, fold)),
    ]
    told = [(column, cells) for column, cells in columns if any(cell is not _NOTHING for cell in cells)]
    table = Table(
        tuple(column for column, _ in told),
        tuple(zip(*(cells for _, cells in told), strict=True)),
        searchable=len(rows) > 10,
    )
    yield Figure(known.place.id("layers"), "Layers", _caption(known, rows), table, "Layers")


def _rows(known: Known) -> tuple[list[str], Fold | None]:
    if len(known.layers) <= ROWS:
        return known.layers, None
    fold = fold_of(known)
    kept = set(fold.kept)
    return [path for path in known.layers if path in kept][:MOST_ROWS], fold


def _caption(known: Known, rows: Sequence[str]) -> str:
    total = len(known.layers)
    text = f"{words.count(total, 'layer')}, {parameters(known.parameters())}"
    if macs := known.costs.get(""):
        text += f", {multiply_adds(macs)}"
    if len(rows) < total:
        text += f". {len(rows):,} have a row: a layer of a repeated block stands for its repetitions"
        text += f", and only the first {MOST_ROWS:,} are listed" if len(rows) == MOST_ROWS else ""
    return f"{text}."


def _columns(known: Known, fold: Fold | None) -> Iterator[_Kept]:
    nodes, whole, total = known.nodes, known.parameters(), known.costs.get("", 0.0)
    own = {path: known.own_parameters(path) for path in known.layers}
    if fold is not None:
        yield _numbers("Times", "Repetitions of the blocks it is in", lambda path: _times(known, fold, path))
    yield Column("Kind"), lambda path: _text(known.kind(path))
    yield Column("Output", False, "Shape for the example, without the batch"), lambda path: _output(known, path)
    yield _numbers("Parameters", "Elements that are learnt, tied ones once", lambda path: _count(own[path]))
    yield _numbers("Share", "Of all parameters of the model", lambda path: _share(own[path], whole))
    yield _numbers(
        "Multiply-adds", "For the example; FLOP are twice as many", lambda path: _amount(known.costs.get(path))
    )
    yield _numbers("Of all", "Of the multiply-adds", lambda path: _share(known.costs.get(path, 0.0), total))
    yield Column("What it does"), lambda path: _text(says(known, path))
    yield _numbers("Activations", "Elements of its outputs", lambda path: _amount(nodes[path].activations))
    yield _numbers("Sees", "Area of the input that one unit depends on", lambda path: _sight(known, path))
    yield from _of_weights(known)


def _of_weights(known: Known) -> Iterator[_Kept]:
    """Of the last checkpoint, each by the layer's weights of most axes."""
    mains = {path: main for path in known.layers if (main := known.main(path))}
    found = {path: s for path, main in mains.items() if (s := known.statistics.get(main.name)) is not None}
    rank = "Stable rank: how many directions its matrix uses, |W|²/σ²"
    yield Column("Type", False, "Of its weights"), lambda path: Cell(mains[path].dtype) if path in mains else _NOTHING
    yield _numbers("RMS", "Root mean square of its weights", lambda path: _rms(mains, found, path))
    yield _numbers("Largest", "Largest size of a weight", lambda path: _largest(found, path))
    yield _numbers("Zeros", "Share of weights that are exactly zero", lambda path: _zeros(mains, found, path))
    yield _numbers("Rank", rank, lambda path: _rank(found, path))
    yield _numbers(
        "Moved", "From the first to the last checkpoint, of its size", lambda path: _moved(known, mains, path)
    )


def _numbers(label: str, about: str, cell: Callable[[str], Cell]) -> _Kept:
    return Column(label, True, about), cell


# --- cells ------------------------------------------------------------------------------------------------------------


def _text(text: str, most: int = 60) -> Cell:
    """Cut between words; the diagram has it whole."""
    if len(text) > most:
        text = f"{text[: most - 1].rpartition(' ')[0] or text[: most - 1]}…"
    return Cell(text) if text else _NOTHING


def _times(known: Known, fold: Fold, path: str) -> Cell:
    times = fold.total(known, path)
    return Cell(f"×{times:,}", times) if times > 1 else _NOTHING


def _output(known: Known, path: str) -> Cell:
    outputs = known.nodes[path].outputs
    return Cell(spaced(outputs[0])) if outputs and outputs[0] else _NOTHING


def _count(count: int) -> Cell:
    return Cell(f"{count:,}", count) if count else _NOTHING


def _share(part: float, whole: float) -> Cell:
    return Cell(share(part, whole), part / whole) if part and whole else _NOTHING


def _amount(value: float | None) -> Cell:
    return Cell(amount(value), float(value)) if value else _NOTHING


def _sight(known: Known, path: str) -> Cell:
    field = known.nodes[path].field
    return Cell(pixels(field.size), math.prod(field.size)) if field is not None and field.size else _NOTHING


def _rms(mains: Mapping[str, Tensor], found: Mapping[str, Statistics], path: str) -> Cell:
    if path not in found or not mains[path].size:
        return _NOTHING
    if found[path].nan + found[path].infinite:
        return Cell("not finite", math.inf)
    value = found[path].norm / math.sqrt(mains[path].size)
    return Cell(f"{value:.3g}", value)


def _largest(found: Mapping[str, Statistics], path: str) -> Cell:
    one = found.get(path)
    if one is None or one.minimum is None or one.maximum is None:
        return _NOTHING
    value = max(-one.minimum, one.maximum)
    return Cell(f"{value:.3g}", value)


def _zeros(mains: Mapping[str, Tensor], found: Mapping[str, Statistics], path: str) -> Cell:
    if path not in found or not found[path].zeros:
        return _NOTHING
    return _share(found[path].zeros, mains[path].size)


def _rank(found: Mapping[str, Statistics], path: str) -> Cell:
    rank = found[path].stable_rank if path in found else None
    return Cell(f"{rank:.3g}", rank) if rank is not None and math.isfinite(rank) else _NOTHING


def _moved(known: Known, mains: Mapping[str, Tensor], path: str) -> Cell:
    value = known.moves.relative(mains[path].name) if path in mains else math.nan
    return _NOTHING if math.isnan(value) else Cell(moved(value), value)
