"""How good the predictions are, where they fail, and how far the numbers can be trusted."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Protocol, TypeAlias, cast

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.model.samples import Predictions, Task
from dlviz_docs.renderers._place import Place, places
from dlviz_docs.view import Fact, Figure, Shown

__all__ = ["Results"]

Best: TypeAlias = Sequence[tuple[Predictions, Iterator[Shown] | None]]
"""Models, the best first, and what is to be shown of them, if begun already."""

IN_DETAIL = 3
"""Models of one comparison that have their own figures: the best ones, of however many."""

HEADLINES = (
    "folds",
    "model-comparison",
    "accuracy",
    "detection-quality",
    "segmentation-quality",
    "regression-quality",
    "text-quality",
)
"""Findings that stand first, in this order, however serious others are."""
_SEVERITY = {"serious": 0, "warning": 1, "info": 2}

# Where each task is shown: imported when it is met.
PARTS: Mapping[str, str] = {
    "classification": "dlviz_docs.renderers.results.classification:classification",
    "detection": "dlviz_docs.renderers.results.detection:detection",
    "segmentation": "dlviz_docs.renderers.results.segmentation:segmentation",
    "regression": "dlviz_docs.renderers.results.regression:regression",
    "text": "dlviz_docs.renderers.results.generated:generated",
}


JUDGED: Mapping[Task, str] = {
    "classification": "classes",
    "detection": "boxes",
    "segmentation": "regions",
    "regression": "numbers",
    "text": "texts",
}
"""What models are compared by, for headings where there are several comparisons."""


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
        in_folds = yield from _cross_validated(predictions)
        groups = list(_groups(predictions))
        for place, group in groups:
            heading = _heading(group, [other for _, other in groups])
            order, told = yield from _under(_compared(group, place, places, shown), heading)
            left = [one for one in left if all(one is not other for other in group)]
            for one, found in order[:IN_DETAIL]:
                each = _alone(one, places[id(one)], shown, found)
                yield from (other for other in each if not (told and isinstance(other, Fact)))
        for one in left:
            each = _alone(one, places[id(one)], shown)
            yield from (other for other in each if not (id(one) in in_folds and isinstance(other, Fact)))


def _rank(insight: Insight) -> tuple[int, int]:
    if insight.kind in HEADLINES:
        return HEADLINES.index(insight.kind), 0
    return len(HEADLINES), _SEVERITY[insight.severity]


def _cross_validated(predictions: Sequence[Predictions]) -> Generator[Shown, None, set[int]]:
    """Folds of one model together; gives the identities of all that are folds, which then need no fact of their own."""
    from dlviz_docs.renderers.results._folds import folds_of
    from dlviz_docs.renderers.results.compare import same_items
    from dlviz_docs.renderers.results.folds import cross_validated

    several = folds_of(predictions)
    for turn, found in enumerate(several, start=1):
        name = found.name or (f"set {turn}" if len(several) > 1 else "")
        apart = not any(len(group) == len(found.members) for group in same_items(found.members))
        for one in cross_validated(found, Place(name if len(several) > 1 else ""), apart=apart):
            headed = isinstance(one, Figure) and len(several) > 1
            yield replace(one, group=f"{one.group}: {name}") if isinstance(one, Figure) and headed else one
    return {id(one) for found in several for one in found.members}


def _alone(one: Predictions, place: Place, shown: bool, found: Iterator[Shown] | None = None) -> Iterator[Shown]:
    """One of several, on a page of its own: what stands with that of others, sentences and facts, has its name."""
    for each in place.put(found or _part(one)(one, place, shown)):
        if isinstance(each, Insight):
            named = each.text.startswith(f"{place.name}: ")
            yield replace(each, text=each.text if named else f"{place.name}: {each.text}", run=one.run)
        elif isinstance(each, Fact):
            yield replace(each, label=f"{each.label} “{place.name}”")
        else:
            yield each


def _part(one: Predictions) -> _Part:
    module, _, name = PARTS[one.task].partition(":")
    return cast(_Part, getattr(importlib.import_module(module), name))


def _places(predictions: Sequence[Predictions]) -> dict[int, Place]:
    """A name for each, by its identity."""
    found = places([one.name or one.run or "predictions" for one in predictions])
    return {id(one): place for one, place in zip(predictions, found, strict=True)}


def _groups(predictions: Sequence[Predictions]) -> Iterator[tuple[Place, list[Predictions]]]:
    from dlviz_docs.renderers.results.compare import same_items

    for turn, group in enumerate(same_items(predictions), start=1):
        yield Place(f"Set {turn}" if turn > 1 else ""), group


def _heading(group: Sequence[Predictions], groups: Sequence[Sequence[Predictions]]) -> str:
    """What tells a comparison from others; "" for the only one."""
    alike = [other for other in groups if other[0].task == group[0].task]
    turn = next(turn for turn, other in enumerate(alike, start=1) if other is group)
    if len(groups) < 2:
        return ""
    return JUDGED[group[0].task] + (f", set {turn}" if len(alike) > 1 else "")


def _under(found: Generator[Shown, None, Best], heading: str) -> Generator[Shown, None, tuple[Best, bool]]:
    """The same, with figures under headings that say so; and whether it told what the best one comes to."""
    told = False
    while True:
        try:
            one = next(found)
        except StopIteration as end:
            best: Best = end.value
            return best, told
        if isinstance(one, Figure) and heading not in ("", one.group.lower()):
            one = replace(one, group=f"{one.group}: {heading}")
        elif isinstance(one, Fact):
            told, (_, mark, turn) = True, heading.partition(", ")
            one = replace(one, label=f"{one.label}{mark}{turn}")
        yield one


def _compared(
    group: list[Predictions], place: Place, own: Mapping[int, Place], shown: bool
) -> Generator[Shown, None, Best]:
    """Figures of a comparison; gives the best."""
    task, detailed = group[0].task, min(IN_DETAIL, len(group))
    if task == "detection":
        from dlviz_docs.renderers.results.compare_boxes import boxes_compared
        from dlviz_docs.renderers.results.detection import detected

        matched = yield from boxes_compared(group, place, own, shown, detailed)
        return [(one, detected(found, shown) if found else None) for one, found in matched]
    return [(one, None) for one in (yield from _ordered(group, place, shown, detailed))]


def _ordered(
    group: list[Predictions], place: Place, shown: bool, detailed: int
) -> Generator[Shown, None, Sequence[Predictions]]:
    from dlviz_docs.renderers.results import compare

    task = group[0].task
    if task == "segmentation":
        from dlviz_docs.renderers.results.compare_regions import regions_compared

        return (yield from regions_compared(group, place, shown, detailed))
    if task == "text":
        from dlviz_docs.renderers.results.compare_texts import texts_compared

        return (yield from texts_compared(group, place, shown, detailed))
    if task == "regression":
        return (yield from compare.numbers_compared(group, place))
    if models := compare.compared(group):
        yield from compare.comparison(models, place, shown, detailed)
        return models.predictions
    return group
