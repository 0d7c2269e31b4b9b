"""Whether the splits hold the same: column by column, and all columns together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlviz_docs import words
from dlviz_docs.insights.data_words import less_than_one, percent, quoted
from dlviz_docs.model import Insight, Severity
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.drift import FEWEST_ROWS, Drift
from dlviz_docs.stats.fdr import FALSE_SHARE, q_values
from dlviz_docs.stats.separability import Separation

__all__ = ["FLAGGED", "Shift", "drift_sentences", "few_rows", "how", "separation_sentence", "shifts_of"]

FLAGGED, GREAT = 0.1, 0.25
"""Effect from which on a column has drifted, and has greatly: 0.1 standard deviations by Wasserstein's distance, or 0.1
of the Jensen-Shannon distance; 0.25 as for the population stability index (Siddiqi 2006)."""
TOLD_APART, WELL_APART = 0.55, 0.7
"""Area under the curve: its interval must begin above the first."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One column of one split against the first split."""

    column: int
    """Place among the columns."""
    drift: Drift
    q: float
    """After Benjamini and Hochberg over all columns and splits."""

    @property
    def flagged(self) -> bool:
        """Whether the effect is large and no chance."""
        return self.drift.effect >= FLAGGED and self.q < FALSE_SHARE


def shifts_of(columns: Sequence[ColumnStats]) -> list[Shift]:
    """All that could be compared, the largest effect first."""
    found = [
        (place, drift) for place, column in enumerate(columns) for drift in column.drifts if math.isfinite(drift.effect)
    ]
    qs = q_values([drift.p for _, drift in found])
    shifts = [Shift(place, drift, float(q)) for (place, drift), q in zip(found, qs, strict=True)]
    return sorted(shifts, key=lambda shift: (-shift.drift.effect, shift.column, shift.drift.split))


def how(shift: Shift, column: ColumnStats) -> str:
    """The effect and its direction: "+0.31 σ, W1 = 0.29", "“red” 40 % instead of 12 %, JS = 0.2"."""
    drift = shift.drift
    if column.levels is not None:
        level = quoted(column.feature.levels[drift.level])
        share, before = percent(drift.share, 1.0), percent(drift.reference_share, 1.0)
        return f"{level} {share} instead of {before}, JS = {words.number(round(drift.js, 2))}"
    if math.isnan(drift.w1):
        return f"KS = {words.number(round(drift.ks, 2))}"
    way = f"{drift.shift:+.2f}".replace("-", "−") if abs(drift.shift) >= 0.005 else "0"
    return f"median {way} σ, W1 = {words.number(round(drift.w1, 2))} σ"


def few_rows(sizes: Sequence[int], splits: Sequence[str], figure: str) -> Iterator[Insight]:
    """Splits that are too small to be compared."""
    few = [(name, size) for name, size in zip(splits, sizes, strict=True) if size < FEWEST_ROWS]
    if few:
        told = " and ".join(f"{name} has {words.count(size, 'row')}" for name, size in few)
        text = f"{told}: too few to be compared with the others (fewer than {FEWEST_ROWS})."
        values = {"rows": float(few[0][1]), "threshold": float(FEWEST_ROWS)}
        yield Insight(
            kind="split-small", severity="info", text=text[0].upper() + text[1:], figure=figure, values=values
        )


def drift_sentences(
    shifts: Sequence[Shift], columns: Sequence[ColumnStats], splits: Sequence[str], figure: str
) -> Iterator[Insight]:
    """Of each split that was compared: in how many columns it differs, in which most; beside such a one, if in none."""
    alike: list[int] = []
    for split in sorted({shift.drift.split for shift in shifts}):
        own = [shift for shift in shifts if shift.drift.split == split]
        flagged = [shift for shift in own if shift.flagged]
        if not flagged:
            alike.append(split)
            continue
        first = flagged[0]
        column = columns[first.column]
        also = f", then in {quoted(columns[flagged[1].column].name)}" if len(flagged) > 1 else ""
        text = (
            f"{splits[split]} differs from {splits[0]} in {len(flagged):,} of {words.count(len(own), 'column')}, most "
            f"in {quoted(column.name)} ({how(first, column)}; n = {first.drift.n:,} and {first.drift.reference_n:,})"
            f"{also}."
        )
        severity: Severity = "warning" if first.drift.effect >= GREAT else "info"
        values = {"effect": first.drift.effect, "threshold": FLAGGED, "q": first.q, "columns": float(len(flagged))}
        yield Insight(kind="split-drift", severity=severity, text=_upper(text), figure=figure, values=values)
    if alike and len(alike) < len({shift.drift.split for shift in shifts}):
        compared = len({shift.column for shift in shifts if shift.drift.split in alike})
        told = f"none of {compared:,} columns has" if compared > 1 else "the column has not"
        text = (
            f"{' and '.join(splits[split] for split in alike)} {'is' if len(alike) == 1 else 'are'} like {splits[0]}: "
            f"{told} drifted by {FLAGGED} or more beyond chance."
        )
        most = max(shift.drift.effect for shift in shifts if shift.drift.split in alike)
        values = {"effect": most, "threshold": FLAGGED}
        yield Insight(kind="split-alike", severity="info", text=_upper(text), figure=figure, values=values)


def separation_sentence(
    found: Separation, split: str, reference: str, names: Sequence[str], figure: str
) -> Insight | None:
    """A classifier tells two splits apart; None where it does not."""
    if found.low < TOLD_APART:
        return None
    by = f", most by {' and '.join(map(quoted, names[:2]))}" if names else ""
    text = (
        f"A classifier tells {split} from {reference} with an AUC of {less_than_one(found.auc)} "
        f"[{found.low:.2f}, {found.high:.2f}] (0.50 = the same; n = {found.n:,}){by}."
    )
    severity: Severity = "warning" if found.auc >= WELL_APART else "info"
    values = {"auc": found.auc, "low": found.low, "threshold": TOLD_APART}
    return Insight(kind="split-separable", severity=severity, text=text, figure=figure, values=values)


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
