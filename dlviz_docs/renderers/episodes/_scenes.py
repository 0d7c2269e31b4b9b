"""How the states of a task can be drawn from its observations: classic control, grids, or plain bars.

Names and shapes are those of gymnasium's tasks; what is not certain is not claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode, Recording, ValueMap
from dlviz_docs.renderers.episodes._cells import cells_of, grid_of
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


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A scene, and which numbers of an observation it wants."""

    scene: Scene
    columns: tuple[int, ...] = ()

    def state(self, episode: Episode) -> FloatArray | None:
        """What it is drawn from, shape (T, k); None where the episode has no observations."""
        if episode.observations is None:
            return None
        if self.scene.kind == "grid":
            cells = cells_of(self.scene, episode.observations)
            return None if cells is None else cells[:, None]
        return episode.observations[:, self.columns]


def drawn(recordings: Sequence[Recording], maps: Sequence[ValueMap] = ()) -> Drawn | None:
    """For recordings of one task, whose observations have the same numbers; None where there are none."""
    episodes = [e for one in recordings for e in one.episodes if e.observations is not None and len(e)]
    seen = [e.observations for e in episodes if e.observations is not None]
    if not seen or not seen[0].shape[1]:
        return None
    width = seen[0].shape[1]
    names = recordings[0].observations or tuple(map(str, range(width)))
    grid = grid_of(recordings[0], episodes, maps)
    return _control(recordings[0], width, names) or (Drawn(grid) if grid else _bars(seen, names))


def _control(recording: Recording, width: int, names: tuple[str, ...]) -> Drawn | None:
    task = task_of(recording.environment).removesuffix("continuous")
    kind, numbers = _CONTROL.get(task, ("numbers", 0))
    if numbers != width:
        return None
    return Drawn(Scene(kind, names, note=FROM_OBSERVATIONS), tuple(range(width)))


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
