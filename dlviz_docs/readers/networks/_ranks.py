"""How many directions the matrices of a checkpoint use, of those that are small enough to be taken whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Statistics, Tensor
from dlviz_docs.readers.networks._stored import load
from dlviz_docs.readers.networks._weights import WeightsFile
from dlviz_docs.stats.spectral import stable_rank

__all__ = ["with_ranks"]

_DEAREST = 1 << 27
"""Products of one matrix, short side by elements: some 50 ms."""
_LARGEST = 1 << 20
"""Elements of one matrix, which are in memory twice."""
_MOST = 1 << 30
"""Products of all of them."""


def with_ranks(weights: WeightsFile, statistics: Mapping[str, Statistics]) -> dict[str, Statistics]:
    """The same with the stable rank of parameters that are finite matrices, the cheapest first, up to a limit."""
    found, left = dict(statistics), _MOST
    for products, name in sorted((_products(one.shape), one.name) for one in weights.tensors if _is_asked(one)):
        one = statistics.get(name)
        if one is None or one.nan or one.infinite or not 0 < products <= min(_DEAREST, left):
            continue
        left -= products
        try:
            rank = stable_rank(load(weights.stored[name], 16 * _LARGEST))
        except (ReadError, OSError):
            continue  # whoever reads it for its statistics says so
        found[name] = replace(one, stable_rank=rank if math.isfinite(rank) else None)
    return found


def _is_asked(one: Tensor) -> bool:
    return one.role == "parameter" and not one.tied and one.size <= _LARGEST and not one.dtype.startswith("complex")


def _products(shape: tuple[int, ...]) -> int:
    """What it costs, 0 for what is no matrix."""
    if len(shape) < 2 or 0 in shape or min(shape[0], math.prod(shape[1:])) < 2:
        return 0
    return min(shape[0], math.prod(shape[1:])) * math.prod(shape)
