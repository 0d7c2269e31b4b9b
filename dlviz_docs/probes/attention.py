"""Attention inside of a graph: where it is, and how it is run so that its weights can be seen.

A fused attention keeps its weights to itself: it is run as its formula says instead. Elsewhere a softmax over the last
axis of (n, heads, tokens, tokens) is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["explicit_attention", "is_attention"]

_FUSED = ("aten.scaled_dot_product_attention.", "aten._scaled_dot_product_flash_attention_for_cpu.")
_SOFTMAX = ("aten.softmax.", "aten._softmax.", "Softmax")


def is_attention(target: str, args: Sequence[Any], limit: int) -> bool:
    """Whether a call is an attention of tokens to one another, whose weights take no more than `limit` bytes."""
    name = target.removeprefix("torch.ops.")
    shape = tuple(getattr(args[0], "shape", ())) if args else ()
    if name.startswith(_FUSED):
        tokens = shape[-2] if len(shape) == 4 else 0
        # A fused attention never holds its weights: there they may be too many to be seen.
        fits = args[0].element_size() * shape[0] * shape[1] * tokens * tokens <= limit if tokens else False
        return fits and tokens == args[1].shape[-2]
    return name.startswith(_SOFTMAX) and len(shape) == 4 and shape[-1] == shape[-2]


def explicit_attention(
    target: str, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Tensor, Any]:
    """The weights, which ask for a gradient, and what the call gives."""
    if not target.removeprefix("torch.ops.").startswith(_FUSED):
        weights = function(*args, **kwargs)
        weights = weights if weights.requires_grad else weights.requires_grad_()
        return weights, weights
    query, key, value = args[:3]
    weights = _weights(query, key, *_settings("flash" in target, args, kwargs))
    weights = weights if weights.requires_grad else weights.requires_grad_()
    found = weights @ value
    return weights, (found, None) if "flash" in target else found


def _settings(fused: bool, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, bool, float | None]:
    """Mask, whether it is causal, and scale; they stand at other places in the operator of the processor alone."""
    given = dict(
        zip(("dropout_p", "is_causal") if fused else ("attn_mask", "dropout_p", "is_causal"), args[3:], strict=False)
    )
    given.update(kwargs)
    return given.get("attn_mask"), bool(given.get("is_causal")), given.get("scale")


def _weights(query: Tensor, key: Tensor, mask: Any, causal: bool, scale: float | None) -> Tensor:
    """softmax(q k' / sqrt(d) + mask), as Vaswani et al. 2017 have it."""
    logits = query @ key.transpose(-2, -1) * (scale if scale is not None else 1 / math.sqrt(query.shape[-1]))
    if mask is not None and mask.dim() >= 2:
        logits = logits.masked_fill(~mask, -math.inf) if mask.dtype.itemsize == 1 else logits + mask
    if causal:
        later = logits.new_ones(logits.shape[-2:]).triu(1).bool()
        logits = logits.masked_fill(later, -math.inf)
    return logits.softmax(-1)
