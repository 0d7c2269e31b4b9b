"""What an answer on a text rests on: integrated gradients over the embedding of its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlviz_docs.errors import ProbeError
from dlviz_docs.probes.pixels import STEPS, integrated
from dlviz_docs.probes.runnable import Layer, Runnable, in_batches
from dlviz_docs.probes.targets import Wanted, score

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["embedding_of", "over_tokens"]


def embedding_of(model: Runnable, ids: Tensor) -> str:
    """The layer that turns tokens into vectors: the first embedding; `ProbeError` where there is none."""
    for layer in model.layers(ids):
        if _is_embedding(layer) and tuple(layer.shape[:2]) == tuple(ids.shape) and len(layer.shape) == 3:
            return layer.path
    raise ProbeError("The model has no embedding layer that its tokens could be told apart at.")


def _is_embedding(layer: Layer) -> bool:
    """ONNX looks rows up by an operator that serves for much else; the first that gives a vector a token is it."""
    return "embedding" in layer.kind.lower() or layer.kind == "Gather"


def over_tokens(
    model: Runnable,
    layer: str,
    ids: Tensor,
    wanted: Wanted,
    batch: int,
    *,
    pad: int | None = None,
    kept: Tensor | None = None,
    steps: int = STEPS,
) -> tuple[Tensor, Tensor]:
    """Attribution of each token of texts of shape (n, tokens), likewise, and by how much each text's sum misses the
    difference that it explains, shape (n,).

    The way goes from the vector of the padding, or else from zeros, to that of the token; where `kept`, of bool and
    shape (n, tokens), says so, it stays: what begins and ends a text is there in any case, and explains nothing.
    """
    import torch

    found, gaps = [], []
    for places, count in in_batches(model, len(ids), batch):
        chosen = ids[places]
        with torch.no_grad():
            vectors = model.forward_to(layer, chosen)
            other = torch.zeros_like(vectors) if pad is None else model.forward_to(layer, torch.full_like(chosen, pad))
        if kept is not None:
            other = vectors.where(kept[places][..., None], other)
        values, gap = _over_vectors(model, layer, chosen, vectors, other, wanted[places], steps)
        found.append(values[:count])
        gaps.append(gap[:count])
    return torch.cat(found), torch.cat(gaps)


def _over_vectors(
    model: Runnable, layer: str, ids: Tensor, vectors: Tensor, other: Tensor, wanted: Wanted, steps: int
) -> tuple[Tensor, Tensor]:
    import torch

    def gradient(inputs: Tensor) -> Tensor:
        leaf = inputs.detach().clone().requires_grad_()
        with torch.enable_grad():
            total = score(model.forward_from(layer, leaf, ids), wanted).sum()
            return torch.autograd.grad(total, leaf)[0]

    values = integrated(gradient, vectors, other, steps).sum(2)
    with torch.no_grad():
        rise = score(model.forward_from(layer, vectors, ids), wanted)
        rise = rise - score(model.forward_from(layer, other, ids), wanted)
    return values, (values.sum(1) - rise).abs() / rise.abs().clamp(min=1e-12)
