"""How far weights moved between checkpoints, and what stood still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dlviz_docs.insights import model_changes as said
from dlviz_docs.insights.model_words import brief
from dlviz_docs.insights.model_words import moved as in_words
from dlviz_docs.model import Change, FloatArray
from dlviz_docs.renderers._moments import moments as moments_of
from dlviz_docs.renderers.architecture._known import Known
from dlviz_docs.view import Figure, Layer, Matrix, Plot, PlotAxis, Shown

__all__ = ["moved"]

ROWS = 60
"""Rows of the map; of more layers, each row is a block."""
BARS = 30
LABEL = 40


def moved(known: Known) -> Iterator[Shown]:
    """Sentences on the whole way, a map of every step, and the way of each layer."""
    whole = known.moves.whole
    if whole is None:
        return
    figure = known.place.id("moved")
    relative = _by_layer(known, whole)
    yield from _sentences(known, whole, relative, figure)
    yield from _bars(known, whole, relative, figure)
    yield from _map(known)


def _by_layer(known: Known, one: Change) -> dict[str, float]:
    """Of the weights of each layer, as far as that is defined: they were not all zeros before."""
    places = {name: at for at, name in enumerate(one.names)}
    mains = ((path, main) for path in known.layers if (main := known.main(path)))
    found = {path: float(one.relative[places[main.name]]) for path, main in mains if main.name in places}
    return {path: value for path, value in found.items() if np.isfinite(value)}


def _sentences(known: Known, whole: Change, relative: Mapping[str, float], figure: str) -> Iterator[Shown]:
    moments = moments_of(known.network.checkpoints)
    before, after = moments[whole.before], moments[whole.after]
    still = set(_still(known, whole))
    learnt = [one for one in known.learnt() if one.name in whole.names]
    if learnt and all(one.name in still for one in learnt):
        yield from said.still_sentence(before, after, figure)
        return
    frozen = _frozen(known, still)
    count = sum(known.parameters(path) for path in frozen)
    yield from said.frozen_sentence(frozen, count, known.parameters(), before, after, figure)
    moving = {path: value for path, value in relative.items() if value > 0}
    yield from said.moved_sentence(list(moving), list(moving.values()), before, after, figure)


def _still(known: Known, whole: Change) -> Iterator[str]:
    """Tensors that are the same at both ends; what was all zeros is, if it still is."""
    for name, value in zip(whole.names, whole.relative.tolist(), strict=True):
        last = known.statistics.get(name)
        if value == 0 or (np.isnan(value) and last is not None and not last.norm and not last.nan + last.infinite):
            yield name


def _frozen(known: Known, still: set[str]) -> list[str]:
    """The outermost nodes all of whose parameters stood still."""
    found: list[str] = []
    inside: set[str] = set()
    for path in known.nodes:
        if known.parents[path] in inside:
            inside.add(path)
            continue
        learnt = [one.name for one in known.learnt(path)]
        if learnt and all(name in still for name in learnt):
            found.append(path)
            inside.add(path)
    return found


def _bars(known: Known, whole: Change, relative: Mapping[str, float], figure: str) -> Iterator[Figure]:
    """The whole way of each layer; of very many the ones that moved furthest."""
    if not relative:
        return
    paths = list(relative)
    if len(paths) > BARS:
        paths = sorted(paths, key=lambda path: -relative[path])[:BARS]
    values = np.array([100 * relative[path] for path in paths])
    notes = tuple(_note(known, whole, path, relative[path]) for path in paths)
    bars = Layer("bar", values, np.arange(len(paths), dtype=np.float64), notes=notes, horizontal=True)
    names = tuple(brief(path, LABEL) for path in paths)
    moments = moments_of(known.network.checkpoints)
    time = said.times_word(moments[whole.before], moments[whole.after])
    caption = f"Change of each layer's weights {time}, relative to their size before.{_of_run(known)}"
    caption += f" The {BARS} of {len(relative):,} layers that moved furthest." if len(relative) > BARS else ""
    spec = Plot(
        (bars,), PlotAxis("moved, % of its size"), PlotAxis("", "category", names), height=max(120, 20 * len(paths))
    )
    yield Figure(figure, "How far layers moved", caption, spec, "Between checkpoints")


def _of_run(known: Known) -> str:
    """Which run it is of, where checkpoints are of several."""
    runs = {one.run for one in known.network.checkpoints}
    return f" Of run {brief(known.moves.run, LABEL)}, the last of {len(runs):,}." if len(runs) > 1 else ""


def _note(known: Known, whole: Change, path: str, value: float) -> str:
    main = known.main(path)
    cosine = whole.cosine[known.moves.places[main.name]] if main is not None else np.nan
    direction = f", cosine {cosine:.3f}" if np.isfinite(cosine) else ""
    return f"{brief(path)}: {in_words(value)}{direction}"


# --- every step -------------------------------------------------------------------------------------------------------


def _map(known: Known) -> Iterator[Figure]:
    """Layers by steps, where there are two steps or more."""
    moments, steps = moments_of(known.network.checkpoints), known.moves.steps
    found = [_by_layer(known, one) for one in steps]
    layers = [path for path in known.layers if any(path in one for one in found)]
    if not steps or not layers:
        return
    values = np.array([[100 * one.get(path, np.nan) for one in found] for path in layers])
    names, values, by = _rows(known, layers, values)
    columns = tuple(moments[one.after] for one in steps)
    texts = tuple(
        tuple("–" if np.isnan(v) else f"{v:.0f} %" if v >= 10 else f"{v:.2g} %" for v in row) for row in values.tolist()
    )
    spec = Matrix(names, columns, values, texts, row_label="layer", column_label="until", low=0.0)
    caption = f"Change of {by} in each step from one checkpoint to the next, in percent of its size before."
    yield Figure(known.place.id("steps"), "Step by step", caption, spec, "Between checkpoints")


def _rows(known: Known, layers: Sequence[str], values: FloatArray) -> tuple[tuple[str, ...], FloatArray, str]:
    """Layers, or the median over those of each block, as deep as there is room for."""
    if len(layers) <= ROWS:
        return tuple(brief(path, LABEL) for path in layers), values, "each layer’s weights"
    chains = [_chain(known, path) for path in layers]
    depth = max(map(len, chains))
    while depth > 1 and len({chain[:depth] for chain in chains}) > ROWS:
        depth -= 1
    groups: dict[str, list[int]] = {}
    for at, chain in enumerate(chains):
        groups.setdefault(chain[:depth][-1], []).append(at)
    kept = list(groups)[:ROWS]
    with np.errstate(all="ignore"):
        medians = [_median(values[groups[path]]) for path in kept]
    return tuple(brief(path, LABEL) for path in kept), np.array(medians), "the median layer of each block"


def _median(values: FloatArray) -> FloatArray:
    """By column, without what is not known."""
    return np.array(
        [np.median(column[np.isfinite(column)]) if np.isfinite(column).any() else np.nan for column in values.T]
    )


def _chain(known: Known, path: str) -> tuple[str, ...]:
    """What it lies in, from outside, and itself."""
    chain = [path]
    while above := known.parents[chain[-1]]:
        chain.append(above)
    return tuple(reversed(chain))
