"""Grid worlds: where their cells are, and what they are, as far as a file or gymnasium tells.

A map that a walk contradicts is another map, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode, Recording, ValueMap
from dlviz_docs.renderers.episodes._tasks import task_of
from dlviz_docs.view import Scene

__all__ = ["Grid", "cells_of", "grid_of"]

OWN_MAP = "Drawn from the observations; the cells are those of gymnasium's own map, which no episode contradicts."
OTHER_MAP = "Drawn from the observations; the map is not gymnasium's own, and what its cells are is not told."
TOLD_MAP = "Drawn from the observations, in the world that {source} tells."


@dataclass(frozen=True, slots=True)
class Grid:
    """A world, row by row."""

    rows: int
    columns: int
    cells: str
    """As `Scene.cells` has them; in lower case, a letter that is explained as none of these, or not at all."""
    moves: str
    """Where each action leads: "LDRU"; "" where nothing tells."""
    barred: str = ""
    """Cells that nobody acts from: an episode ends there, or begins anew."""
    note: str = OWN_MAP

    def scene(self, *, known: bool = True) -> Scene:
        """How it is drawn; without its cells where they are not `known`."""
        cells, note = (self.cells, self.note) if known else ("", OTHER_MAP)
        return Scene("grid", ("cell",), (), self.rows, self.columns, cells, self.moves, note)


_LAKE: Final = Grid(4, 4, "SFFFFHFHFFFHHFFG", "LDRU", "HG")
_LARGE_LAKE: Final = Grid(8, 8, "SFFFFFFFFFFFFFFFFFFHFFFFFFFFFHFFFFFHFFFFFHHFFFHFFHFFHFHFFFFHFFFG", "LDRU", "HG")
_CLIFF: Final = Grid(4, 12, "F" * 36 + "S" + "C" * 10 + "G", "URDL", "CG")
_GRIDS: Final[Mapping[str, Grid]] = {
    "frozenlake": _LAKE,
    "frozenlake8x8": _LARGE_LAKE,
    "cliffwalking": _CLIFF,
    "cliffwalkingslippery": _CLIFF,
}
_MEANINGS: Final = {"wall": "#", "hole": "H", "cliff": "C", "goal": "G", "start": "S", "floor": "F", "free": "F"}
_CUSTOM: Final = {"#": "#", "S": "S", "G": "G", ".": "F", " ": "F"}
"""What letters stand for where no legend says otherwise."""
_WAYS: Final = {"up": "U", "north": "U", "down": "D", "south": "D", "left": "L", "west": "L", "right": "R", "east": "R"}


def grid_of(recording: Recording, episodes: Sequence[Episode], maps: Sequence[ValueMap]) -> Scene | None:
    """The world of a task whose observations are cells; None where they are not, or nobody knows the world."""
    told = _told(recording, maps)
    grid = told or _GRIDS.get(task_of(recording.environment))
    walks = _walks(episodes, grid) if grid else []
    if grid is None or not walks:
        return None
    last = max(int(walk.max()) for walk in walks)
    if grid is _LAKE and last >= len(grid.cells):
        grid = _LARGE_LAKE
    if last >= grid.rows * grid.columns:
        return None
    if told:
        through = any(grid.cells[int(cell)] in grid.barred for walk in walks for cell in walk)
        return None if through else grid.scene()
    return grid.scene(known=_fits(grid, walks, episodes))


def cells_of(scene: Scene, observations: FloatArray) -> FloatArray | None:
    """Number of the cell at each step, shape (T,): told as such, as row and column, or as a one among zeros."""
    width = observations.shape[1]
    if width == 1:
        return observations[:, 0]
    if width == 2 and scene.rows * scene.columns != 2:
        return np.asarray(observations[:, 0] * scene.columns + observations[:, 1])
    one = ((observations == 0) | (observations == 1)).all() and (observations.sum(axis=1) == 1).all()
    return observations.argmax(axis=1).astype(np.float64) if one else None


def _told(recording: Recording, maps: Sequence[ValueMap]) -> Grid | None:
    """As the maps of the recording's run have it, or those of all others if they agree."""
    known = [one for one in maps if one.cells and one.shape == (len(one.cells), len(one.cells[0]))]
    own = [one for one in known if one.run == recording.run] or known
    if not own or len({one.cells for one in own}) > 1:
        return None
    first = own[0]
    meanings = _CUSTOM | {letter: _MEANINGS.get(word.lower(), letter.lower()) for letter, word in first.legend}
    cells = "".join(meanings.get(letter, letter.lower()) for row in first.cells for letter in row)
    ways = [_WAYS.get(name.lower(), "") for name in recording.actions or first.actions]
    moves = "".join(ways) if ways and all(ways) else ""
    other = [f" {letter} is {word}." for letter, word in first.legend if word.lower() not in _MEANINGS]
    return Grid(*first.shape, cells, moves, "#", TOLD_MAP.format(source=first.source) + "".join(other))


def _walks(episodes: Iterable[Episode], grid: Grid) -> list[FloatArray]:
    """Cells in the order they were visited; none where one of them is no cell."""
    walks = []
    for one in episodes:
        if one.observations is None or not len(one.observations):
            continue
        seen = one.observations
        inside = seen.shape[1] != 2 or ((seen >= 0) & (seen < (grid.rows, grid.columns))).all()
        walk = cells_of(grid.scene(), seen) if inside else None
        if walk is None or not (np.isfinite(walk).all() and (walk == walk.round()).all() and walk.min() >= 0):
            return []
        walks.append(walk)
    return walks


def _fits(grid: Grid, walks: Sequence[FloatArray], episodes: Sequence[Episode]) -> bool:
    """Everybody begins at the start, and nobody is where nobody can be; a reward is for the goal, and ends it."""
    for walk, episode in zip(walks, episodes, strict=True):
        if grid.cells[int(walk[0])] != "S" or any(grid.cells[int(cell)] in grid.barred for cell in walk):
            return False
        rewarded = np.flatnonzero(np.nan_to_num(episode.rewards) > 0)
        if len(rewarded) and int(rewarded[0]) != len(walk) - 1:
            return False
    return True
