"""How far the weights of one run moved, from checkpoint to checkpoint and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dlviz_docs.model import Change, FloatArray, Network

__all__ = ["Moves", "moves_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Of the run whose checkpoint is the last one, as far as it has two that were compared."""

    run: str = ""
    whole: Change | None = None
    """From its first checkpoint to its last."""
    steps: tuple[Change, ...] = ()
    """Between those that follow each other; none where there are only two."""
    places: Mapping[str, int] = field(default_factory=dict)
    """Of each tensor in `whole`."""
    table: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """Shape (steps, tensors), in the order of `places`: relative changes; NaN where not known."""

    def relative(self, name: str) -> float:
        """How far a tensor moved in all; NaN where that is not known."""
        return float(self.whole.relative[self.places[name]]) if self.whole and name in self.places else float("nan")

    def by_step(self, name: str) -> FloatArray | None:
        """The same step by step, where there are two steps or more."""
        return self.table[:, self.places[name]] if self.steps and name in self.places else None


def moves_of(network: Network) -> Moves:
    """What is compared across runs is no movement, so only one of them is told: that of the last checkpoint."""
    runs = {one.path: one.run for one in network.checkpoints}
    own = [one for one in network.changes if runs.get(one.after) == runs.get(one.before) == network.last.run]
    whole = _whole(own, [one.path for one in network.checkpoints])
    if whole is None:
        return Moves(network.last.run)
    places = {name: at for at, name in enumerate(whole.names)}
    steps = tuple(one for one in own if one is not whole)
    return Moves(network.last.run, whole, steps if len(steps) > 1 else (), places, _table(steps, places))


def _whole(found: Sequence[Change], order: Sequence[str]) -> Change | None:
    """The one over all others; paths that are no checkpoint's end nowhere."""
    turns = {path: turn for turn, path in enumerate(order)}
    known = [one for one in found if one.before in turns and one.after in turns]
    if not known:
        return None
    ends = min(turns[one.before] for one in known), max(turns[one.after] for one in known)
    return next((one for one in known if (turns[one.before], turns[one.after]) == ends), None)


def _table(steps: Sequence[Change], places: Mapping[str, int]) -> FloatArray:
    table: FloatArray = np.full((len(steps), len(places)), np.nan)
    for row, one in zip(table, steps, strict=True):
        if one.names == tuple(places):
            row[:] = one.relative
            continue
        for name, value in zip(one.names, one.relative.tolist(), strict=True):
            if name in places:
                row[places[name]] = value
    return table
