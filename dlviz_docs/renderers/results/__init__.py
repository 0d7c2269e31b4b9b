"""How good the predictions are, where they fail, and how far the numbers can be trusted."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, cast

from dlviz_docs import names
from dlviz_docs.model import Experiment, Insight
from dlviz_docs.model.samples import Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.view import Fact, Figure, Shown

__all__ = ["Results"]

IN_DETAIL = 3
"""Models of one comparison that have their own figures: the best ones, of however many."""

HEADLINES = ("accuracy", "model-comparison")
"""Findings that stand first, however serious others are."""
_SEVERITY = {"serious": 0, "warning": 1, "info": 2}

# Where each task is shown: imported when it is met.
PARTS: Mapping[str, str] = {
    "classification": "dlviz_docs.renderers.results.classification:classification",
    "detection": "dlviz_docs.renderers.results.detection:detection",
    "segmentation": "dlviz_docs.renderers.results.segmentation:segmentation",
    "regression": "dlviz_docs.renderers.results.regression:regression",
    "text": "dlviz_docs.renderers.results.generated:generated",
}


class _Part(Protocol):
    def __call__(self, predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]: ...


@dataclass(frozen=True, slots=True)
class Results:
    """One part a task: classification, regression, detection, segmentation, text."""

    title: ClassVar[str] = "Results"
    asks: ClassVar[Literal["samples"]] = "samples"

    samples: Literal["none", "shown"] = "shown"
    """Whether single rows, texts and pictures may be shown: "none" leaves counts and distributions."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """What is said, the headlines first, then figures: of models that can be compared together and of the best of
        them alone, then of each that stands alone.
        """
        shown = list(self._shown(experiment.samples.predictions))
        yield from (one for one in shown if isinstance(one, Fact))
        yield from sorted((one for one in shown if isinstance(one, Insight)), key=_rank)
        yield from (one for one in shown if isinstance(one, Figure))

    def _shown(self, predictions: Sequence[Predictions]) -> Iterator[Shown]:
        shown = self.samples == "shown"
        if len(predictions) == 1:
            yield from _part(predictions[0])(predictions[0], Place(), shown)
            return
        places, left = _places(predictions), list(predictions)
        for place, group in _groups(predictions):
            order = yield from _compared(group, place, shown)
            left = [one for one in left if all(one is not other for other in group)]
            for one in order[:IN_DETAIL]:
                yield from _alone(one, places[id(one)], shown)
        for one in left:
            yield from _alone(one, places[id(one)], shown)


def _rank(insight: Insight) -> tuple[bool, int]:
    return insight.kind not in HEADLINES, _SEVERITY[insight.severity]


def _alone(one: Predictions, place: Place, shown: bool) -> Iterator[Shown]:
    """One of several, on a page of its own."""
    found = _part(one)(one, place, shown)
    yield from place.put(each for each in found if not isinstance(each, Fact))


def _part(one: Predictions) -> _Part:
    module, _, name = PARTS[one.task].partition(":")
    return cast(_Part, getattr(importlib.import_module(module), name))


def _places(predictions: Sequence[Predictions]) -> dict[int, Place]:
    """A name for each, by its identity: its own, and a number where another one has it."""
    found: dict[int, Place] = {}
    taken: set[str] = set()
    for one in predictions:
        base = name = one.name or one.run or "predictions"
        turn = 2
        while names.slug(name) in taken:  # an address that is one's own, too
            name, turn = f"{base} ({turn})", turn + 1
        taken.add(names.slug(name))
        found[id(one)] = Place(name)
    return found


def _groups(predictions: Sequence[Predictions]) -> Iterator[tuple[Place, list[Predictions]]]:
    from dlviz_docs.renderers.results.compare import same_items

    for turn, group in enumerate(same_items(predictions), start=1):
        yield Place(f"Set {turn}" if turn > 1 else ""), group


def _compared(group: list[Predictions], place: Place, shown: bool) -> Generator[Shown, None, Sequence[Predictions]]:
    """Figures of a comparison; gives the models, the best first."""
    from dlviz_docs.renderers.results import compare

    if group[0].task == "regression":
        return (yield from compare.numbers_compared(group, place))
    if models := compare.compared(group):
        yield from compare.comparison(models, place, shown, min(IN_DETAIL, len(group)))
        return models.predictions
    return group
