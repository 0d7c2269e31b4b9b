"""ONNX's operators that move elements about: reshaping, slicing, gathering, and making arrays of a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dlviz_docs.errors import ProbeError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SHAPES", "axes_of", "flattened"]

Function: TypeAlias = Callable[..., Any]


def _numbers(tensor: Tensor | Sequence[int] | None) -> list[int]:
    """Whole numbers that are sizes, axes or places, from a tensor or an attribute."""
    if tensor is None:
        return []
    return [int(value) for value in (tensor.flatten().tolist() if hasattr(tensor, "flatten") else tensor)]


def axes_of(axes: Tensor | Sequence[int] | None, x: Tensor) -> list[int]:
    return [axis % x.dim() for axis in _numbers(axes)] if x.dim() else []


def _reshape(x: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    sizes = _numbers(shape)
    return x.reshape([x.shape[i] if size == 0 and not allowzero else size for i, size in enumerate(sizes)])


def flattened(x: Tensor, *, axis: int = 1) -> Tensor:
    axis = axis % x.dim() if axis < 0 else axis
    rows = 1
    for length in x.shape[:axis]:
        rows *= length
    return x.reshape(rows, -1) if x.numel() else x.flatten(axis)


def _transpose(x: Tensor, *, perm: Sequence[int] = ()) -> Tensor:
    return x.permute(list(perm) or list(reversed(range(x.dim()))))


def _squeeze(x: Tensor, axes_in: Tensor | None = None, *, axes: Sequence[int] = ()) -> Tensor:
    chosen = axes_of(axes if axes_in is None else axes_in, x)
    return x.squeeze(tuple(chosen)) if chosen else x.squeeze()


def _unsqueeze(x: Tensor, axes_in: Tensor | None = None, *, axes: Sequence[int] = ()) -> Tensor:
    chosen = _numbers(axes if axes_in is None else axes_in)
    rank = x.dim() + len(chosen)
    for axis in sorted(axis % rank for axis in chosen):
        x = x.unsqueeze(axis)
    return x


def _concat(*tensors: Tensor, axis: int) -> Tensor:
    import torch

    return torch.cat(list(tensors), axis)


def _split(
    x: Tensor,
    sizes_in: Tensor | None = None,
    *,
    axis: int = 0,
    split: Sequence[int] = (),
    num_outputs: int = 0,
    wanted: int = 0,
) -> tuple[Tensor, ...]:
    """`wanted` is how many results the model names, which tells the parts where nothing else does."""
    import torch

    sizes = _numbers(split if sizes_in is None else sizes_in)
    if sizes:
        return tuple(torch.split(x, sizes, axis))
    parts = num_outputs or wanted
    return tuple(torch.split(x, -(-x.shape[axis] // max(parts, 1)), axis))


def _slice(
    x: Tensor,
    starts_in: Tensor | None = None,
    ends_in: Tensor | None = None,
    axes_in: Tensor | None = None,
    steps_in: Tensor | None = None,
    *,
    starts: Sequence[int] = (),
    ends: Sequence[int] = (),
    axes: Sequence[int] = (),
) -> Tensor:
    first, last = _numbers(starts if starts_in is None else starts_in), _numbers(ends if ends_in is None else ends_in)
    chosen = axes_of(axes if axes_in is None else axes_in, x) or list(range(len(first)))
    for start, end, axis, step in zip(first, last, chosen, _numbers(steps_in) or [1] * len(first), strict=True):
        if step < 0:
            start, end, step, x = *_mirrored(start, end, x.shape[axis]), -step, x.flip(axis)
        start, end, _ = slice(start, end).indices(x.shape[axis])
        x = x.narrow(axis, start, max(end - start, 0))
        if step > 1:
            x = x[(slice(None),) * axis + (slice(None, None, step),)]
    return x


def _mirrored(start: int, end: int, length: int) -> tuple[int, int]:
    """Start and end of a slice that runs backwards, counted from the other end."""
    start, end, _ = slice(start, end, -1).indices(length)
    return length - 1 - start, length - 1 - end


def _gather(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    axis %= x.dim()
    length = x.shape[axis]
    flat = indices.flatten().long()
    found = x.index_select(axis, flat.where(flat >= 0, flat + length))
    return found.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def _gather_elements(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    places = indices.long()
    return x.gather(axis, places.where(places >= 0, places + x.shape[axis]))


def _gather_nd(x: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    if batch_dims:
        raise ProbeError("GatherND with batch_dims cannot be run here.")
    return x[tuple(indices.long().unbind(-1))]


def _scatter_nd(x: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    if reduction != "none":
        raise ProbeError(f"ScatterND with the reduction {reduction!r} cannot be run here.")
    return x.index_put(tuple(indices.long().unbind(-1)), updates)


def _scatter_elements(x: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none") -> Tensor:
    if reduction != "none":
        raise ProbeError(f"ScatterElements with the reduction {reduction!r} cannot be run here.")
    places = indices.long()
    return x.scatter(axis, places.where(places >= 0, places + x.shape[axis]), updates)


def _expand(x: Tensor, shape: Tensor) -> Tensor:
    wanted = _numbers(shape)
    rank = max(x.dim(), len(wanted))
    own = [1] * (rank - x.dim()) + list(x.shape)
    return x.expand([a if b == 1 else b for a, b in zip(own, [1] * (rank - len(wanted)) + wanted, strict=True)])


def _tile(x: Tensor, repeats: Tensor) -> Tensor:
    return x.repeat(_numbers(repeats))


def _shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    import torch

    return torch.tensor(list(x.shape)[slice(start, end)], dtype=torch.int64)


def _size(x: Tensor) -> Tensor:
    import torch

    return torch.tensor(x.numel())


def _constant(**given: Any) -> Tensor:
    import torch

    (name, value), *_ = given.items()
    if name == "value":
        tensor: Tensor = value
        return tensor
    if name in ("value_float", "value_floats", "value_int", "value_ints"):
        return torch.tensor(value)
    raise ProbeError(f"A constant of the kind {name!r} cannot be computed with here.")


def _constant_of_shape(shape: Tensor, *, value: Tensor | None = None) -> Tensor:
    import torch

    filling = torch.zeros(1) if value is None else value.flatten()
    return filling[:1].reshape(()).expand(_numbers(shape)).clone()


def _range(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    import torch

    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


def _trilu(x: Tensor, k: Tensor | None = None, *, upper: int = 1) -> Tensor:
    diagonal = 0 if k is None else int(k.item())
    return x.triu(diagonal) if upper else x.tril(diagonal)


def _one_hot(indices: Tensor, depth: Tensor, values: Tensor, *, axis: int = -1) -> Tensor:
    import torch

    count = int(depth.item())
    hits = indices.long().remainder(count).unsqueeze(-1) == torch.arange(count)
    hot = hits.where(hits, torch.zeros((), dtype=torch.bool)).to(values.dtype) * (values[1] - values[0]) + values[0]
    return hot.movedim(-1, axis)


SHAPES: Mapping[str, Function] = {
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Expand": _expand,
    "Flatten": flattened,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Identity": lambda x: x,
    "NonZero": lambda x: x.nonzero().t(),
    "OneHot": _one_hot,
    "Range": _range,
    "Reshape": _reshape,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _trilu,
    "Unsqueeze": _unsqueeze,
}
