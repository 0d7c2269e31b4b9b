"""Which columns tell each other, and which tell the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlviz_docs.insights.data_words import measured, quoted
from dlviz_docs.model import Insight
from dlviz_docs.stats.fdr import FALSE_SHARE
from dlviz_docs.stats.nonlinear import FLAT, TOLD, Bent
from dlviz_docs.stats.relations import Pair
from dlviz_docs.stats.separators import SEPARATES, Separator

__all__ = ["bent_sentence", "class_sentence", "redundant", "target_sentences", "told"]

LEAST_ROWS = 30
REDUNDANT = 0.9
"""Beyond which ydata-profiling too calls two columns highly correlated."""
GIVEN_AWAY = 0.98
"""Association from which on one column gives the target away."""
WEAK = 0.1
"""Association below which Cohen (1988) calls it less than small."""


def told(pair: Pair) -> str:
    """ "Spearman’s ρ = 0.92"."""
    return measured(pair.measure, pair.strength)


def redundant(pairs: Sequence[Pair], names: Sequence[str], target: int, figure: str) -> Iterator[Insight]:
    """Pairs of columns, neither the target, of which one is almost enough."""
    found = [
        pair
        for pair in pairs
        if abs(pair.strength) >= REDUNDANT
        and pair.q < FALSE_SHARE
        and pair.n >= LEAST_ROWS
        and target not in (pair.first, pair.second)
    ]
    if not found:
        return
    first = found[0]
    couple = f"{quoted(names[first.first])} and {quoted(names[first.second])}"
    if len(found) == 1:
        text = f"{couple} go together ({told(first)}, n = {first.n:,}): one is almost redundant."
    else:
        text = (
            f"{len(found):,} pairs of columns go together so much ({REDUNDANT} or more) that one of each is almost "
            f"redundant: first {couple} ({told(first)}, n = {first.n:,})."
        )
    values = {"strength": first.strength, "pairs": float(len(found)), "threshold": REDUNDANT, "q": first.q}
    yield Insight(kind="association-redundant", severity="info", text=text, figure=figure, values=values)


def target_sentences(
    with_target: Mapping[int, Pair],
    apart: Sequence[Separator],
    names: Sequence[str],
    target: str,
    rows: int,
    figure: str,
) -> Iterator[Insight]:
    """What gives the target away, what tells most of it, or that nothing does; `apart` are columns that separate its
    classes."""
    ordered = sorted(with_target.items(), key=lambda item: -abs(item[1].strength))
    sure = [(at, pair) for at, pair in ordered if pair.q < FALSE_SHARE and pair.n >= LEAST_ROWS]
    given = {at: (told(pair), pair.n, abs(pair.strength)) for at, pair in sure if abs(pair.strength) >= GIVEN_AWAY}
    for one in apart:
        if one.level < 0:
            given.setdefault(one.column, (f"a threshold on it is right, {measured('AUC', one.auc)}", one.n, one.auc))
    if given:
        (at, (how, n, strength)), *others = given.items()
        also = f", and so do {len(others):,} more columns" if len(others) > 1 else ""
        also = f", and so does {quoted(names[others[0][0]])}" if len(others) == 1 else also
        text = (
            f"{quoted(names[at])} tells {quoted(target)} almost by itself ({how}, n = {n:,}){also}: is it known before "
            "the target is?"
        )
        values = {"strength": strength, "threshold": GIVEN_AWAY, "auc": SEPARATES, "columns": float(len(given))}
        yield Insight(kind="target-leakage", severity="warning", text=text, figure=figure, values=values)
    elif sure and abs(sure[0][1].strength) >= WEAK:
        at, pair = sure[0]
        more = [f"{quoted(names[other])} ({measured('', p.strength).strip(' =')})" for other, p in sure[1:3]]
        then = f", then {' and '.join(more)}" if more else ""
        text = f"{quoted(names[at])} says most of {quoted(target)} ({told(pair)}, n = {pair.n:,}){then}."
        values = {"strength": pair.strength, "threshold": WEAK, "q": pair.q}
        yield Insight(kind="association-target", severity="info", text=text, figure=figure, values=values)
    elif ordered and rows >= 10 * LEAST_ROWS:
        text = (
            f"No column says much of {quoted(target)} by itself: the strongest association is {told(ordered[0][1])} "
            f"with {quoted(names[ordered[0][0]])}, n = {ordered[0][1].n:,}."
        )
        values = {"strength": ordered[0][1].strength, "threshold": WEAK, "q": ordered[0][1].q}
        yield Insight(kind="association-target", severity="info", text=text, figure=figure, values=values)


def class_sentence(
    apart: Sequence[Separator], names: Sequence[str], target: str, classes: Sequence[str], figure: str
) -> Iterator[Insight]:
    """Which classes, of three or more, a single column tells from all others."""
    if any(one.level < 0 for one in apart):
        return
    levels = dict.fromkeys(one.level for one in apart)
    if not levels:
        return
    first = apart[0]
    text = (
        f"{quoted(names[first.column])} alone tells class {quoted(classes[first.level])} of {quoted(target)} from all "
        f"others ({measured('AUC', first.auc)}, n = {first.n:,})"
    )
    if len(levels) > 1:
        text += f"; of {len(classes):,} classes {len(levels):,} are told by one column"
    values = {"auc": first.auc, "threshold": SEPARATES, "classes": float(len(levels))}
    yield Insight(kind="class-separated", severity="info", text=f"{text}.", figure=figure, values=values)


def bent_sentence(
    found: Sequence[Bent], strength: float, names: Sequence[str], rows: int, figure: str
) -> Iterator[Insight]:
    """Pairs that hang together though their ranks do not; `strength` is the correlation of the first one's."""
    if not found:
        return
    first = found[0]
    couple = f"{quoted(names[first.first])} and {quoted(names[first.second])}"
    sample = f"{first.n:,} of {rows:,} rows, chosen at random, seed 0" if first.n < rows else f"n = {rows:,}"
    how = f"{measured('normalised mutual information', first.shared)}, {measured('Spearman’s ρ', strength)}; {sample}"
    text = f"{couple} hang together, but neither rises with the other nor falls ({how}): see their picture."
    if len(found) > 1:
        text = (
            f"{len(found):,} pairs of columns hang together though neither rises with the other nor falls: first "
            f"{couple} ({how})."
        )
    values = {"shared": first.shared, "pairs": float(len(found)), "threshold": TOLD, "flat": FLAT}
    yield Insight(kind="association-nonlinear", severity="info", text=text, figure=figure, values=values)
