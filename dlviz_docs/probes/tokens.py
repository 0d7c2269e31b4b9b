"""Maps out of attention: where the tokens of a picture look, through all layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlviz_docs.probes.runnable import Runnable, Seen, in_batches
from dlviz_docs.probes.spatial import grid_of
from dlviz_docs.probes.targets import Wanted, score

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["attention_maps", "relevance", "rollout"]


def rollout(attentions: Sequence[Tensor]) -> Tensor:
    """Abnar and Zuidema, "Quantifying attention flow in transformers", ACL 2020: how much of each token's first
    meaning is in its last, shape (n, tokens, tokens).

    Heads are averaged; half of every token is its own, by the shortcut. No class is asked for.
    """
    flow = None
    for weights in attentions:
        mean = weights.detach().mean(1)
        mixed = _with_own(mean) / 2
        mixed = mixed / mixed.sum(-1, keepdim=True)
        flow = mixed if flow is None else mixed @ flow
    if flow is None:
        raise ValueError("at least one layer is needed")
    return flow


def relevance(attentions: Sequence[Tensor], gradients: Sequence[Tensor]) -> Tensor:
    """Chefer, Gur and Wolf, "Generic attention-model explainability", ICCV 2021, equations (5) and (6).

    Attention counts where it speaks for the class: heads are averaged over the positive part of gradient times weight.
    Shape (n, tokens, tokens).
    """
    found = None
    for weights, gradient in zip(attentions, gradients, strict=True):
        mean = (gradient * weights.detach()).clamp(min=0).mean(1)
        found = _with_own(mean * 0) if found is None else found
        found = found + mean @ found
    if found is None:
        raise ValueError("at least one layer is needed")
    return found


def _with_own(x: Tensor) -> Tensor:
    import torch

    return x + torch.eye(x.shape[-1], dtype=x.dtype)


def attention_maps(model: Runnable, x: Tensor, classes: Wanted, batch: int) -> tuple[Tensor, Tensor] | None:
    """Rollout and gradient-weighted relevance of a picture's tokens, each of shape (n, rows, columns).

    Of the first token where one stands before the grid, which the answer is read from; else the mean of all. None where
    the model shows no attention whose tokens make a grid.
    """
    import torch

    flows: list[Tensor] = []
    relevances: list[Tensor] = []
    for places, count in in_batches(model, len(x), batch):
        with torch.enable_grad():
            seen, output = model.attentions(x[places])
            alike = _of_one_size(seen)
            grid = grid_of((len(x), alike[0].shape[-1], 1), *x.shape[2:]) if alike else None
            if grid is None:
                return None
            total = score(output, classes[places])[:count].sum()
            gradients = torch.autograd.grad(total, alike, allow_unused=True)
        known = [torch.zeros_like(a) if g is None else g for a, g in zip(alike, gradients, strict=True)]
        for found, parts in ((rollout(alike), flows), (relevance(alike, known), relevances)):
            row = found[:count, 0] if grid.prefix else found[:count].mean(1)
            parts.append(row[:, grid.prefix :].reshape(count, grid.rows, grid.columns).detach())
    return torch.cat(flows), torch.cat(relevances)


def _of_one_size(seen: Sequence[Seen]) -> list[Tensor]:
    """The layers that have as many tokens as most do."""
    sizes = [one.weights.shape[-1] for one in seen]
    usual = max(set(sizes), key=sizes.count) if sizes else 0
    return [one.weights for one in seen if one.weights.shape[-1] == usual]
