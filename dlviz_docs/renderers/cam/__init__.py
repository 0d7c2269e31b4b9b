"""What the answers of a model rest on, and how far that can be believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading, readings
from dlviz_docs.view import Figure, Shown

__all__ = ["Cam"]

CHANNELS = "Channels"
"""What has a page of its own: it is long, and less often looked at."""


@dataclass(frozen=True, slots=True)
class Cam:
    """Maps over pictures, what speaks for and against them, and what each channel responds to."""

    title: ClassVar[str] = "What it looks at"
    asks: ClassVar[Literal["probes"]] = "probes"

    samples: Literal["none", "shown"] = "shown"
    """Whether single samples may be shown: "none" leaves measures of the maps."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Of one model; of several, each on a page of its own."""
        for one in readings(experiment):
            place = Place(one.name)
            for shown in place.put(_shown(one, place, self.samples == "shown")):
                if isinstance(shown, Figure) and shown.group == CHANNELS:
                    yield replace(shown, page=f"{one.name}: {CHANNELS.lower()}" if one.name else CHANNELS)
                elif one.name and isinstance(shown, Insight):
                    yield replace(shown, text=f"{one.name}: {shown.text}")
                else:
                    yield shown


def _shown(one: Reading, place: Place, samples: bool) -> Iterator[Shown]:
    """In the order of the page; sentences point at figures as they are called here."""
    parts: list[Shown] = []
    for part in _parts(one, place, samples):
        if isinstance(part, Insight):
            parts.append(replace(part, figure=place.id(part.figure) if part.figure else ""))
        else:
            parts.append(part)
    drawn = {part.id for part in parts if isinstance(part, Figure)}
    for part in parts:
        lost = isinstance(part, Insight) and part.figure not in drawn
        yield replace(part, figure="") if lost and isinstance(part, Insight) else part


def _parts(one: Reading, place: Place, samples: bool) -> Iterator[Shown]:
    # Imported when there is something to show: an experiment without a model that ran has none.
    from dlviz_docs.renderers.cam.channels import channels
    from dlviz_docs.renderers.cam.inputs import inputs
    from dlviz_docs.renderers.cam.pictures import pictures
    from dlviz_docs.renderers.cam.tables import tables
    from dlviz_docs.renderers.cam.texts import texts
    from dlviz_docs.renderers.cam.trust import trust

    yield from pictures(one, place, samples)
    yield from tables(one, place)
    yield from texts(one, place, samples)
    if not one.probed.texts:
        yield from trust(one, place)
    yield from channels(one, place, samples)
    yield from inputs(one, place)
