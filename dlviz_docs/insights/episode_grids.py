"""What tables of values say of an agent in a grid world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dlviz_docs.insights.data_words import of
from dlviz_docs.model import Insight

__all__ = ["agreement_sentence", "settled_sentence", "unseen_sentence"]

SETTLED = 0.05
"""Share of cells whose best action changes, up to which a policy has settled."""
UNSEEN = 0.1


def agreement_sentence(agents: Mapping[str, tuple[int, int]], when: str, figure: str) -> Iterator[Insight]:
    """In how many cells an agent's best action is one that planning finds best; `agents` are these, and all of them."""
    if not _told(agents):
        return
    if len(agents) == 1:
        who, (same, cells) = next(iter(agents.items()))
        text = f"{who}’s best action is one of those that planning finds best in {of(same, cells, 'cells')}{when}."
        values = {"same": float(same), "cells": float(cells)}
    else:
        (least, low), (most, high) = _ends(agents)
        text = (
            f"The best actions of {len(agents):,} agents are among those that planning finds best in "
            f"{_span(least, low, most, high)}{when}."
        )
        values = {"fewest": float(low[0]), "most": float(high[0]), "cells": float(high[1])}
    yield Insight(kind="policy-agreement", severity="info", text=text, figure=figure, values=values)


def settled_sentence(agents: Mapping[str, tuple[int, int]], before: str, after: str, figure: str) -> Iterator[Insight]:
    """Whether best actions still change from one moment to the next; `agents` are cells that do, and all of them."""
    if not _told(agents):
        return
    settled = all(changed <= SETTLED * cells for changed, cells in agents.values())
    if len(agents) == 1:
        who, (changed, cells) = next(iter(agents.items()))
        how = f"{who}’s policy {'has settled' if settled else 'still changes'}"
        told = of(changed, cells, "cells")
        values = {"changed": float(changed), "cells": float(cells), "threshold": SETTLED}
    else:
        open_ = sum(changed > SETTLED * cells for changed, cells in agents.values())
        whose = "all" if open_ == len(agents) else f"{open_:,} of"
        how = f"The policies of {whose} {len(agents):,} agents still change" if open_ else "All policies have settled"
        (least, low), (most, high) = _ends(agents)
        told = _span(least, low, most, high)
        values = {"changed": float(high[0]), "cells": float(high[1]), "threshold": SETTLED}
    text = f"{how}: the best action is another in {told} from {before} to {after}."
    yield Insight(
        kind="policy-settled" if settled else "policy-not-settled",
        severity="info",
        text=text,
        figure=figure,
        values=values,
    )


def unseen_sentence(agents: Mapping[str, tuple[int, int]], figure: str) -> Iterator[Insight]:
    """How many cells an agent has never been in: what it says of them is its starting value."""
    unseen = {who: pair for who, pair in _told(agents).items() if pair[0] >= UNSEEN * pair[1]}
    if not unseen:
        return
    what = "what its table says there is where it started from, and nothing it has learnt"
    who, (cells, all_) = _ends(unseen)[1]
    text = f"{who} has never been in {of(cells, all_, 'cells')}: {what}."
    if len(agents) > 1:
        text = f"{text[:-1]}; {len(unseen):,} of {len(agents):,} agents have seen too little."
    values = {"unseen": float(cells), "cells": float(all_), "threshold": UNSEEN}
    yield Insight(kind="unseen-cells", severity="info", text=text, figure=figure, values=values)


def _told(agents: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {who: pair for who, pair in agents.items() if pair[1]}


def _ends(agents: Mapping[str, tuple[int, int]]) -> tuple[tuple[str, tuple[int, int]], tuple[str, tuple[int, int]]]:
    """Those with the smallest and the largest share."""
    ordered = sorted(_told(agents).items(), key=lambda item: item[1][0] / item[1][1])
    return ordered[0], ordered[-1]


def _span(least: str, low: tuple[int, int], most: str, high: tuple[int, int]) -> str:
    """ "35 (seed4) to 42 (seed1) of 49 cells"."""
    if low == high:
        return of(*low, "cells")
    return f"{low[0]:,} ({least}) to {high[0]:,} ({most}) of {high[1]:,} cells"
