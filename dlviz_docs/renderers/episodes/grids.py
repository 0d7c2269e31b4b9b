"""What an agent thinks of every cell of a grid world: the value in colour, the best action as an arrow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import episode_grids as said
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import ValueMap
from dlviz_docs.names import slug
from dlviz_docs.view import Figure, Matrix, Shown

__all__ = ["grids"]

GROUP = "Policy and values"
MOST = 4
"""Agents that have a map; all of them are in the sentences."""
MOMENTS = 6
LARGEST = 40
"""Rows or columns that a map can show."""
ALIKE = 1e-6
"""Share of the range of all values within which two actions are equally good."""
ARROWS = {
    "up": "↑",
    "north": "↑",
    "n": "↑",
    "down": "↓",
    "south": "↓",
    "s": "↓",
    "left": "←",
    "west": "←",
    "w": "←",
    "right": "→",
    "east": "→",
    "e": "→",
    "stay": "·",
    "nothing": "·",
    "noop": "·",
}
ENDS = {"goal", "hole", "wall", "cliff", "end", "terminal"}
"""Where nothing is decided."""
CUSTOM = {"#": "wall", "G": "goal", "H": "hole", "C": "cliff", "T": "terminal"}


def grids(maps: Sequence[ValueMap]) -> Iterator[Shown]:
    """One figure for each agent, its moments behind buttons; what was planned comes first."""
    agents: defaultdict[tuple[str, tuple[int, int]], list[ValueMap]] = defaultdict(list)
    for one in maps:
        if max(one.shape) <= LARGEST:
            agents[one.run, one.shape].append(one)
    planned = {shape: found[-1] for (run, shape), found in agents.items() if not run}
    ordered = sorted(agents.items(), key=lambda item: item[0][0] != "")
    for turn, ((run, shape), moments) in enumerate(ordered):
        id = f"policy-{slug(run)}" if run else "policy-planned"  # noqa: A001  (the figure's word)
        id += "" if len({of for name, of in agents if name == run}) == 1 else f"-{shape[0]}x{shape[1]}"  # noqa: A001
        figure = id if turn < MOST else ""
        kept = _chosen(moments)
        if run:
            yield from _sentences(run, kept, planned.get(shape), figure)
        if figure:
            yield _figure(run, kept, len(agents), id)
    for shape in dict.fromkeys(shape for _, shape in agents):
        yield from _visited([found[-1] for (_, own), found in agents.items() if own == shape])


def _chosen(moments: Sequence[ValueMap]) -> list[ValueMap]:
    places = np.unique(np.linspace(0, len(moments) - 1, min(len(moments), MOMENTS)).round().astype(int))
    return [moments[place] for place in places]


def _sentences(run: str, moments: Sequence[ValueMap], planned: ValueMap | None, figure: str) -> Iterator[Shown]:
    last = moments[-1]
    open_ = _decides(last)
    best = _best(last)
    if planned is not None and planned.values.shape == last.values.shape:
        there = open_ & _decides(planned)
        same = (best & _best(planned)).any(axis=2) & there
        when = f" at {_label(last)}" if last.step is not None else ""
        yield from said.agreement_sentence(run, when, int(same.sum()), int(there.sum()), figure)
    if len(moments) > 1 and moments[-2].values.shape == last.values.shape:
        there = open_ & _decides(moments[-2])
        changed = ~(best & _best(moments[-2])).any(axis=2) & there
        labels = _label(moments[-2]), _label(last)
        yield from said.settled_sentence(run, *labels, int(changed.sum()), int(there.sum()), figure)
    if last.visits is not None and last.visits.shape == last.shape:
        yield from said.unseen_sentence(run, int(((last.visits == 0) & open_).sum()), int(open_.sum()), figure)


def _figure(run: str, moments: Sequence[ValueMap], agents: int, id: str) -> Figure:  # noqa: A002
    last = moments[-1]
    known = np.concatenate([_worth(one)[np.isfinite(_worth(one))] for one in moments])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    views = [(_label(one), _worth(one), _arrows(one)) for one in reversed(moments)]
    numbers = tuple(tuple(_short(value) for value in row) for row in _worth(last).tolist())
    views.append(("values", _worth(last), numbers))
    rows, columns = last.shape
    (name, values, texts), *others = views
    who = run or "planning"
    caption = (
        f"What {who} expects from each cell: {_short(low)} (pale) to {_short(high)}, of its best action, which the "
        "arrow shows; equally good ones are shown together. Buttons show other moments, and the numbers."
    )
    if agents > MOST:
        caption += f" {MOST} of {agents:,} agents are shown."
    spec = Matrix(
        tuple(str(row) for row in range(rows)),
        tuple(str(column) for column in range(columns)),
        values,
        texts,
        views=tuple(others),
        view=name,
        row_label="row",
        column_label="column",
        low=low,
        high=high,
    )
    title = f"Policy and values of {who}" if run else "What planning finds"
    return Figure(id, title, caption, spec, GROUP)


def _visited(last: Sequence[ValueMap]) -> Iterator[Figure]:
    """Of all agents together, over all of their training."""
    seen = [one.visits for one in last if one.visits is not None and one.visits.shape == one.shape]
    if not seen:
        return
    total = np.nan_to_num(np.stack(seen)).sum(axis=0)
    if not total.any():
        return
    rows, columns = total.shape
    texts = tuple(tuple(_count(value) for value in row) for row in total.tolist())
    caption = (
        f"Steps of the training of {words.count(len(seen), 'agent')} in each cell, {_count(float(total.sum()))} in "
        "all; the colour ends at the 95th percentile, so that the start does not hide all others."
    )
    names = tuple(str(row) for row in range(rows)), tuple(str(column) for column in range(columns))
    high = float(np.percentile(total[total > 0], 95))
    spec = Matrix(*names, total, texts, row_label="row", column_label="column", low=0.0, high=high)
    yield Figure(f"training-visits-{rows}x{columns}", "Where training went", caption, spec, GROUP)


def _count(value: float) -> str:
    """Short enough for a cell: "12", "3.4k"."""
    return f"{value:.0f}" if value < 1000 else f"{value / 1000:.3g}k" if value < 1e6 else f"{value / 1e6:.3g}M"


def _label(one: ValueMap) -> str:
    return f"{one.step:,.0f} steps" if one.step is not None else "policy"


def _short(value: float) -> str:
    return words.number(float(f"{value:.3g}")) if np.isfinite(value) else ""


def _worth(one: ValueMap) -> FloatArray:
    """Of the best action, shape (rows, columns); NaN where nothing is decided."""
    decides = _decides(one)
    found = np.full(one.shape, np.nan)
    found[decides] = np.nanmax(one.values[decides], axis=1)
    return found


def _best(one: ValueMap) -> NDArray[np.bool_]:
    """Which actions are as good as the best, shape (rows, columns, a)."""
    finite = one.values[_decides(one)]
    finite = finite[np.isfinite(finite)]
    reach = ALIKE * float(finite.max() - finite.min()) if len(finite) else 0.0
    with np.errstate(invalid="ignore"):
        return np.asarray(one.values >= (_worth(one) - reach)[:, :, None])


def _decides(one: ValueMap) -> NDArray[np.bool_]:
    """Cells in which something is decided: neither walls nor ends."""
    ends = np.array([[_is_end(one, row, column) for column in range(one.shape[1])] for row in range(one.shape[0])])
    return np.asarray(np.isfinite(one.values).any(axis=2) & ~ends)


def _letter(one: ValueMap, row: int, column: int) -> str:
    if row >= len(one.cells) or column >= len(one.cells[row]):
        return ""
    return one.cells[row][column]


def _is_end(one: ValueMap, row: int, column: int) -> bool:
    letter = _letter(one, row, column)
    return bool(letter) and dict(one.legend).get(letter, CUSTOM.get(letter, "")).lower() in ENDS


def _arrows(one: ValueMap) -> tuple[tuple[str, ...], ...]:
    best, decides = _best(one), _decides(one)
    signs = [ARROWS.get(name.lower(), name[:1]) for name in one.actions]
    found = []
    for row in range(one.shape[0]):
        line = []
        for column in range(one.shape[1]):
            letter = _letter(one, row, column)
            shown = letter if letter in "SGHC#T" or _is_end(one, row, column) else ""
            taken = best[row, column] if decides[row, column] else np.zeros(len(signs), bool)
            # Where all are alike, nothing has been learnt: no arrow.
            arrows = "" if taken.all() else "".join(signs[place] for place in np.flatnonzero(taken).tolist())
            line.append(f"{shown} {arrows}".strip())
        found.append(tuple(line))
    return tuple(found)
