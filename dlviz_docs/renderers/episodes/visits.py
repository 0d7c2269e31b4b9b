"""Where the agent goes, early and late, and what it does and expects there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode
from dlviz_docs.renderers.episodes._along import along
from dlviz_docs.renderers.episodes._places import GROUP, MOST_ACTIONS, coverage, name_of, observed, pictured, when
from dlviz_docs.renderers.episodes._signals import signals
from dlviz_docs.renderers.episodes._stages import Stage, Task
from dlviz_docs.stats.visits import Cells, cells_of, most_telling, spread_of
from dlviz_docs.view import Figure, Layer, Matrix, Plot, PlotAxis, Shown

__all__ = ["visits"]

BINS = 24
BESIDE = 10
"""Columns of grids that stand beside each other."""
MOST_NUMBERS = 64
"""Observations of more numbers are projected: pictures, and long vectors."""
LEAST_STEPS = 20
FITTED = 20_000
"""Steps that the projection is fitted to, evenly taken."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    """Two numbers of every step: observed ones, or directions."""

    names: tuple[str, str]
    why: str
    points: tuple[FloatArray, ...]
    """Of the episodes of each stage together, shape (n, 2)."""


def visits(task: Task) -> Iterator[Shown]:
    """Nothing where no observations were recorded."""
    stages = tuple(stage for stage in task.stages if _steps(stage.episodes) >= LEAST_STEPS)
    if not stages:
        return
    if _width(stages) == 1:
        yield from along(task, stages)
        return
    plane = _plane(task, stages)
    if plane is None:
        return
    cells = cells_of(plane.points, BINS)
    group = task.group(GROUP)
    yield from coverage(task, stages, cells, task.id(f"visits-{len(stages)}"))
    for turn in pictured(len(stages)):
        label = stages[turn].label
        id = task.id(f"visits-{turn + 1}")  # noqa: A001  (the figure's word)
        yield _map(plane, cells, turn, label, stages[turn], id, group)
    if not _is_grid(plane) and (figure := _policy(task, stages[-1], plane, cells, task.id("policy-map"), group)):
        yield figure
    if not _is_grid(plane) and (figure := _values(stages[-1], task, plane, cells, task.id("value-map"), group)):
        yield figure


def _steps(episodes: Sequence[Episode]) -> int:
    return sum(map(len, observed(episodes)))


def _width(stages: Sequence[Stage]) -> int:
    return next((e.observations.shape[1] for s in stages for e in s.episodes if e.observations is not None), 0)


# --- two numbers ------------------------------------------------------------------------------------------------------


def _plane(task: Task, stages: Sequence[Stage]) -> _Plane | None:
    pooled = [
        np.concatenate([e.observations for e in observed(s.episodes) if e.observations is not None]) for s in stages
    ]
    width = pooled[0].shape[1]
    names = task.first.observations
    if width == 2 and [name.lower() for name in names[:2]] in (["column", "row"], ["col", "row"]):
        turned = tuple(one[:, ::-1] for one in pooled)
        return _Plane((names[1], names[0]), "both numbers it observes", turned)
    if width == 2:
        return _Plane((name_of(names, 0), name_of(names, 1)), "both numbers it observes", tuple(pooled))
    if width < 2:
        return None
    if width <= MOST_NUMBERS and (pair := _telling(task, stages, np.concatenate(pooled))):
        first, second = pair
        why = "the two observed numbers that tell most about what it does"
        return _Plane(
            (name_of(names, first), name_of(names, second)), why, tuple(one[:, [first, second]] for one in pooled)
        )
    return _projected(pooled)


def _telling(task: Task, stages: Sequence[Stage], seen: FloatArray) -> tuple[int, int] | None:
    """By discrete actions, or the first of continuous ones; by expectations where no actions are told."""
    episodes = [episode for stage in stages for episode in observed(stage.episodes)]
    answers = [_answer(episode, task.first.gamma) for episode in episodes]
    if any(one is None for one in answers):
        return None
    return most_telling(seen, np.concatenate([one for one in answers if one is not None]))


def _answer(episode: Episode, gamma: float | None) -> FloatArray | None:
    if episode.actions is not None:
        actions = np.asarray(episode.actions, np.float64)
        return actions if actions.ndim == 1 else np.asarray(actions[:, 0])
    return signals(episode, gamma).worth


def _projected(pooled: Sequence[FloatArray]) -> _Plane | None:
    """The two directions of the greatest variance, of standardised numbers; fitted to all moments together."""
    whole = np.concatenate(pooled)
    rows = whole[np.linspace(0, len(whole) - 1, min(len(whole), FITTED)).astype(int)]
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) < LEAST_STEPS:
        return None
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    varied = spread > 0
    if varied.sum() < 2:
        return None
    z = (rows[:, varied] - middle[varied]) / spread[varied]
    _, lengths, directions = np.linalg.svd(z, full_matrices=False)
    kept = float((lengths[:2] ** 2).sum() / (lengths**2).sum())
    points = tuple(((one[:, varied] - middle[varied]) / spread[varied]) @ directions[:2].T for one in pooled)
    many = words.count(int(varied.sum()), "number")
    why = f"the two main directions of {many}, with {percent(kept, 1.0)} of their variance"
    return _Plane(("main direction 1", "main direction 2"), why, points)


# --- maps -------------------------------------------------------------------------------------------------------------


def _axes(plane: _Plane, cells: Cells) -> tuple[PlotAxis, PlotAxis]:
    x, y = (
        PlotAxis(name, low=float(edges[0]), high=float(edges[-1]))
        for name, edges in zip(plane.names, (cells.x, cells.y), strict=True)
    )
    return x, y


def _map(
    plane: _Plane,
    cells: Cells,
    turn: int,
    label: str,
    stage: Stage,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure:
    counts = cells.counts[turn]
    title = f"Visited at {label}" if label else "Visited states"
    if _is_grid(plane):
        return Figure(id, title, _told(plane, counts, stage), _matrix(cells, counts), group)
    most = max(int(own.max(initial=1)) / max(1, int(own.sum())) for own in cells.counts)
    total = int(counts.sum())
    i, j = np.nonzero(counts)
    # Roots, since a few full cells would hide all others; one scale for all moments.
    weights = np.sqrt(counts[i, j] / total / most)
    notes = tuple(f"{count:,} steps ({percent(count, total)})" for count in counts[i, j].tolist())
    layer = Layer("cell", cells.x[i], cells.y[j], x2=cells.x[i + 1], y2=cells.y[j + 1], weights=weights, notes=notes)
    plot = Plot((layer,), *_axes(plane, cells), height=280)
    return Figure(id, title, _told(plane, counts, stage), plot, group)


def _told(plane: _Plane, counts: NDArray[np.int64], stage: Stage) -> str:
    return (
        f"{int(counts.sum()):,} steps of {words.count(len(observed(stage.episodes)), 'episode')} by {plane.why}; "
        f"{words.count(int((counts > 0).sum()), 'cell')} seen, as if {spread_of(counts):,.0f} were seen equally often."
    )


def _is_grid(plane: _Plane) -> bool:
    """Whether the two numbers are places in a grid, whose rows are counted from above."""
    return {name.lower() for name in plane.names} in ({"row", "column"}, {"row", "col"})


def _matrix(cells: Cells, counts: NDArray[np.int64]) -> Matrix:
    """Of a grid, whichever of the two comes first."""
    texts = tuple(tuple(f"{count:,}" if count else "" for count in row) for row in counts.tolist())
    rows, columns = (tuple(f"{value:.0f}" for value in edges[:-1] + 0.5) for edges in (cells.x, cells.y))
    # Up to about the 95th percentile: else one cell hides all others.
    high = float(f"{np.percentile(counts[counts > 0], 95):.2g}") if counts.any() else 1.0
    seen = np.where(counts > 0, counts, np.nan)
    return Matrix(
        rows,
        columns,
        seen,
        texts,
        row_label="row",
        column_label="column",
        low=0.0,
        high=high,
        beside=len(columns) <= BESIDE,
    )


def _places(points: FloatArray, cells: Cells) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    i, j = (
        np.clip(np.searchsorted(edges, points[:, place], "right") - 1, 0, len(edges) - 2)
        for place, edges in enumerate((cells.x, cells.y))
    )
    return i, j


def _policy(
    task: Task,
    stage: Stage,
    plane: _Plane,
    cells: Cells,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure | None:
    """What it does most in each cell, the stronger the more often; of discrete actions."""
    names = task.first.actions
    episodes = observed(stage.episodes)
    if not 2 <= len(names) <= MOST_ACTIONS or any(e.actions is None or e.actions.ndim != 1 for e in episodes):
        return None
    actions = np.concatenate([e.actions for e in episodes if e.actions is not None]).astype(np.int64)
    points = plane.points[-1]
    kept = np.isfinite(points).all(axis=1) & (actions >= 0) & (actions < len(names))
    i, j = _places(points[kept], cells)
    table = np.zeros((len(cells.x) - 1, len(cells.y) - 1, len(names)))
    np.add.at(table, (i, j, actions[kept]), 1)
    total = table.sum(axis=2)
    best = table.argmax(axis=2)
    layers = []
    for action, name in enumerate(names):
        a, b = np.nonzero((total > 0) & (best == action))
        if not len(a):
            continue
        shares = table[a, b, action] / total[a, b]
        notes = tuple(
            f"{name}: {percent(float(s), 1.0)} of {words.count(int(n), 'step')}"
            for s, n in zip(shares, total[a, b], strict=True)
        )
        layers.append(
            Layer(
                "cell",
                cells.x[a],
                cells.y[b],
                x2=cells.x[a + 1],
                y2=cells.y[b + 1],
                weights=shares,
                notes=notes,
                label=name,
                color=action,
            )
        )
    agreed = float(table.max(axis=2).sum() / table.sum())
    caption = (
        f"The action taken most often in each cell{when(stage)}; pale where it is taken less. These two numbers alone "
        f"tell {percent(agreed, 1.0)} of {int(table.sum()):,} actions."
    )
    return Figure(id, "What it does where", caption, Plot(tuple(layers), *_axes(plane, cells), height=280), group)


def _values(
    stage: Stage,
    task: Task,
    plane: _Plane,
    cells: Cells,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure | None:
    """What it expects in each cell, in the mean."""
    worths = [signals(e, task.first.gamma).worth for e in observed(stage.episodes)]
    if any(one is None for one in worths):
        return None
    worth = np.concatenate([one for one in worths if one is not None])
    points = plane.points[-1]
    kept = np.isfinite(points).all(axis=1) & np.isfinite(worth)
    if not kept.any():
        return None
    i, j = _places(points[kept], cells)
    sums, counts = (np.zeros((len(cells.x) - 1, len(cells.y) - 1)) for _ in range(2))
    np.add.at(sums, (i, j), worth[kept])
    np.add.at(counts, (i, j), 1)
    a, b = np.nonzero(counts)
    means = sums[a, b] / counts[a, b]
    low, high = np.percentile(means, [2, 98])
    weights = np.clip((means - low) / (high - low), 0.05, 1) if high > low else np.full(len(means), 0.5)
    notes = tuple(
        f"{words.number(float(f'{mean:.3g}'))}, {words.count(int(n), 'step')}"
        for mean, n in zip(means, counts[a, b], strict=True)
    )
    layer = Layer(
        "cell", cells.x[a], cells.y[b], x2=cells.x[a + 1], y2=cells.y[b + 1], weights=weights, notes=notes, color=2
    )
    short = [words.number(float(f"{end:.3g}")) for end in (low, high)]
    caption = (
        f"What the agent expects to come in each cell{when(stage)}, in the mean: from {short[0]} (pale) to {short[1]}."
    )
    return Figure(id, "What it expects where", caption, Plot((layer,), *_axes(plane, cells), height=280), group)
