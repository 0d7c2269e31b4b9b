"""What missing cells have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlviz_docs.insights.data_words import listed, percent, quoted
from dlviz_docs.model import Insight, Severity
from dlviz_docs.stats.fdr import FALSE_SHARE, q_values
from dlviz_docs.stats.gaps import Dependence

__all__ = ["LEAST_GAPS", "TOGETHER", "dependence_sentence", "target_sentence", "together_sentence"]

TOGETHER = 0.9
"""φ from which on two columns are missing together."""
LEAST_GAPS = 10
MORE = 0.1
"""Difference of the shares of missing cells from which on a group has more of them."""
LEAST_ROWS = 30
MANY = 0.05
"""Share of the rows without a target from which on that is said."""
MOST = 0.5


def target_sentence(
    name: str, missing: Sequence[int], sizes: Sequence[int], splits: Sequence[str], figure: str
) -> Iterator[Insight]:
    """What cannot be learnt from or judged; `missing` are rows without the target in each split, of `sizes` rows."""
    gaps, total = sum(missing), sum(sizes)
    if not gaps or gaps == total:
        return
    whole = [place for place, gap in enumerate(missing) if gap and gap == sizes[place]]
    if whole and gaps == sum(sizes[place] for place in whole):
        kept = " and ".join(splits[place] for place in whole)
        text = f"{quoted(name)} is missing in all {gaps:,} rows of {kept} and in no other: its labels are kept back."
        values = {"missing": float(gaps)}
        yield Insight(kind="labels-kept-back", severity="info", text=text, figure=figure, values=values)
    elif gaps > MANY * total:
        share = percent(gaps, total)
        text = f"{quoted(name)}, the target, is missing in {share} of the rows: they teach and test nothing."
        values = {"missing": float(gaps), "threshold": MANY}
        severity: Severity = "warning" if gaps > MOST * total else "info"
        yield Insight(kind="target-missing", severity=severity, text=text, figure=figure, values=values)


def together_sentence(groups: Sequence[Sequence[str]], figure: str) -> Iterator[Insight]:
    """Columns that are missing in the same rows; `groups` are the names of each set."""
    if not groups:
        return
    first = max(groups, key=len)
    text = f"{listed(first, 4)} are missing in the same rows (φ of {TOGETHER} or more)"
    if len(groups) > 1:
        text += (
            f", and so are {len(groups) - 1:,} more groups of columns" if len(groups) > 2 else ", and one group more"
        )
    values = {"groups": float(len(groups)), "threshold": TOGETHER}
    yield Insight(kind="missing-together", severity="info", text=f"{text}.", figure=figure, values=values)


def dependence_sentence(
    found: Sequence[tuple[str, Dependence]], groups: Sequence[str], what: str, figure: str
) -> Iterator[Insight]:
    """The column whose gaps depend most on the split or the class; `found` are columns by name."""
    qs = q_values([one.p for _, one in found])
    told = [
        (one.share - one.others, name, one, float(q))
        for (name, one), q in zip(found, qs, strict=True)
        if q < FALSE_SHARE and one.share - one.others >= MORE and one.n >= LEAST_ROWS
    ]
    if not told:
        return
    more, name, one, q = max(told, key=lambda item: item[0])
    also = f" {len(told) - 1:,} more columns depend on it." if len(told) > 2 else ""
    also = " One more column depends on it." if len(told) == 2 else also
    text = (
        f"{quoted(name)} is missing in {percent(one.share, 1.0)} of the rows of {what} {quoted(groups[one.most])} "
        f"(n = {one.n:,}), and in {percent(one.others, 1.0)} of the others: a gap says something by itself.{also}"
    )
    values = {"more": more, "threshold": MORE, "q": q}
    yield Insight(kind=f"missing-by-{what}", severity="warning", text=text, figure=figure, values=values)
