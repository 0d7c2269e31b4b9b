"""How an agent behaves: what it did step by step, and what it was worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from dlviz_docs.model import Experiment
from dlviz_docs.view import Shown

__all__ = ["Episodes"]


@dataclass(frozen=True, slots=True)
class Episodes:
    """Recordings of what agents did."""

    title: ClassVar[str] = "Episodes"
    asks: ClassVar[Literal["episodes"]] = "episodes"

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """In the order of the page."""
        found = experiment.episodes
        if not (found.recordings or found.maps):
            return
        # Imported when there is something to show: most experiments have no episodes.
        from dlviz_docs.renderers.episodes._stages import tasks
        from dlviz_docs.renderers.episodes.decisions import decisions
        from dlviz_docs.renderers.episodes.grids import grids
        from dlviz_docs.renderers.episodes.player import players
        from dlviz_docs.renderers.episodes.recordings import recordings
        from dlviz_docs.renderers.episodes.rewards import rewards
        from dlviz_docs.renderers.episodes.visits import visits

        yield from players(found.recordings, found.maps)
        yield from grids(found.maps)
        for task in tasks(found.recordings):
            yield from decisions(task)
            yield from rewards(task)
            yield from visits(task)
        yield from recordings(found)
