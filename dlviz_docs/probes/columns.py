"""What models of tables and of texts rest on: integrated gradients by column and by token, and shuffled columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model import FloatArray
from dlviz_docs.model.probes import Columns, Tokens
from dlviz_docs.probes.passes import outputs_of
from dlviz_docs.probes.pixels import STEPS, integrated, integrated_gradients
from dlviz_docs.probes.runnable import Runnable, first_of, in_batches
from dlviz_docs.probes.targets import head_of, predicted, score

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["columns_of", "embedding_of", "tokens_of"]

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


def embedding_of(model: Runnable, ids: Tensor) -> str:
    """The layer that turns tokens into vectors: the first embedding."""
    for layer in model.layers(ids):
        if "embedding" in layer.kind.lower() and len(layer.shape) == 3:
            return layer.path
    raise ProbeError("The model has no embedding layer that its tokens could be told apart at.")


def tokens_of(
    model: Runnable, ids: NDArray[np.int64], words: Sequence[Sequence[str]], batch: int, pad: int | None = None
) -> tuple[Tokens, ...]:
    """For texts of shape (n, tokens): integrated gradients over the embedding, from zeros or from the padding's vector.

    `words` are those of each text; fewer than the tokens where these are padded.
    """
    import torch

    tokens = torch.from_numpy(ids)
    layer = embedding_of(model, first_of(model, tokens, 1))
    found: list[Tokens] = []
    for places, count in in_batches(model, len(tokens), batch):
        chosen = tokens[places]
        with torch.no_grad():
            classes = predicted(model.forward(chosen))
            vectors = model.forward_to(layer, chosen)
            other = torch.zeros_like(vectors) if pad is None else model.forward_to(layer, chosen * 0 + pad)
        values, gap = _over_vectors(model, layer, chosen, vectors, other, classes)
        for row in range(count):
            sample = places[row]
            told = tuple(words[sample])
            own = values[row, : len(told)].double().numpy()
            found.append(Tokens(sample, told[: len(own)], own, int(classes[row]), float(gap[row])))
    return tuple(found)


def _over_vectors(
    model: Runnable, layer: str, ids: Tensor, vectors: Tensor, other: Tensor, classes: Tensor
) -> tuple[Tensor, Tensor]:
    """Attribution of each token, shape (n, tokens), and the gap of each sum."""
    import torch

    def gradient(inputs: Tensor) -> Tensor:
        leaf = inputs.detach().clone().requires_grad_()
        with torch.enable_grad():
            total = score(model.forward_from(layer, leaf, ids), classes).sum()
            return torch.autograd.grad(total, leaf)[0]

    values = integrated(gradient, vectors, other, STEPS).sum(2)
    with torch.no_grad():
        rise = score(model.forward_from(layer, vectors, ids), classes)
        rise = rise - score(model.forward_from(layer, other, ids), classes)
    return values, (values.sum(1) - rise).abs() / rise.abs().clamp(min=1e-12)
