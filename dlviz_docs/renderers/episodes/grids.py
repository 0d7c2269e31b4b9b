"""What an agent thinks of every cell of a grid world: the value in colour, the best action as an arrow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import episode_grids as said
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import ValueMap
from dlviz_docs.names import slug
from dlviz_docs.renderers.episodes._stages import agent_of
from dlviz_docs.view import Figure, Matrix, Shown

__all__ = ["grids"]

GROUP = "Policy and values"
MOST = 8
"""Agents that have a map; all of them are in the sentences."""
BESIDE = 10
"""Columns of maps that stand beside each other."""
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
    for shape in dict.fromkeys(shape for _, shape in agents):
        several = len({of for _, of in agents}) > 1
        own = {run: _chosen(found) for (run, of), found in agents.items() if of == shape}
        yield from _of_shape(own, f"-{shape[0]}x{shape[1]}" if several else "")
        yield from _visited([moments[-1] for moments in own.values()])


def _chosen(moments: Sequence[ValueMap]) -> list[ValueMap]:
    places = np.unique(np.linspace(0, len(moments) - 1, min(len(moments), MOMENTS)).round().astype(int))
    return [moments[place] for place in places]


def _of_shape(agents: Mapping[str, Sequence[ValueMap]], suffix: str) -> Iterator[Shown]:
    """Agents of worlds that are alike, on one scale of colours."""
    ordered = sorted(agents.items(), key=lambda item: item[0] != "")
    ids = {run: (f"policy-{slug(run)}" if run else "policy-planned") + suffix for run, _ in ordered}
    ends = _ends([one for _, moments in ordered[:MOST] for one in moments])
    planned = agents[""][-1] if "" in agents else None
    learnt = {agent_of(moments[-1]): moments for run, moments in ordered if run}
    yield from _sentences(learnt, planned, next((ids[run] for run, _ in ordered if run), ""))
    for turn, (run, moments) in enumerate(ordered[:MOST]):
        of = len(ordered) if turn == 0 else 0
        yield _figure(run, moments, planned if run else None, ends, ids[run], of)


def _ends(maps: Sequence[ValueMap]) -> tuple[float, float]:
    """Of the scale that all maps share, as round numbers."""
    worths = np.concatenate([_worth(one).ravel() for one in maps])
    known = worths[np.isfinite(worths)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    unit = 10.0 ** np.floor(np.log10((high - low) or abs(high) or 1.0)) / 10
    return float(f"{np.floor(low / unit) * unit:.6g}"), float(f"{np.ceil(high / unit) * unit:.6g}")


def _same(one: ValueMap, other: ValueMap | None) -> tuple[int, int] | None:
    """In how many cells a best action of one is a best action of the other, of how many; None where they differ."""
    if other is None or other.values.shape != one.values.shape:
        return None
    there = _decides(one) & _decides(other)
    return int(((_best(one) & _best(other)).any(axis=2) & there).sum()), int(there.sum())


def _sentences(agents: Mapping[str, Sequence[ValueMap]], planned: ValueMap | None, figure: str) -> Iterator[Shown]:
    """Of all agents together; each one's numbers are below its map."""
    last = {run: moments[-1] for run, moments in agents.items()}
    steps = {one.step for one in last.values()}
    when = f" at {_label(next(iter(last.values())))}" if len(steps) == 1 and None not in steps else ""
    held = {run: found for run, one in last.items() if (found := _same(one, planned))}
    yield from said.agreement_sentence(held, when, figure)
    before = {run: moments[-2] for run, moments in agents.items() if len(moments) > 1}
    kept = {run: found for run, one in before.items() if (found := _same(last[run], one))}
    yield from said.settled_sentence(
        {run: (cells - same, cells) for run, (same, cells) in kept.items()}, *_between(before, last), figure
    )
    seen = {run: one for run, one in last.items() if one.visits is not None and one.visits.shape == one.shape}
    unseen = {
        run: (int(((one.visits == 0) & _decides(one)).sum()), int(_decides(one).sum())) for run, one in seen.items()
    }
    yield from said.unseen_sentence(unseen, figure)


def _between(before: Mapping[str, ValueMap], last: Mapping[str, ValueMap]) -> tuple[str, str]:
    """The two latest moments, as all agents have them; words where they differ."""
    found = {(_label(one), _label(last[run])) for run, one in before.items()}
    return found.pop() if len(found) == 1 else ("the moment before", "the last one")


def _figure(
    run: str,
    moments: Sequence[ValueMap],
    planned: ValueMap | None,
    ends: tuple[float, float],
    id: str,  # noqa: A002  (the figure's word)
    agents: int,
) -> Figure:
    last = moments[-1]
    views = [(_label(one), _worth(one), _arrows(one)) for one in reversed(moments)]
    numbers = tuple(tuple(_short(value) for value in row) for row in _worth(last).tolist())
    views.append(("values", _worth(last), numbers))
    rows, columns = last.shape
    (name, values, texts), *others = views
    spec = Matrix(
        tuple(str(row) for row in range(rows)),
        tuple(str(column) for column in range(columns)),
        values,
        texts,
        views=tuple(others),
        view=name,
        row_label="row",
        column_label="column",
        low=ends[0],
        high=ends[1],
        one_scale=True,
        beside=columns <= BESIDE,
    )
    caption = " ".join([*_about(last, moments, planned), *_legend(agents)])
    title = f"Policy and values of {agent_of(last)}" if run else "What planning finds"
    return Figure(id, title, caption, spec, GROUP)


def _about(last: ValueMap, moments: Sequence[ValueMap], planned: ValueMap | None) -> Iterator[str]:
    if found := _same(last, planned):
        same, cells = found
        yield f"A best action of planning in {same:,} of {words.count(cells, 'cell')}."
    if len(moments) > 1 and (found := _same(last, moments[-2])):
        same, cells = found
        yield f"{cells - same:,} of {cells:,} are others than at {_label(moments[-2])}."
    known = _worth(last)[np.isfinite(_worth(last))]
    if len(known):
        yield f"Values from {_short(float(known.min()))} to {_short(float(known.max()))}."


def _legend(agents: int) -> Iterator[str]:
    """Below the first map only; `agents` is 0 below others."""
    if not agents:
        return
    yield (
        "The colour of a cell is what its best action is worth, on one scale for all maps; the arrow is that action, "
        "equally good ones are shown together. Buttons show other moments, and the numbers."
    )
    if agents > MOST:
        yield f"{MOST} of {agents:,} agents are shown."


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
        "all; the colour ends near the 95th percentile, so that the start does not hide all others."
    )
    names = tuple(str(row) for row in range(rows)), tuple(str(column) for column in range(columns))
    high = float(f"{np.percentile(total[total > 0], 95):.2g}")
    spec = Matrix(
        *names, total, texts, row_label="row", column_label="column", low=0.0, high=high, beside=columns <= BESIDE
    )
    yield Figure(f"training-visits-{rows}x{columns}", "Where training went", caption, spec, GROUP)


def _count(value: float) -> str:
    """Short enough for a cell: "12", "3.4k", "24k"."""
    for unit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * unit:
            return f"{value / unit:.{1 if value < 9.95 * unit else 0}f}{sign}"
    return f"{value:.0f}"


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
