"""What of an answer is explained: one number for each sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from dlviz_docs.errors import ProbeError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Head", "head_of", "predicted", "probabilities", "score"]

Head: TypeAlias = Literal["classes", "value", "regions"]
"""Logits of classes, shape (n, k); one value, (n,) or (n, 1); or logits of regions, (n, k, height, width)."""


def head_of(output: Tensor) -> Head:
    """What the shape of an answer says it is; `ProbeError` for one that cannot be explained here."""
    if output.dim() == 1 or (output.dim() == 2 and output.shape[1] == 1):
        return "value"
    if output.dim() == 2:
        return "classes"
    if output.dim() == 4 and output.shape[1] > 1:
        return "regions"
    raise ProbeError(f"An answer of shape {list(output.shape)} is neither classes, nor a value, nor regions.")


def predicted(output: Tensor) -> Tensor:
    """The class with the largest output, shape (n,); of regions the one that most pixels have; 0 of a value."""
    head = head_of(output)
    if head == "value":
        return output.reshape(len(output)).long() * 0
    if head == "classes":
        return output.argmax(1)
    return output.argmax(1).flatten(1).mode(1).values


def probabilities(output: Tensor) -> Tensor:
    """Shape (n, k). Softmax, unless the rows are probabilities already; of regions, their mean over pixels; of a value,
    the value itself.
    """
    head = head_of(output)
    if head == "value":
        return output.reshape(-1, 1)
    if head == "regions":
        return output.softmax(1).mean((2, 3))
    return output if are_probabilities(output) else output.softmax(1)


def are_probabilities(output: Tensor) -> bool:
    """Whether rows lie in [0, 1] and sum to 1: a model that ends in a softmax."""
    sums = output.detach().sum(1)
    return bool((output.detach() >= 0).all() and (sums - 1).abs().max() < 1e-3)


def score(output: Tensor, classes: Tensor) -> Tensor:
    """Shape (n,): the logit of each sample's class; of regions, its mean where that class is the largest; the value.

    Of a model that ends in a softmax the logarithm of the probability, whose gradient does not vanish where the model
    is sure.
    """
    head = head_of(output)
    if head == "value":
        return output.reshape(-1)
    own = output.gather(1, classes.reshape(-1, *[1] * (output.dim() - 1)).expand(-1, 1, *output.shape[2:])).squeeze(1)
    if head == "classes":
        return own.clamp(min=1e-12).log() if are_probabilities(output) else own
    mask = (output.argmax(1) == classes[:, None, None]).to(output.dtype)
    mask = mask.where(mask.sum((1, 2), keepdim=True) > 0, mask + 1)
    return (own * mask).sum((1, 2)) / mask.sum((1, 2))
