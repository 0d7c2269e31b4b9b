"""Which annotations predicted boxes are to be compared with, where several would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray, Problem
from dlviz_docs.readers.samples._annotated import Annotated, ImageId, lookup
from dlviz_docs.readers.samples.coco import Results

__all__ = ["Choice", "choose", "overlaps"]

OVERLAP = 0.5
"""Intersection over union from which on a predicted box counts as a true one found, as in AP50."""
MOST_COMPARED = 20_000
"""Predicted boxes that are looked at, those of the highest scores."""
_UNCLEAR = 0.8
"""A second choice with this share of the first one's evidence makes the choice unclear."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The annotations that fit, and how well."""

    truth: Annotated
    categories: NDArray[np.int32]
    """Place of the class of every predicted box; -1 for one that the annotations do not know."""
    covered: float
    """Share of predicted boxes whose picture is in the annotations."""
    matched: float
    """Share of the true boxes that a predicted one of the same class lies on."""
    share: float
    """Share of the annotated pictures that have predictions."""
    rival: Annotated | None = None
    """Others that fit about as well."""

    def problems(self, path: str) -> tuple[Problem, ...]:
        """That the choice is not clear, if it is not."""
        if self.rival is None:
            return ()
        what = f"these results fit {self.truth.source} and {self.rival.source} alike; compared with the first"
        return (Problem("truth-unclear", path, what, "Name the annotations as `truth` in experiment.yml."),)


def choose(results: Results, truths: Sequence[Annotated]) -> Choice | None:
    """The annotations that know all pictures of the results and whose boxes the predicted ones lie on; None for none.

    Numbers of pictures often begin at 0 in every split, so they alone do not tell.
    """
    choices = [choice for truth in truths if (choice := _fit(results, truth)).covered > 0]
    if not choices:
        return None
    choices.sort(key=_evidence, reverse=True)
    best, *others = choices
    rival = next((other for other in others if _evidence(other) == _evidence(best)), None)
    if rival is None and others and others[0].covered == best.covered and others[0].matched > _UNCLEAR * best.matched:
        rival = others[0] if others[0].share > _UNCLEAR * best.share else None
    return replace(best, rival=rival.truth) if rival else best


def _evidence(choice: Choice) -> tuple[float, float, float]:
    return choice.covered, round(choice.matched, 3), choice.share


def _fit(results: Results, truth: Annotated) -> Choice:
    rows = lookup(truth, results.images)
    covered = float((rows >= 0).mean()) if len(rows) else 0.0
    share = len(np.unique(rows[rows >= 0])) / max(len(truth.ids), 1)
    best: tuple[float, NDArray[np.int32]] | None = None
    for categories in _numberings(results.categories, truth):
        matched = _matched(results, truth, rows, categories) if covered else 0.0
        if best is None or matched > best[0]:
            best = matched, categories
    assert best is not None  # noqa: S101 - there is always one numbering
    return Choice(truth, best[1], covered, best[0], share)


def _numberings(told: Sequence[ImageId], truth: Annotated) -> list[NDArray[np.int32]]:
    """Places of classes: by the annotations' numbers; Ultralytics counts those of its own data sets from 1."""
    place = {number: at for at, number in enumerate(truth.categories)}
    usual = np.array([place.get(number, -1) if isinstance(number, int) else -1 for number in told], np.int32)
    counts_from_0 = truth.categories == tuple(range(len(truth.categories))) and truth.headers is not None
    if not counts_from_0 or 0 in told:
        return [usual]
    shifted = [place.get(number - 1, -1) if isinstance(number, int) else -1 for number in told]
    return [usual, np.array(shifted, np.int32)]


def _matched(results: Results, truth: Annotated, rows: NDArray[np.int32], categories: NDArray[np.int32]) -> float:
    """Share of the true boxes, of pictures with predictions, that some predicted box of their class lies on."""
    xywh, scores = results.told.xywh, results.told.scores
    use = (rows >= 0) & np.isfinite(xywh).all(axis=1)
    some = np.flatnonzero(use)
    if scores is not None and len(some) > MOST_COMPARED:
        some = some[np.argsort(-np.nan_to_num(scores[some], nan=-1.0), kind="stable")[:MOST_COMPARED]]
    true = truth.boxes
    known = np.isin(true.picture, rows[some])
    if not known.any():
        return 0.0
    width = max(len(truth.classes), 1) + 1
    wanted = true.picture[known].astype(np.int64) * width + true.category[known]
    given = rows[some].astype(np.int64) * width + categories[some]
    return float((overlaps(wanted, true.xywh[known], given, xywh[some]) >= OVERLAP).mean())


def overlaps(groups: NDArray[np.int64], boxes: FloatArray, others: NDArray[np.int64], rest: FloatArray) -> FloatArray:
    """Largest intersection over union of each box with those of `rest` in the same group; 0 where there is none."""
    best = np.zeros(len(boxes))
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    start, stop = np.searchsorted(ordered, groups, "left"), np.searchsorted(ordered, groups, "right")
    lengths = stop - start
    mine = np.repeat(np.arange(len(boxes)), lengths)
    theirs = order[np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths) + start[mine]]
    a, b = boxes[mine], rest[theirs]
    sides = np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    whole = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - shared
    np.maximum.at(best, mine, np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0))
    return best
