"""What kind of mistake costs how much average precision.

Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors" (2020): every wrong
prediction has one cause, every cause is mended by itself, and what AP at IoU 0.5 gains is its cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.average_precision import Evaluation, average_precision, mean
from dlviz_docs.stats.matching import LEAST_OVERLAP

__all__ = ["FOUND_AT", "KINDS", "Errors", "Kind", "tide"]

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]
Kind = Literal["class", "location", "both", "duplicate", "background", "missed", "false", "unfound"]

FOUND_AT = 0.5
"""t_f: from this IoU on an annotation is found. t_b, below which there is nothing, is `LEAST_OVERLAP`."""
KINDS: tuple[Kind, ...] = ("class", "location", "both", "duplicate", "background", "missed")
"""The six causes. Beside them "false" (all wrong predictions) and "unfound" (all annotations that nothing takes)."""


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """The cause of every mistake, and the cost of every cause."""

    kind: NDArray[np.int8]
    """Of each prediction that counts, a place in `KINDS`; -1 for right ones and those left out. Shape (m,)."""
    partner: Places
    """The annotation it would have found but for its class or place; -1 for none."""
    missed: NDArray[np.bool_]
    """Annotations that no prediction takes, nor would with another class or place, shape (g,)."""
    ap: float
    """AP at IoU 0.5."""
    costs: Mapping[Kind, float]
    """AP gained if the cause were mended, from 0 to 1; for "false" and "unfound" all of a side at once."""
    counts: Mapping[Kind, int]
    """How many predictions, of "missed" and "unfound" annotations, each concerns."""


def tide(evaluation: Evaluation) -> Errors:
    """All annotations that are not crowds count, predictions at any confidence."""
    taken, left_out = evaluation.taken[0, 0], evaluation.left_out[0, 0]
    asked = ~evaluation.unasked[0]
    right = (taken >= 0) & ~left_out
    used = np.zeros(len(asked), np.bool_)
    used[taken[right]] = True
    kind, partner = _causes(evaluation, right | left_out)
    hopeful = np.zeros(len(asked), np.bool_)
    hopeful[partner[partner >= 0]] = True
    missed = asked & ~used & ~hopeful
    counts: dict[Kind, int] = {name: int((kind == place).sum()) for place, name in enumerate(KINDS)}
    counts |= {"missed": int(missed.sum()), "false": int((kind >= 0).sum()), "unfound": int((asked & ~used).sum())}
    ap, costs = _costs(evaluation, right, kind, partner, asked, used, missed)
    return Errors(kind, partner, missed, ap, costs, counts)


def _causes(evaluation: Evaluation, fine: NDArray[np.bool_]) -> tuple[NDArray[np.int8], Places]:
    pairs, truth = evaluation.pairs, evaluation.truth
    pairs = pairs.where(~truth.crowd[pairs.truth])
    same = evaluation.boxes.category[pairs.box] == truth.category[pairs.truth]
    m = len(fine)
    of_class, own = _best(pairs.box[same], pairs.truth[same], pairs.iou[same], m)
    of_others, other = _best(pairs.box[~same], pairs.truth[~same], pairs.iou[~same], m)
    conditions = [
        fine,
        (of_class >= LEAST_OVERLAP) & (of_class < FOUND_AT),
        of_others >= FOUND_AT,
        of_class >= FOUND_AT,
        of_others < LEAST_OVERLAP,
    ]
    places = [-1, *(KINDS.index(name) for name in ("location", "class", "duplicate", "background"))]
    kind = np.select(conditions, places, KINDS.index("both")).astype(np.int8)
    partner = np.where(kind == KINDS.index("location"), own, np.where(kind == KINDS.index("class"), other, -1))
    return kind, partner


def _best(box: Places, truth: Places, iou: Floats, m: int) -> tuple[Floats, Places]:
    """The largest overlap of each prediction and the annotation it is with; pairs ascend, so the last one stands."""
    best, which = np.zeros(m), np.full(m, -1, np.intp)
    best[box] = iou
    which[box] = truth
    return best, which


def _costs(
    evaluation: Evaluation,
    right: NDArray[np.bool_],
    kind: NDArray[np.int8],
    partner: Places,
    asked: NDArray[np.bool_],
    used: NDArray[np.bool_],
    missed: NDArray[np.bool_],
) -> tuple[float, dict[Kind, float]]:
    truth, category = evaluation.truth.category, evaluation.boxes.category
    classes = evaluation.ap.shape[1]
    wanted = np.bincount(truth[asked], minlength=classes)
    counted = right | (kind >= 0)

    def average(kept: NDArray[np.bool_], hits: NDArray[np.bool_], of: NDArray[np.int32], sought: Places) -> float:
        by_class = np.argsort(of[kept], kind="stable")
        ends = np.cumsum(np.bincount(of[kept], minlength=classes))
        sorted_hits = hits[kept][by_class]
        parts = np.split(sorted_hits, ends[:-1])
        return mean(np.array([average_precision(parts[k], int(sought[k])) for k in range(classes)]))

    ap = average(counted, right, category, wanted)
    first = np.zeros(len(kind), np.bool_)  # the most confident prediction that would find an annotation may do so
    rows = np.flatnonzero(partner >= 0)
    rows = rows[~used[partner[rows]]]
    first[rows[np.unique(partner[rows], return_index=True)[1]]] = True
    costs: dict[Kind, float] = {}
    for place, name in enumerate(KINDS):
        mended = kind == place
        gains = first & mended
        of = np.where(gains, truth[partner], category) if len(truth) else category
        sought = wanted - np.bincount(truth[missed], minlength=classes) if name == "missed" else wanted
        costs[name] = average(counted & (~mended | gains), right | gains, of, sought) - ap
    costs["false"] = average(right, right, category, wanted) - ap
    costs["unfound"] = average(counted, right, category, np.bincount(truth[used & asked], minlength=classes)) - ap
    return ap, costs
