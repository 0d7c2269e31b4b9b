"""What tables of values say of an agent in a grid world."""

from __future__ import annotations

from collections.abc import Iterator

from dlviz_docs.insights.data_words import of
from dlviz_docs.model import Insight

__all__ = ["agreement_sentence", "settled_sentence", "unseen_sentence"]

SETTLED = 0.05
"""Share of cells whose best action changes, up to which a policy has settled."""
UNSEEN = 0.1


def agreement_sentence(who: str, when: str, same: int, cells: int, figure: str) -> Iterator[Insight]:
    """In how many cells the agent's best action is one that planning finds best."""
    if not cells:
        return
    text = f"{who}’s best action is one of those that planning finds best in {of(same, cells, 'cells')}{when}."
    values = {"same": float(same), "cells": float(cells)}
    yield Insight(kind="policy-agreement", severity="info", text=text, figure=figure, values=values)


def settled_sentence(who: str, before: str, after: str, changed: int, cells: int, figure: str) -> Iterator[Insight]:
    """Whether the best actions still change from one moment to the next."""
    if not cells:
        return
    settled = changed <= SETTLED * cells
    how = "has settled" if settled else "still changes"
    told = f"the best action is another in {of(changed, cells, 'cells')} from {before} to {after}"
    text = f"{who}’s policy {how}: {told}."
    values = {"changed": float(changed), "cells": float(cells), "threshold": SETTLED}
    yield Insight(
        kind="policy-settled" if settled else "policy-not-settled",
        severity="info",
        text=text,
        figure=figure,
        values=values,
    )


def unseen_sentence(who: str, unseen: int, cells: int, figure: str) -> Iterator[Insight]:
    """How many cells an agent has never been in: what it says of them is its starting value."""
    if not cells or unseen < UNSEEN * cells:
        return
    text = (
        f"{who} has never been in {of(unseen, cells, 'cells')}: what its table says there is where it started from, "
        "and nothing it has learnt."
    )
    values = {"unseen": float(unseen), "cells": float(cells), "threshold": UNSEEN}
    yield Insight(kind="unseen-cells", severity="info", text=text, figure=figure, values=values)
