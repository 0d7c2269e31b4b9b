"""What the pictures of where agents go share: cells, moments, names, and how much was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights import episode_places as said
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import FloatArray
from dlviz_docs.model.episodes import Episode
from dlviz_docs.renderers.episodes._stages import Stage, Task
from dlviz_docs.stats.visits import Cells, expected_cells
from dlviz_docs.view import Fact, Shown

__all__ = ["GROUP", "MOST_ACTIONS", "cell_of", "coverage", "name_of", "observed", "pictured", "when"]

GROUP = "Where the agent goes"
SHOWN = 3
"""Moments that have a picture: early, middle, late."""
MOST_ACTIONS = 9
"""That have a colour in the map of the policy."""


def observed(episodes: Sequence[Episode]) -> list[Episode]:
    """Those whose observations were recorded."""
    return [episode for episode in episodes if episode.observations is not None]


def pictured(stages: int) -> list[int]:
    """The first, the middle and the last."""
    return sorted({0, (stages - 1) // 2, stages - 1}) if stages > SHOWN else list(range(stages))


def name_of(names: Sequence[str], place: int) -> str:
    """Of the number at a place of the observation."""
    return names[place] if place < len(names) else f"number {place}"


def when(stage: Stage) -> str:
    """ " at 20,000 steps"; "" where nothing tells."""
    return f" at {stage.label}" if stage.label else ""


def cell_of(values: FloatArray, edges: FloatArray) -> NDArray[np.intp]:
    """The place of the cell each value falls into, shape (n,); those beyond the edges into the outermost."""
    return np.asarray(np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2), np.intp)


def coverage(task: Task, stages: Sequence[Stage], cells: Cells, figure: str) -> Iterator[Shown]:
    """Cells that agents of each moment saw, in as many steps as the least watched."""
    reached = int((np.sum(cells.counts, axis=0) > 0).sum())
    steps = min(int(counts.sum()) for counts in cells.counts)
    seen = [expected_cells(counts, steps) for counts in cells.counts]
    yield from said.coverage_sentence([stage.label for stage in stages], seen, reached, steps, figure)
    if len(stages) > 1:
        yield Fact(
            "Coverage" + (f" on {task.heading}" if task.heading else ""),
            f"{percent(seen[0], reached)} early, {percent(seen[-1], reached)} late",
        )
