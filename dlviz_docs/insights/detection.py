"""Sentences about detections: how good, what costs most, which sizes and classes are missed.

Each takes numbers that are computed, and gives a sentence, or None where the numbers do not carry one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent, quoted
from dlviz_docs.insights.estimates import decimal, estimate, signed
from dlviz_docs.model import Insight
from dlviz_docs.stats.intervals import Z95, wilson
from dlviz_docs.stats.operating import Point
from dlviz_docs.stats.tide import KINDS, Errors, Kind

__all__ = [
    "COSTS",
    "best_point",
    "confusion",
    "costs",
    "count_bias",
    "headline",
    "location_bias",
    "masks",
    "size_drop",
    "weakest_class",
]

Floats: TypeAlias = NDArray[np.float64]
Estimate: TypeAlias = tuple[float, float, float]

COSTS: dict[Kind, tuple[str, str]] = {
    "class": ("wrong class", "the place is right (IoU at least 0.5), the class is not"),
    "location": ("localisation", "the class is right, the place is not quite (IoU 0.1 to 0.5)"),
    "both": ("wrong class and place", "it overlaps something of another class, and not well (IoU 0.1 to 0.5)"),
    "duplicate": ("duplicates", "a more confident prediction had found the same annotation already"),
    "background": ("false alarms", "nothing annotated is there (IoU under 0.1)"),
    "missed": ("missed", "annotations that no prediction is near to"),
}
"""What each cause is called, and what it is, after Bolya et al. (2020)."""

LEAST_PICTURES = 10
"""Fewer pictures than this make no interval worth printing."""
LEAST_BOXES = 30
"""Annotations of a kind from which its recall is compared."""
LEAST_OF_CLASS = 20
LEAST_MISTAKES = 20
LEAST_COST = 0.01
"""In AP: a point."""
LEAST_DROP = 0.1
"""Of recall."""
SERIOUS_DROP = 0.25
LEAST_CONFUSION = 0.1
"""Share of a class that is taken for another one."""
LEAST_SHIFT = 0.02
"""Of a box's side; annotators differ by more than a hundredth."""


def headline(ap: Estimate, ap50: Estimate, pictures: int, annotated: int, classes: int, figure: str) -> Insight | None:
    """AP with its interval and n; None where nothing is annotated."""
    if not np.isfinite(ap[0]):
        return None
    unsure = ""
    if pictures < LEAST_PICTURES:
        unsure = f" With {words.count(pictures, 'picture')} the true values may be far from these."
    return Insight(
        "detection-quality",
        "info",
        f"AP {estimate(*ap)}, AP50 {estimate(*ap50)}, over "
        f"{words.count(classes, 'annotated class', 'annotated classes')} (n = {words.count(pictures, 'picture')}, "
        f"{words.count(annotated, 'annotated box', 'annotated boxes')}).{unsure}",
        figure,
        values={"ap": ap[0], "ap_low": ap[1], "ap_high": ap[2], "ap50": ap50[0], "pictures": float(pictures)},
    )


def masks(ap: Estimate, of_boxes: float, figure: str) -> Insight | None:
    """AP of masks beside that of boxes; None where there are none."""
    if not np.isfinite(ap[0]):
        return None
    return Insight(
        "mask-quality",
        "info",
        f"AP of masks, by their pixels, is {estimate(*ap)}; that of boxes {decimal(of_boxes)}.",
        figure,
        values={"mask_ap": ap[0], "mask_ap_low": ap[1], "mask_ap_high": ap[2], "ap": of_boxes},
    )


def best_point(point: Point, figure: str) -> Insight | None:
    """The threshold with the best F1, and what it gives."""
    counted, asked = int(point.counted.sum()), int(point.asked.sum())
    if not counted or not asked:
        return None
    found = int(point.found.sum())
    return Insight(
        "detection-threshold",
        "info",
        f"F1 is best, {decimal(point.f1)}, at confidence {decimal(point.threshold)}: it finds {found:,} of {asked:,} "
        f"annotated boxes (recall {decimal(point.recall)}), and {percent(int(point.right.sum()), counted)} of "
        f"{words.count(counted, 'prediction')} are right.",
        figure,
        values={"threshold": point.threshold, "f1": point.f1, "precision": point.precision, "recall": point.recall},
    )


def costs(errors: Errors, figure: str) -> Insight | None:
    """Which kind of mistake costs the most AP, and which other ones cost something."""
    mistakes = errors.counts["false"] + errors.counts["unfound"]
    order = sorted(KINDS, key=lambda kind: -errors.costs[kind] if np.isfinite(errors.costs[kind]) else 0.0)
    first = order[0]
    if mistakes < LEAST_MISTAKES or not errors.costs[first] >= LEAST_COST:
        return None
    others = [kind for kind in order[1:] if errors.counts[kind]][:2]
    rest = " and ".join(f"{COSTS[kind][0]} {_points(errors.costs[kind])}" for kind in others)
    return Insight(
        "detection-costs",
        "info",
        f"Largest loss of AP50 is {COSTS[first][0]} ({_points(-errors.costs[first])} points, "
        f"n = {errors.counts[first]:,}){'; ' + rest + ' points' if rest else ''}.",
        figure,
        values={
            **{f"cost_{kind}": errors.costs[kind] for kind in KINDS if np.isfinite(errors.costs[kind])},
            "cost_threshold": LEAST_COST,
        },
    )


def _points(cost: float) -> str:
    return signed(100 * cost) if cost < 0 else decimal(100 * cost, 1)


def size_drop(found: NDArray[np.bool_], area: Floats, limit: float, figure: str) -> Insight | None:
    """Whether small annotations are found less often than all larger ones; `limit` in px²."""
    small = area < limit
    counts = int(small.sum()), int((~small).sum())
    if min(counts) < LEAST_BOXES:
        return None
    hits = int(found[small].sum()), int(found[~small].sum())
    (low, high) = wilson(hits, counts)
    recall = hits[0] / counts[0], hits[1] / counts[1]
    if recall[1] - recall[0] < LEAST_DROP or high[0] >= low[1]:
        return None
    side = words.number(limit**0.5)
    return Insight(
        "small-boxes",
        "warning" if recall[1] - recall[0] >= SERIOUS_DROP else "info",
        f"Recall drops from {decimal(recall[1], 2)} to {decimal(recall[0], 2)} [{decimal(float(low[0]), 2)}, "
        f"{decimal(float(high[0]), 2)}] for boxes < {side}² px (n = {counts[0]:,}).",
        figure,
        values={"recall_small": recall[0], "recall_others": recall[1], "drop_threshold": LEAST_DROP},
    )


def weakest_class(
    names: Sequence[str], values: Sequence[Estimate], annotated: NDArray[np.int64], figure: str
) -> Insight | None:
    """The class with the lowest AP, where its interval lies below the mean of the others."""
    known = [k for k in range(len(names)) if annotated[k] >= LEAST_OF_CLASS and np.isfinite(values[k][2])]
    if len(known) < 2:
        return None
    worst = min(known, key=lambda k: values[k][0])
    others = float(np.mean([values[k][0] for k in known if k != worst]))
    if values[worst][2] >= others or others - values[worst][0] < LEAST_DROP:
        return None
    return Insight(
        "weakest-class",
        "info",
        f"{quoted(names[worst])} is found worst: AP {estimate(*values[worst])} (n = {int(annotated[worst]):,}), "
        f"against a mean of {decimal(others)} of the other classes with at least {LEAST_OF_CLASS} boxes.",
        figure,
        values={"ap": values[worst][0], "ap_others": others, "drop_threshold": LEAST_DROP},
    )


def confusion(point: Point, names: Sequence[str], figure: str) -> Insight | None:
    """The class that is taken for another one most often, as a share of its annotated boxes."""
    k = len(names)
    mixed = point.confusion[:k, :k].copy()
    np.fill_diagonal(mixed, 0)
    if not mixed.size or not mixed.any():
        return None
    true, predicted = (int(place) for place in np.unravel_index(int(mixed.argmax()), mixed.shape))
    count, asked = int(mixed[true, predicted]), int(point.confusion[true].sum())
    if count < LEAST_MISTAKES // 2 or count < LEAST_CONFUSION * asked:
        return None
    low, high = (float(end) for end in wilson(count, asked))
    return Insight(
        "detection-confusion",
        "info",
        f"{quoted(names[true])} is taken for {quoted(names[predicted])} in {count:,} of {asked:,} annotated boxes "
        f"({percent(count, asked)} [{100 * low:.0f}, {100 * high:.0f}]), {percent(count, int(mixed.sum()))} of all "
        f"mix-ups of classes at confidence {decimal(point.threshold)}.",
        figure,
        values={"share": count / asked, "share_threshold": LEAST_CONFUSION},
    )


def count_bias(difference: NDArray[np.int64], figure: str) -> Insight | None:
    """Whether pictures get too many or too few boxes; predicted less annotated, shape (pictures,)."""
    n = len(difference)
    if n < LEAST_BOXES:
        return None
    bias, error = float(difference.mean()), float(difference.std(ddof=1)) / n**0.5
    if abs(bias) < 0.1 or abs(bias) < Z95 * error:
        return None
    return Insight(
        "count-bias",
        "info",
        f"Predicts {decimal(abs(bias), 2)} boxes too {'many' if bias > 0 else 'few'} a picture on average "
        f"(95 % interval {signed(bias - Z95 * error, 2)} to {signed(bias + Z95 * error, 2)}, n = {n:,} pictures).",
        figure,
        values={"bias": bias, "bias_threshold": 0.1},
    )


def location_bias(shifts: Floats, figure: str) -> Insight | None:
    """Whether boxes that are found lie off in one direction; columns x, y, width, height in sides of the annotation."""
    n = len(shifts)
    if n < LEAST_BOXES:
        return None
    bias, error = shifts.mean(0), shifts.std(0, ddof=1) / n**0.5
    clear = (np.abs(bias) >= LEAST_SHIFT) & (np.abs(bias) > Z95 * error)
    if not clear.any():
        return None
    said = [("right", "left"), ("down", "up"), ("too wide", "too narrow"), ("too high", "too low")]
    parts = []
    for axis in np.flatnonzero(clear).tolist():
        of = "of the side " if axis < 2 else ""
        parts.append(f"{percent(abs(float(bias[axis])), 1)} {of}{said[axis][0 if bias[axis] > 0 else 1]}")
    return Insight(
        "location-bias",
        "info",
        f"Boxes that find something lie off in one direction: {', '.join(parts)} on average (n = {n:,}).",
        figure,
        values={"largest": float(np.abs(bias).max()), "shift_threshold": LEAST_SHIFT},
    )
