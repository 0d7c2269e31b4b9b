"""How good the predictions are, where they fail, and how far the numbers can be trusted."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, cast

from dlviz_docs.model import Experiment
from dlviz_docs.model.samples import Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.view import Shown

__all__ = ["Results"]

IN_DETAIL = 3
"""Models of one comparison that have their own figures: the best ones, of however many."""

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
        """Models that can be compared first, the best of them in detail, then each that stands alone."""
        predictions, shown = experiment.samples.predictions, self.samples == "shown"
        if len(predictions) == 1:
            yield from _part(predictions[0])(predictions[0], Place(), shown)
            return
        places, left = _places(predictions), list(predictions)
        for place, group in _groups(predictions):
            order = yield from _compared(group, place, shown)
            left = [one for one in left if all(one is not other for other in group)]
            for one in order[:IN_DETAIL]:
                yield from _part(one)(one, places[id(one)], shown)
        for one in left:
            yield from _part(one)(one, places[id(one)], shown)


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
        while name in taken:
            name, turn = f"{base} ({turn})", turn + 1
        taken.add(name)
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
