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
_CONTROL: Final[Mapping[str, tuple[SceneKind, int]]] = {
    "cartpole": ("cartpole", 4),
    "acrobot": ("acrobot", 6),
    "pendulum": ("pendulum", 3),
    "mountaincar": ("mountain-car", 2),
}
"""Task, and how many numbers its observations have."""
_LAKES: Final[Mapping[int, str]] = {
    4: "SFFFFHFHFFFHHFFG",
    8: "SFFFFFFFFFFFFFFFFFFHFFFFFFFFFHFFFFFHFFFFFHHFFFHFFHFFHFHFFFFHFFFG",
}
"""FrozenLake's two maps, by their side."""
_CLIFF: Final = "F" * 36 + "S" + "C" * 10 + "G"


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
    if "frozenlake" not in task and "cliffwalking" not in task:
        return None
    walks, one_hot = _walks(episodes)
    if not walks:
        return None
    last = max(int(walk.max()) for walk in walks)
    if "cliffwalking" in task:
        return Drawn(_lattice(4, 12, _CLIFF, "URDL"), (0,), one_hot) if last < 48 else None
    side = 8 if "8x8" in task or last > 15 else 4
    if last >= side * side:
        return None
    cells = _LAKES[side] if _fits(_LAKES[side], walks, episodes) else ""
    return Drawn(_lattice(side, side, cells, "LDRU"), (0,), one_hot)


def _lattice(rows: int, columns: int, cells: str, moves: str) -> Scene:
    note = (
        "Drawn from the observations; the cells are those of gymnasium's own map, which no episode contradicts."
        if cells
        else "Drawn from the observations; the map is not gymnasium's own, and what its cells are is not told."
    )
    return Scene("grid", ("cell",), rows=rows, columns=columns, cells=cells, moves=moves, note=note)


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


def _fits(cells: str, walks: Sequence[FloatArray], episodes: Sequence[Episode]) -> bool:
    """Nobody acts on in a hole or at the goal; no reward but at the goal, which every reward is for."""
    for walk, episode in zip(walks, episodes, strict=True):
        if any(cells[int(cell)] in "HG" for cell in walk):
            return False
        if cells[int(walk[0])] != "S":
            return False
        rewarded = np.flatnonzero(np.nan_to_num(episode.rewards) > 0)
        if len(rewarded) and int(rewarded[0]) != len(walk) - 1:
            return False
    return True


# --- anything else ---


def _bars(seen: Sequence[FloatArray], names: tuple[str, ...]) -> Drawn:
    """The numbers that vary most, each from its least to its greatest value."""
    stacked = np.concatenate(seen)
    stacked = np.where(np.isfinite(stacked), stacked, np.nan)
    with np.errstate(all="ignore"):
        low, high = np.fmin.reduce(stacked), np.fmax.reduce(stacked)
        spread = (
            np.nan_to_num(np.nanvar(stacked / np.where(high > low, high - low, 1), axis=0)) if len(stacked) else low
        )
    columns = range(stacked.shape[1])
    if len(columns) > MOST_BARS:
        columns = sorted(int(i) for i in np.argsort(-spread, kind="stable")[:MOST_BARS])  # type: ignore[assignment]
    ends = tuple((float(low[i]), float(high[i])) for i in columns)
    told = tuple(names[i] if i < len(names) else str(i) for i in columns)
    more = f" The {MOST_BARS} of {stacked.shape[1]} that vary most." if len(columns) < stacked.shape[1] else ""
    note = f"The numbers observed, each between its least and its greatest value of all episodes.{more}"
    return Drawn(Scene("numbers", told, ends, note=note), tuple(columns))
