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
    if last.visits is not None and last.visits.shape == last.shape:
        texts = tuple(tuple(f"{int(count):,}" for count in row) for row in last.visits.tolist())
        # Coloured on the scale of the values, by rank of roots: a few cells near the start hide all others.
        seen = np.sqrt(last.visits / max(float(last.visits.max()), 1.0))
        views.append(("visits", low + (high - low) * seen, texts))
    (name, values, texts), *others = views
    who = run or "planning"
    caption = (
        f"What {who} expects from each cell: {_short(low)} (pale) to {_short(high)}, of its best action, which the "
        "arrow shows; equally good ones are shown together. Buttons show other moments, the numbers"
        f"{' and how often it was there' if last.visits is not None else ''}."
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


def _label(one: ValueMap) -> str:
    return f"{one.step:,.0f} steps" if one.step is not None else "policy"


def _short(value: float) -> str:
    return words.number(float(f"{value:.3g}")) if np.isfinite(value) else ""


def _worth(one: ValueMap) -> FloatArray:
    """Of the best action, shape (rows, columns); NaN in walls."""
    known = np.isfinite(one.values).any(axis=2)
    found = np.full(one.shape, np.nan)
    found[known] = np.nanmax(one.values[known], axis=1)
    return found


def _best(one: ValueMap) -> NDArray[np.bool_]:
    """Which actions are as good as the best, shape (rows, columns, a)."""
    finite = one.values[np.isfinite(one.values)]
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
