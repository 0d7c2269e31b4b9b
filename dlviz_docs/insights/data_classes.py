"""How the classes are spread, within the data set and over its splits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import listed, percent, quoted
from dlviz_docs.model import Insight
from dlviz_docs.stats.balance import Balance

__all__ = ["class_sentences"]

IMBALANCE = 10.0
"""Times that the largest class is larger than the smallest: "moderate" imbalance begins here in most reviews."""
FEW = 10
"""Rows below which a class can hardly be learned or judged."""
LEAST_EXPECTED = 5.0
"""Rows a class should have in a split for its absence to be no chance."""


def class_sentences(found: Balance, classes: Sequence[str], splits: Sequence[str], figure: str) -> Iterator[Insight]:
    """Imbalance, classes that a split lacks, and classes of few rows."""
    totals = found.counts.sum(axis=0)
    present = np.flatnonzero(totals > 0)
    if len(present) < 2:
        if len(present) == 1 and totals.sum() > 1:
            text = f"All {int(totals.sum()):,} rows are of one class, {quoted(classes[int(present[0])])}."
            values = {"classes": 1.0}
            yield Insight(kind="class-single", severity="warning", text=text, figure=figure, values=values)
        return
    smallest, largest = (int(present[pick(totals[present])]) for pick in (np.argmin, np.argmax))
    if found.ratio >= IMBALANCE:
        absent = [splits[at] for at, row in enumerate(found.counts) if row.sum() and not row[smallest]]
        also = f"; absent from {' and '.join(absent)}" if absent and len(splits) > 1 else ""
        text = (
            f"Class {quoted(classes[smallest])} has {words.count(int(totals[smallest]), 'row')}, "
            f"{words.number(round(found.ratio))} times fewer than {quoted(classes[largest])} with "
            f"{int(totals[largest]):,}{also}. The {len(present):,} classes are as many as "
            f"{words.number(round(found.effective, 1))} equal ones: always saying {quoted(classes[largest])} is right "
            f"in {percent(int(totals[largest]), int(totals.sum()))}."
        )
        values = {"ratio": found.ratio, "threshold": IMBALANCE, "effective": found.effective}
        yield Insight(kind="class-imbalance", severity="warning", text=text, figure=figure, values=values)
    yield from _absent(found, classes, splits, figure)
    few = [int(place) for place in present[np.argsort(totals[present], kind="stable")] if totals[place] < FEW]
    if few and totals.sum() >= 10 * FEW:
        text = (
            f"{words.count(len(few), 'class', 'classes')} {'has' if len(few) == 1 else 'have'} fewer than {FEW} rows: "
        )
        text += f"{listed([classes[place] for place in few])}."
        values = {"classes": float(len(few)), "threshold": float(FEW)}
        yield Insight(kind="class-few", severity="info", text=text, figure=figure, values=values)


def _absent(found: Balance, classes: Sequence[str], splits: Sequence[str], figure: str) -> Iterator[Insight]:
    """Classes that a split lacks though it has rows enough for some; of the first split, any that others have."""
    if len(splits) < 2:
        return
    totals = found.counts.sum(axis=0)
    for at, row in enumerate(found.counts):
        if not row.sum():
            continue
        expected = totals * (row.sum() / totals.sum())
        missing = np.flatnonzero((row == 0) & (totals > 0) & ((expected >= LEAST_EXPECTED) | (at == 0)))
        if len(missing):
            names = listed([classes[int(place)] for place in missing])
            consequence = "nothing can be learned of them" if at == 0 else "nothing can be said of them there"
            text = (
                f"{splits[at]} has no row of {words.count(len(missing), 'class', 'classes')}: {names}; {consequence}."
            )
            values = {"classes": float(len(missing)), "threshold": LEAST_EXPECTED}
            yield Insight(
                kind="class-absent",
                severity="warning",
                text=text[0].upper() + text[1:],
                figure=figure,
                values=values,
            )
