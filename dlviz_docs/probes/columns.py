"""What models of tables rest on: integrated gradients by column, and shuffled columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlviz_docs.model import FloatArray
from dlviz_docs.model.probes import Columns
from dlviz_docs.probes.passes import outputs_of
from dlviz_docs.probes.pixels import integrated_gradients
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import head_of, predicted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["columns_of"]

REPEATS = 5
"""Times that each column is shuffled."""


def columns_of(
    model: Runnable, x: Tensor, names: Sequence[str], truth: FloatArray | None, batch: int, seed: int = 0
) -> Columns:
    """For rows of shape (n, d): integrated gradients from the mean row, and permutation importance (Breiman 2001).

    `truth` has shape (n,): class numbers, or values; NaN where it is not known.
    """
    output = outputs_of(model, x, batch)
    classes = predicted(output)
    baseline = x.mean(0, keepdim=True).expand_as(x)
    values, gap = integrated_gradients(model, x, classes, baseline, batch)
    known = np.zeros(len(x), bool) if truth is None else np.isfinite(truth)
    value = head_of(output) == "value"
    measure = "changed answers" if truth is None or not known.any() else "r2" if value else "accuracy"
    if measure == "changed answers":
        known = np.ones(len(x), bool)
    wanted = output.reshape(len(x)).double().numpy() if value else classes.numpy().astype(np.float64)
    wanted = wanted if truth is None or measure == "changed answers" else truth
    costs = _shuffled(model, x[known], np.asarray(wanted)[known], value, batch, seed)
    return Columns(
        tuple(names),
        values.double().numpy(),
        gap.double().numpy(),
        costs.mean(1),
        costs.std(1),
        "r2" if measure == "r2" else "accuracy" if measure == "accuracy" else "changed answers",
    )


def _shuffled(model: Runnable, x: Tensor, wanted: FloatArray, value: bool, batch: int, seed: int) -> FloatArray:
    """What shuffling each column costs, shape (d, repeats)."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    whole = _worth(outputs_of(model, x, batch), wanted, value)
    costs = np.zeros((x.shape[1], REPEATS))
    for column in range(x.shape[1]):
        for turn in range(REPEATS):
            other = x.clone()
            other[:, column] = x[torch.randperm(len(x), generator=generator), column]
            costs[column, turn] = whole - _worth(outputs_of(model, other, batch), wanted, value)
    return costs


def _worth(output: Tensor, wanted: FloatArray, value: bool) -> float:
    """Accuracy, or R2."""
    if not value:
        return float((predicted(output).numpy() == wanted).mean())
    found = output.reshape(len(wanted)).double().numpy()
    spread = float(((wanted - wanted.mean()) ** 2).sum())
    return 1 - float(((wanted - found) ** 2).sum()) / spread if spread > 0 else float("nan")
