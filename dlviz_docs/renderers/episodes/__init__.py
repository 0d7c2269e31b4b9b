"""How an agent behaves: what it did step by step, and what it was worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from dlviz_docs.model import Episodes as Recorded
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
        import numpy as np

        for part in _parts(found):
            with np.errstate(all="ignore"):  # files may hold infinities and 1e308
                shown = list(part)
            yield from shown


def _parts(found: Recorded) -> Iterator[Iterator[Shown]]:
    # Imported when there is something to show: most experiments have no episodes.
    from dlviz_docs.renderers.episodes._stages import tasks
    from dlviz_docs.renderers.episodes.decisions import decisions
    from dlviz_docs.renderers.episodes.grids import grids
    from dlviz_docs.renderers.episodes.player import players
    from dlviz_docs.renderers.episodes.recordings import recordings
    from dlviz_docs.renderers.episodes.rewards import rewards
    from dlviz_docs.renderers.episodes.visits import visits

    yield players(found.recordings, found.maps)
    yield grids(found.maps)
    for task in tasks(found.recordings):
        yield decisions(task)
        yield rewards(task)
        yield visits(task)
    yield recordings(found)
