"""How the states of a task can be drawn from its observations: classic control, grids, or plain bars.

Names and shapes are those of gymnasium's tasks; what is not certain is not claimed. A map of FrozenLake that a walk
contradicts is another map, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode, Recording
from dlviz_docs.renderers.episodes._tasks import task_of
from dlviz_docs.view import Scene, SceneKind

__all__ = ["Drawn", "drawn"]

MOST_BARS = 24
FROM_OBSERVATIONS = "Drawn from the observations, with gymnasium's geometry."
OWN_MAP = "Drawn from the observations; the cells are those of gymnasium's own map, which no episode contradicts."
OTHER_MAP = "Drawn from the observations; the map is not gymnasium's own, and what its cells are is not told."
_CONTROL: Final[Mapping[str, tuple[SceneKind, int]]] = {
    "cartpole": ("cartpole", 4),
    "acrobot": ("acrobot", 6),
    "pendulum": ("pendulum", 3),
    "mountaincar": ("mountain-car", 2),
}
"""Task, and how many numbers its observations have."""


@dataclass(frozen=True, slots=True)
class _Map:
    """A grid as gymnasium lays it out, row by row."""

    rows: int
    columns: int
    cells: str
    moves: str
    """Where each action leads."""
    barred: str
    """Cells that nobody acts from: an episode ends there, or begins anew."""


_LAKE: Final = _Map(4, 4, "SFFFFHFHFFFHHFFG", "LDRU", "HG")
_LARGE_LAKE: Final = _Map(8, 8, "SFFFFFFFFFFFFFFFFFFHFFFFFFFFFHFFFFFHFFFFFHHFFFHFFHFFHFHFFFFHFFFG", "LDRU", "HG")
_CLIFF: Final = _Map(4, 12, "F" * 36 + "S" + "C" * 10 + "G", "URDL", "CG")
_MAPS: Final[Mapping[str, _Map]] = {
    "frozenlake": _LAKE,
    "frozenlake8x8": _LARGE_LAKE,
    "cliffwalking": _CLIFF,
    "cliffwalkingslippery": _CLIFF,
}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A scene, and which numbers of an observation it wants."""

    scene: Scene
    columns: tuple[int, ...]
    one_hot: bool = False

    def state(self, episode: Episode) -> FloatArray | None:
        """What it is drawn from, shape (T, k); None where the episode has no observations."""
        if episode.observations is None:
            return None
        if self.one_hot:
            return np.asarray(episode.observations.argmax(axis=1)[:, None], np.float64)
        return episode.observations[:, self.columns]


def drawn(recordings: Sequence[Recording]) -> Drawn | None:
    """For recordings of one task, whose observations have the same numbers; None where there are none."""
    episodes = [e for one in recordings for e in one.episodes if e.observations is not None and len(e)]
    seen = [e.observations for e in episodes if e.observations is not None]
    if not seen or not seen[0].shape[1]:
        return None
    width = seen[0].shape[1]
    names = recordings[0].observations or tuple(map(str, range(width)))
    return _control(recordings[0], width, names) or _grid(recordings[0], episodes) or _bars(seen, names)


def _control(recording: Recording, width: int, names: tuple[str, ...]) -> Drawn | None:
    task = task_of(recording.environment).removesuffix("continuous")
    kind, numbers = _CONTROL.get(task, ("numbers", 0))
    if numbers != width:
        return None
    return Drawn(Scene(kind, names, note=FROM_OBSERVATIONS), tuple(range(width)))


# --- grids ---


def _grid(recording: Recording, episodes: Sequence[Episode]) -> Drawn | None:
    """FrozenLake and CliffWalking, whose observation is the number of a cell, or a one for it among zeros."""
    task = task_of(recording.environment)
    known = _MAPS.get(task)
    walks, one_hot = _walks(episodes) if known else ([], False)
    if known is None or not walks:
        return None
    last = max(int(walk.max()) for walk in walks)
    if task == "frozenlake" and last >= len(known.cells):
        known = _LARGE_LAKE
    if last >= len(known.cells):
        return None
    fits = _fits(known, walks, episodes)
    note = OWN_MAP if fits else OTHER_MAP
    cells = known.cells if fits else ""
    scene = Scene("grid", ("cell",), (), known.rows, known.columns, cells, known.moves, note)
    return Drawn(scene, (0,), one_hot)


def _walks(episodes: Iterable[Episode]) -> tuple[list[FloatArray], bool]:
    """Cells in the order they were visited, and whether observations are ones among zeros."""
    seen = [e.observations for e in episodes if e.observations is not None and len(e.observations)]
    if all(one.shape[1] == 1 for one in seen):
        walks = [one[:, 0] for one in seen]
        whole = all(np.isfinite(walk).all() and (walk == walk.round()).all() and walk.min() >= 0 for walk in walks)
        return (walks if whole else []), False
    if all(((one == 0) | (one == 1)).all() and (one.sum(axis=1) == 1).all() for one in seen):
        return [one.argmax(axis=1).astype(np.float64) for one in seen], True
    return [], False


def _fits(known: _Map, walks: Sequence[FloatArray], episodes: Sequence[Episode]) -> bool:
    """Everybody begins at the start, and nobody is where nobody can be; a reward is for the goal, and ends it."""
    for walk, episode in zip(walks, episodes, strict=True):
        if known.cells[int(walk[0])] != "S" or any(known.cells[int(cell)] in known.barred for cell in walk):
            return False
        rewarded = np.flatnonzero(np.nan_to_num(episode.rewards) > 0)
        if len(rewarded) and int(rewarded[0]) != len(walk) - 1:
            return False
    return True


# --- anything else ---


def _bars(seen: Sequence[FloatArray], names: tuple[str, ...]) -> Drawn:
    """The numbers that vary most, each from its least to its greatest value."""
    stacked = np.concatenate(seen)
    width = stacked.shape[1]
    ends = [_ends(stacked[:, i]) for i in range(width)]
    columns = list(range(width))
    if width > MOST_BARS:
        spread = [_spread(stacked[:, i], ends[i]) for i in columns]
        columns = sorted(sorted(columns, key=lambda i: -spread[i])[:MOST_BARS])
    told = tuple(names[i] if i < len(names) else str(i) for i in columns)
    more = f" The {MOST_BARS} of {width} that vary most." if len(columns) < width else ""
    note = f"The numbers observed, each between its least and its greatest value of all episodes.{more}"
    return Drawn(Scene("numbers", told, tuple(ends[i] for i in columns), note=note), tuple(columns))


def _ends(values: FloatArray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _spread(values: FloatArray, ends: tuple[float, float]) -> float:
    """Variance in units of the range; of what never changes, zero."""
    low, high = ends
    known = values[np.isfinite(values)]
    return float(np.var(known / (high - low))) if high > low else 0.0
