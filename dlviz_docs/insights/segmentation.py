"""Sentences about segmentations: how well regions agree, which classes are worst, what they are taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import percent, quoted
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.model import Insight
from dlviz_docs.stats.segments import Overlap

__all__ = ["confusion", "edges", "failures", "headline", "sizes", "weakest_class"]

Floats: TypeAlias = NDArray[np.float64]

LEAST_PICTURES = 10
LEAST_DROP = 0.1
"""Of IoU."""
LEAST_CONFUSION = 0.1
"""Share of a class's pixels that are taken for another one."""
FAILED = 0.1
"""IoU of a picture below which hardly anything agrees."""


def headline(found: Overlap, pictures: int, figure: str) -> Insight | None:
    """Mean IoU with its interval and n; None where nothing is annotated."""
    if not np.isfinite(found.mean_iou[0]):
        return None
    few = (
        f" With {words.count(pictures, 'picture')} the true values may be far from these."
        if pictures < LEAST_PICTURES
        else ""
    )
    absent = int((~found.present).sum())
    gone = f", {absent:,} not in this split" if absent else ""
    return Insight(
        "segmentation-quality",
        "info",
        f"Mean IoU {estimate(*found.mean_iou)}, mean Dice {estimate(*found.mean_dice)} over "
        f"{words.count(int(found.present.sum()), 'class', 'classes')}{gone} (n = "
        f"{words.count(pictures, 'picture')}).{few}",
        figure,
        values={"iou": found.mean_iou[0], "dice": found.mean_dice[0], "pictures": float(pictures)},
    )


def weakest_class(found: Overlap, names: Sequence[str], counts: NDArray[np.int64], figure: str) -> Insight | None:
    """The class with the lowest IoU, where its interval lies below the mean of the others."""
    known = [k for k in np.flatnonzero(found.present).tolist() if counts[k] >= LEAST_PICTURES]
    if len(known) < 2:
        return None
    worst = min(known, key=lambda k: float(found.iou[k]))
    others = float(np.mean([found.iou[k] for k in known if k != worst]))
    low, high = (float(end) for end in found.iou_ends[:, worst])
    if not high < others or others - found.iou[worst] < LEAST_DROP:
        return None
    return Insight(
        "weakest-class",
        "info",
        f"{quoted(names[worst])} agrees least: IoU {estimate(float(found.iou[worst]), low, high)} in "
        f"{words.count(int(counts[worst]), 'picture')}, against a mean of {decimal(others)} of the other classes.",
        figure,
        values={"iou": float(found.iou[worst]), "iou_others": others, "drop_threshold": LEAST_DROP},
    )


def confusion(pixels: NDArray[np.int64], names: Sequence[str], figure: str) -> Insight | None:
    """The class whose pixels go to another one most, as a share of its pixels."""
    totals = pixels.sum(1)
    with np.errstate(all="ignore"):
        shares = np.where(totals[:, None] > 0, pixels / np.maximum(totals, 1)[:, None], 0.0)
    np.fill_diagonal(shares, 0)
    if not shares.size or shares.max() < LEAST_CONFUSION:
        return None
    true, predicted = (int(place) for place in np.unravel_index(int(shares.argmax()), shares.shape))
    share = float(shares[true, predicted])
    return Insight(
        "segmentation-confusion",
        "info",
        f"{percent(share, 1)} of the pixels of {quoted(names[true])} are taken for {quoted(names[predicted])}.",
        figure,
        values={"share": share, "share_threshold": LEAST_CONFUSION},
    )


def failures(means: Floats, figure: str) -> Insight | None:
    """Pictures in which hardly anything agrees."""
    known = means[np.isfinite(means)]
    failed = int((known < FAILED).sum())
    if not failed or len(known) < LEAST_PICTURES:
        return None
    return Insight(
        "segmentation-failures",
        "warning" if failed >= 0.05 * len(known) else "info",
        f"In {failed:,} of {words.count(len(known), 'picture')} ({percent(failed, len(known))}) the mean IoU is under "
        f"{decimal(FAILED, 1)}: hardly anything agrees there.",
        figure,
        values={"share": failed / len(known), "iou_threshold": FAILED},
    )


def sizes(small: float, large: float, counts: tuple[int, int], limit: float, figure: str) -> Insight | None:
    """Whether small regions agree less: mean IoU of regions under and over a share of the picture."""
    if min(counts) < 3 * LEAST_PICTURES or not large - small >= LEAST_DROP:
        return None
    return Insight(
        "small-regions",
        "info",
        f"Small regions agree less: mean IoU {decimal(small, 2)} where a class covers under {percent(limit, 1)} of the "
        f"picture (n = {counts[0]:,}), {decimal(large, 2)} where it covers more (n = {counts[1]:,}).",
        figure,
        values={"small": small, "large": large, "drop_threshold": LEAST_DROP},
    )


def edges(inside: float, along: float, figure: str) -> Insight | None:
    """Whether it is edges that disagree: mean IoU of regions against that of their boundaries."""
    if not inside - along >= 2 * LEAST_DROP:
        return None
    return Insight(
        "boundaries",
        "info",
        f"Edges agree less than regions: mean boundary IoU {decimal(along)} against a mean IoU of {decimal(inside)}.",
        figure,
        values={"boundary_iou": along, "iou": inside, "drop_threshold": 2 * LEAST_DROP},
    )
