"""Which columns tell each other, and which tell the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dlviz_docs.insights.data_words import measured, quoted
from dlviz_docs.model import Insight
from dlviz_docs.stats.fdr import FALSE_SHARE
from dlviz_docs.stats.relations import Pair

__all__ = ["redundant", "target_sentences", "told"]

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
    with_target: Mapping[int, Pair], names: Sequence[str], target: str, rows: int, figure: str
) -> Iterator[Insight]:
    """What gives the target away, what tells most of it, or that nothing does."""
    ordered = sorted(with_target.items(), key=lambda item: -abs(item[1].strength))
    sure = [(at, pair) for at, pair in ordered if pair.q < FALSE_SHARE and pair.n >= LEAST_ROWS]
    if given := [(at, pair) for at, pair in sure if abs(pair.strength) >= GIVEN_AWAY]:
        at, pair = given[0]
        also = f", and so do {len(given) - 1:,} more columns" if len(given) > 2 else ""
        also = f", and so does {quoted(names[given[1][0]])}" if len(given) == 2 else also
        text = (
            f"{quoted(names[at])} tells {quoted(target)} almost by itself ({told(pair)}, n = {pair.n:,}){also}: is it "
            "known before the target is?"
        )
        values = {"strength": pair.strength, "threshold": GIVEN_AWAY, "q": pair.q, "columns": float(len(given))}
        yield Insight(kind="target-leakage", severity="warning", text=text, figure=figure, values=values)
    elif sure and abs(sure[0][1].strength) >= WEAK:
        at, pair = sure[0]
        others = [f"{quoted(names[other])} ({measured('', p.strength).strip(' =')})" for other, p in sure[1:3]]
        then = f", then {' and '.join(others)}" if others else ""
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
