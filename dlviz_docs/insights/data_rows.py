"""Rows that are there twice, that contradict each other, and groups or periods that splits share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_words import of, percent, quoted
from dlviz_docs.model import Insight, Severity

__all__ = ["contradiction_sentence", "group_sentences", "period_sentences"]

SERIOUS = 0.01
"""Share of a split whose group the training split has too, from which on results are too good."""
MANY_GROUPS = 20
"""Groups from which on they are recordings or people, and a model may know them again; a few are sites or years."""


def contradiction_sentence(
    rows: int, wrong: int, total: int, target: str, figure: str, *, alone: bool
) -> Iterator[Insight]:
    """Rows alike in all but the label; `alone` says that nothing but the columns is known of them (no picture)."""
    if not rows:
        return
    text = f"{of(rows, total, 'rows')} have the same cells as a row with another {quoted(target)}"
    if alone:
        text += f": whatever learns from these columns is wrong on at least {wrong:,} of them ({percent(wrong, total)})"
    severity: Severity = "warning" if alone and wrong >= 0.01 * total else "info"
    values = {"rows": float(rows), "wrong": float(wrong), "of": float(total), "threshold": 0.01}
    yield Insight(kind="contradictions", severity=severity, text=f"{text}.", figure=figure, values=values)


def group_sentences(table: NDArray[np.int64], name: str, splits: Sequence[str], figure: str) -> Iterator[Insight]:
    """Rows of each split whose group the first split has too. `table`: rows by group (down) and split (across)."""
    for split in range(1, len(splits)):
        shared = (table[:, 0] > 0) & (table[:, split] > 0)
        rows, size = int(table[shared, split].sum()), int(table[:, split].sum())
        if not rows:
            continue
        trained, few = splits[0] == "train", int((table.sum(axis=1) > 0).sum()) < MANY_GROUPS
        severity: Severity = "serious" if trained and rows >= SERIOUS * size else "warning"
        severity = "info" if few else severity
        text = (
            f"{of(rows, size, f'{splits[split]} rows')} are of a {quoted(name)} that {splits[0]} has too "
            f"({words.count(int(shared.sum()), 'group')} of {int((table[:, split] > 0).sum()):,})"
        )
        if trained:
            new = f"results say nothing of a new {quoted(name)}"
            text += f": {new}" if few else f": results on them are too good, and {new}"
        text += "."
        values = {"rows": float(rows), "of": float(size), "groups": float(shared.sum()), "threshold": SERIOUS}
        yield Insight(kind="group-leakage", severity=severity, text=text, figure=figure, values=values)


def period_sentences(
    times: NDArray[np.float64], codes: NDArray[np.int32], name: str, splits: Sequence[str], figure: str
) -> Iterator[Insight]:
    """How many rows of each split are from before the end of the first one, if `name` orders the rows."""
    known = np.isfinite(times)
    base = times[known & (codes == 0)]
    for split in range(1, len(splits)):
        own = times[known & (codes == split)]
        if len(base) < 2 or len(own) < 2:
            continue
        earlier = int((own < base.max()).sum())
        if not earlier:
            text = f"By {quoted(name)}, all of {splits[split]} is later than {splits[0]}."
        else:
            text = (
                f"By {quoted(name)}, {of(earlier, len(own), f'{splits[split]} rows')} are earlier than the last of "
                f"{splits[0]}: if rows that are near in time are alike, or the model is meant for the future, results "
                "are too good."
            )
        values = {"earlier": float(earlier), "of": float(len(own))}
        severity: Severity = "warning" if earlier else "info"
        yield Insight(kind="time-overlap", severity=severity, text=text, figure=figure, values=values)
