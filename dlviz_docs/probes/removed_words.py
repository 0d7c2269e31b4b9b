"""How faithful values of words are: words go in the order they tell, and what is left of the answer has to follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import FloatArray
from dlviz_docs.model.probes import Faithfulness
from dlviz_docs.probes.judge import RANDOM
from dlviz_docs.probes.passes import worths_of
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Wanted
from dlviz_docs.stats.removal import area_under

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["METHOD", "Removal"]

METHOD = "integrated gradients"
STEPS = 10
"""Of the share of words that are gone."""
ORDERS = 3
"""By chance, whose mean is what any order has to beat."""


@dataclass(frozen=True, slots=True, eq=False)
class Removal:
    """The texts that measures are taken on."""

    model: Runnable
    ids: Tensor
    wanted: Wanted
    places: NDArray[np.int32]
    """Shape (n, tokens): of each token the place of its word; negative for what is no word."""
    hidden: int
    """The token that stands in the place of those of a word that is gone."""
    batch: int

    def by(self, method: str, layer: str, values: Sequence[FloatArray]) -> Faithfulness:
        """Curves for the order that the values of each text's words tell, the largest first."""
        orders = [np.argsort(-np.nan_to_num(one), kind="stable") for one in values]
        return _judged(method, layer, *self._curves(orders))

    def by_chance(self, words: Sequence[int]) -> Faithfulness:
        """The same for orders of chance; `words` is how many each text has."""
        random = np.random.default_rng(0)
        drawn = [self._gone([random.permutation(count) for count in words]) for _ in range(ORDERS)]
        gone: FloatArray = np.mean(drawn, axis=0)
        return _judged(RANDOM, "", gone, gone[:, ::-1])  # what is left of chance is chance

    def _curves(self, orders: Sequence[NDArray[np.intp]]) -> tuple[FloatArray, FloatArray]:
        """What is left of each answer when the first words of the order are gone, and when only they are there; each of
        shape (n, steps + 1)."""
        rank = self._ranks(orders)
        counts = np.array([len(order) for order in orders])
        gone, left = [], []
        for share in np.linspace(0, 1, STEPS + 1):
            first = np.round(share * counts)[:, None]
            gone.append(self._worth((rank >= 0) & (rank < first)))
            left.append(self._worth(rank >= first))
        return np.stack(gone, 1), np.stack(left, 1)

    def _gone(self, orders: Sequence[NDArray[np.intp]]) -> FloatArray:
        """The first of these alone."""
        rank, counts = self._ranks(orders), np.array([len(order) for order in orders])
        shares = np.linspace(0, 1, STEPS + 1)
        return np.stack([self._worth((rank >= 0) & (rank < np.round(share * counts)[:, None])) for share in shares], 1)

    def _ranks(self, orders: Sequence[NDArray[np.intp]]) -> NDArray[np.int64]:
        """Of each token at which place its word goes; -1 for what stays."""
        found = np.full(self.places.shape, -1, np.int64)
        for row, order in enumerate(orders):
            place_of = np.argsort(order)
            own = (self.places[row] >= 0) & (self.places[row] < len(order))
            found[row, own] = place_of[self.places[row, own]]
        return found

    def _worth(self, gone: NDArray[np.bool_]) -> FloatArray:
        import torch

        without = torch.where(torch.from_numpy(gone), torch.full_like(self.ids, self.hidden), self.ids)
        return worths_of(self.model, without, self.wanted, self.batch).double().numpy()


def _judged(method: str, layer: str, gone: FloatArray, left: FloatArray) -> Faithfulness:
    """The area between the two curves is what least relevant first has more than most relevant first."""
    shares = np.linspace(0, 1, gone.shape[1])
    apart = np.array([area_under(shares, b) - area_under(shares, a) for a, b in zip(gone, left, strict=True)])
    error = float(apart.std(ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else None
    deleted, inserted = gone.mean(axis=0), left.mean(axis=0)
    return Faithfulness(
        method,
        layer,
        len(apart),
        road=float(apart.mean()),
        road_error=error,
        deletion=area_under(shares, deleted),
        insertion=area_under(shares, inserted),
        shares=shares,
        deleted=deleted,
        inserted=inserted,
    )
