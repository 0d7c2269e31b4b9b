"""Sizes are known before memory is taken: an operation is first tried on tensors that have shapes and no elements."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from dlviz_docs.errors import ProbeError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["fingerprint", "guarded"]

_SMALL = 64
"""Elements up to which whole numbers may be sizes, and are part of a call's fingerprint."""

_BY_ELEMENTS = {"nonzero", "masked_select", "_local_scalar_dense", "item", "equal"}
"""What gives as much as the elements say, and never more than there are of them."""


@contextlib.contextmanager
def guarded(limit: int) -> Iterator[None]:
    """While it lasts, an operation whose result would take more than `limit` bytes raises `ProbeError` instead."""
    with _mode()(limit):
        yield


def fingerprint(args: Sequence[Any]) -> tuple[object, ...]:
    """What the sizes of a call's results follow from: shapes, types, numbers, and the elements of small whole tensors.

    A call that was tried with the same fingerprint does not have to be tried again.
    """
    return tuple(_told(argument) for argument in args)


def _told(argument: Any) -> object:
    if hasattr(argument, "shape"):
        told = (tuple(argument.shape), argument.dtype)
        whole = not (argument.is_floating_point() or argument.is_complex())
        return (*told, tuple(argument.flatten().tolist())) if whole and argument.numel() <= _SMALL else told
    return fingerprint(argument) if isinstance(argument, list | tuple) else argument


@cache
def _mode() -> Any:
    from torch.utils import _python_dispatch

    base: Any = _python_dispatch.TorchDispatchMode

    class Tried(base):  # type: ignore[misc]
        """Sees every operation below autograd, however it was called."""

        def __init__(self, limit: int) -> None:
            super().__init__()
            self.limit = limit

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            _try(func, args, kwargs or {}, self.limit)
            return func(*args, **(kwargs or {}))

    return Tried


def _try(function: Any, args: Any, kwargs: Any, limit: int) -> None:
    """Run it on shapes alone."""
    import torch
    from torch.utils._pytree import tree_flatten, tree_map

    def shape_only(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device="meta")
        return torch.device("meta") if isinstance(value, torch.device) else value

    if function.overloadpacket.__name__ in _BY_ELEMENTS:
        refuse_beyond(_bound(args), limit, str(function))
        return
    made = {"device": torch.device("meta")} if any(a.name == "device" for a in function._schema.arguments) else {}
    try:
        found = function(*tree_map(shape_only, args), **{**tree_map(shape_only, dict(kwargs)), **made})
    except NotImplementedError:
        raise ProbeError(f"The size of what {function} gives is not known beforehand.") from None
    for result in tree_flatten(found)[0]:
        if isinstance(result, torch.Tensor):
            refuse_beyond(result, limit, str(function))


def _bound(args: Any) -> Tensor:
    """As many numbers as there are elements and axes, in shape alone."""
    import torch

    count = sum(value.numel() * max(value.dim(), 1) for value in args if isinstance(value, torch.Tensor))
    return torch.empty(count, dtype=torch.int64, device="meta")


def refuse_beyond(result: Tensor, limit: int, what: str) -> None:
    """`ProbeError` where a tensor is larger than it may be."""
    octets = result.numel() * result.element_size()
    if octets > limit:
        raise ProbeError(
            f"{what} would give {octets / (1 << 20):,.0f} MiB, shape {list(result.shape)}; at most "
            f"{limit / (1 << 20):,.0f} MiB are allowed."
        )
