"""What part of the input a unit sees: the receptive field, carried through the operations of a network.

Source: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019. A window of
size k over units that see r px, j px apart, sees r + (k - 1) j px; branches that meet see the hull of what both see.

Every axis of the input is followed until a window slides along it or it is summed away: so which axes are spatial is
found, not assumed, and a field is right behind transpositions, for patches that became tokens, and for sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, prod
from typing import TypeAlias

from dlviz_docs.model import Dim, Field, Shape
from dlviz_docs.stats.calls import (
    Attention,
    Call,
    Constant,
    Contraction,
    Convolution,
    Joining,
    Lookup,
    Mixing,
    Padding,
    Permutation,
    Pointwise,
    Pooling,
    Recurrence,
    Resampling,
    Reshaping,
    Slicing,
    Window,
)

__all__ = ["Seen", "Span", "beginning", "field_of", "through"]

_Axes: TypeAlias = tuple[frozenset[int], ...]
_Factor: TypeAlias = tuple[Dim, frozenset[int]]
"""A length, and the input's axes that run along it."""
_NONE: frozenset[int] = frozenset()
_TAPS = {"nearest": 0, "linear": 1, "cubic": 2}
"""Neighbours on each side that take part in an interpolated element."""


@dataclass(frozen=True, slots=True)
class Span:
    """Along one axis of the input, in its elements."""

    size: float = 1.0
    jump: float = 1.0
    """Between neighbouring units."""
    start: float = 0.0
    """Centre of the first unit's field."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the units of one array see of the input."""

    spans: Mapping[int, Span]
    """By axis of the input."""
    axes: _Axes
    """For each axis of the array, the input's axes that run along it."""
    windowed: frozenset[int] = _NONE
    """The input's axes that a window slid along: the spatial ones."""
    merged: Mapping[tuple[frozenset[int], Dim], tuple[_Factor, ...]] = field(default_factory=dict)
    """What axes were put together from, by what runs along them and their length."""
    lost: bool = False
    """Whether an operation was met behind which fields are not known."""


def beginning(shape: Shape) -> Seen:
    """The input itself: each element sees itself. The first axis counts examples."""
    axes = tuple(frozenset({axis}) if axis else _NONE for axis in range(len(shape)))
    return Seen({axis: Span() for axis in range(1, len(shape))}, axes)


def field_of(seen: Seen | None) -> Field | None:
    """Along the spatial axes, in the input's order; None where there are none, or fields are not known."""
    if seen is None or seen.lost or not seen.windowed:
        return None
    spans = [seen.spans[axis] for axis in sorted(seen.windowed)]
    sizes, jumps, starts = zip(*((span.size, span.jump, span.start) for span in spans), strict=True)
    return Field(sizes, jumps, starts)


def through(call: Call, seen: Sequence[Seen | None]) -> Seen | None:
    """What the units of the call's output see; `seen` of its inputs, None for those that do not depend on the input."""
    known = [one for one in seen if one is not None]
    if not known or isinstance(call.does, Constant):
        return None
    together = _union(known)
    output = call.outputs[0] if call.outputs else None
    if together.lost or output is None:
        return replace(together, lost=True)
    rank = len(output)
    match call.does:
        case Convolution(window=window, transposed=transposed):
            return _slid(_mixed(together, (-1 - len(window.size),)), _turned(window) if transposed else window)
        case Pooling(window=window):
            return _slid(together, window)
        case Pointwise():
            return replace(together, axes=_broadcast([one.axes for one in known], rank))
        case Joining():
            return replace(together, axes=_broadcast([one.axes for one in known], rank))
        case Mixing(axes=axes, dropped=dropped):
            return _gathered(together, axes, dropped)
        case Contraction(left=left, right=right):
            return _contracted(seen, together, left, right, rank)
        case Attention():
            return _attended(seen, together)
        case Recurrence():
            return replace(_mixed(together, None), axes=(_NONE,) * rank)
        case Permutation(order=order):
            return _permuted(together, order)
        case Reshaping():
            return _reshaped(together, call.inputs[0], output)
        case Slicing() as part:
            return _sliced(together, part)
        case Padding(before=before):
            return _padded(together, before)
        case Resampling() as scaling:
            return _resampled(together, scaling, call.inputs[0], output)
        case Lookup():
            return replace(together, axes=(*together.axes, *[_NONE] * (rank - len(together.axes))))
        case _:
            return replace(together, lost=True)


def _union(parts: Sequence[Seen]) -> Seen:
    if len(parts) == 1:
        return parts[0]
    spans = {
        axis: _hull([one.spans[axis] for one in parts if axis in one.spans]) for one in parts for axis in one.spans
    }
    windowed = frozenset().union(*(one.windowed for one in parts))
    merged = {key: factors for one in parts for key, factors in one.merged.items()}
    return Seen(spans, parts[0].axes, windowed, merged, any(one.lost for one in parts))


def _hull(spans: Sequence[Span]) -> Span:
    if any(span.size == inf for span in spans):
        return replace(spans[0], size=inf, jump=max(span.jump for span in spans))
    low = min(span.start - (span.size - 1) / 2 for span in spans)
    high = max(span.start + (span.size - 1) / 2 for span in spans)
    return Span(high - low + 1, max(span.jump for span in spans), (low + high) / 2)


def _broadcast(axes: Sequence[_Axes], rank: int) -> _Axes:
    """Axes counted from the end; what runs along one in any of the inputs runs along it in the output."""
    padded = [(*[_NONE] * (rank - len(one)), *one)[-rank:] if rank else () for one in axes]
    return tuple(frozenset().union(*column) for column in zip(*padded, strict=True))


def _changed(seen: Seen, axes: frozenset[int], change: Callable[[Span], Span]) -> Seen:
    return replace(seen, spans={axis: change(span) if axis in axes else span for axis, span in seen.spans.items()})


def _everywhere(span: Span) -> Span:
    return replace(span, size=inf)


def _mixed(seen: Seen, axes: tuple[int, ...] | None) -> Seen:
    """Everything along these axes of the array is seen by each unit; nothing runs along them any more."""
    places = range(len(seen.axes)) if axes is None else _places(axes, len(seen.axes))
    gone = frozenset().union(*(seen.axes[place] for place in places)) if places else _NONE
    left = tuple(_NONE if place in places else runs for place, runs in enumerate(seen.axes))
    return replace(_changed(seen, gone, _everywhere), axes=left)


def _places(axes: tuple[int, ...], rank: int) -> list[int]:
    return [axis % rank for axis in axes if rank and -rank <= axis < rank]


def _gathered(seen: Seen, axes: tuple[int, ...] | None, dropped: bool) -> Seen:
    mixed = _mixed(seen, axes)
    if not dropped:
        return mixed
    gone = set(range(len(seen.axes)) if axes is None else _places(axes, len(seen.axes)))
    return replace(mixed, axes=tuple(runs for place, runs in enumerate(mixed.axes) if place not in gone))


def _slid(seen: Seen, window: Window) -> Seen:
    """One window for each of the last axes."""
    first = len(seen.axes) - len(window.size)
    if first < 0:
        return replace(seen, lost=True)
    each = zip(window.reach, window.stride, window.before, strict=True)
    for place, (reach, stride, before) in enumerate(each, start=first):
        runs = seen.axes[place]
        if len(runs) > 1:  # pixels in a row, as tokens: a window over them sees pieces of several lines
            seen = replace(seen, lost=True)
        shift = (reach - 1) / 2 - before
        seen = _changed(seen, runs, _step(reach, stride, shift))
        seen = replace(seen, windowed=seen.windowed | runs)
    return seen


def _step(reach: float, stride: float, shift: float) -> Callable[[Span], Span]:
    return lambda span: Span(span.size + (reach - 1) * span.jump, span.jump * stride, span.start + shift * span.jump)


def _turned(window: Window) -> Window:
    """A transposed convolution as a window over its input: (k - 1) / stride + 1 units, which lie `stride` closer."""
    size = tuple((reach - 1) / stride + 1 for reach, stride in zip(window.reach, window.stride, strict=True))
    before = tuple(
        (reach - 1 - pad) / stride
        for reach, pad, stride in zip(window.reach, window.before, window.stride, strict=True)
    )
    return Window(size, tuple(1 / stride for stride in window.stride), (1,) * len(size), before)


def _contracted(seen: Sequence[Seen | None], together: Seen, left: int, right: int, rank: int) -> Seen:
    """(..., rows, summed) by (..., summed, columns): rows of the left, columns of the right."""
    first = _mixed(seen[0], (left,)) if seen and seen[0] is not None else None
    second = _mixed(seen[1], (right,)) if len(seen) > 1 and seen[1] is not None else None
    if first is not None and second is None:
        kept = [runs for place, runs in enumerate(first.axes) if place != left % len(first.axes)]
        axes = (*kept, _NONE) if rank == len(first.axes) else tuple(kept)
        return replace(first, axes=axes)
    if first is None and second is not None:
        columns = second.axes[:-2] + second.axes[-1:] if right % len(second.axes) == len(second.axes) - 2 else ()
        return replace(second, axes=_broadcast([(*columns[:-1], _NONE, *columns[-1:])], rank))
    if first is None or second is None:
        return together
    ends = [one.axes[:-2] for one in (first, second)]
    rows = first.axes[-2:-1] if len(first.axes) > 1 else ()
    return replace(
        _union([first, second]), axes=(*_broadcast(ends, max(0, rank - 2)), *rows, *second.axes[-1:])[-rank:]
    )


def _attended(seen: Sequence[Seen | None], together: Seen) -> Seen:
    """Each query sees all keys and values."""
    parts = [one if one is None or not place else _mixed(one, (-2,)) for place, one in enumerate(seen[:3])]
    mixed = _union([_mixed(one, (-1,)) for one in parts if one is not None] or [together])
    return replace(mixed, axes=(*together.axes[:-1], _NONE))


def _permuted(seen: Seen, order: tuple[int, ...]) -> Seen:
    if sorted(place % len(order) for place in order) != list(range(len(seen.axes))):
        return replace(seen, lost=True)
    return replace(seen, axes=tuple(seen.axes[place] for place in order))


def _reshaped(seen: Seen, before: Shape | None, after: Shape) -> Seen:
    """Axes that are merged run on together, and apart again where they are cut as they were put together.

    One that is cut in another way is followed no further: its neighbours are no longer neighbours.
    """
    groups = None if before is None or len(before) != len(seen.axes) else _groups(before, after)
    if groups is None or before is None:
        runs = frozenset().union(*seen.axes)
        return replace(seen, axes=(_NONE,) * len(after), lost=bool(runs))
    axes: list[frozenset[int]] = [_NONE] * len(after)
    merged = dict(seen.merged)
    lost = False
    for olds, news in groups:
        factors = [factor for place in olds for factor in _factors(seen, before[place], place)]
        dealt = _dealt(factors, [after[place] for place in news])
        lost = lost or dealt is None
        for place, parts in zip(news, dealt or [], strict=False):
            axes[place] = frozenset().union(*(runs for _, runs in parts))
            if len(parts) > 1 and axes[place]:
                merged[axes[place], after[place]] = tuple(parts)
    return replace(seen, axes=tuple(axes), merged=merged, lost=lost)


def _factors(seen: Seen, length: Dim, place: int) -> Sequence[_Factor]:
    """What an axis was put together from, if its length is still the same."""
    runs = seen.axes[place]
    return seen.merged.get((runs, length), ((length, runs),))


def _dealt(factors: Sequence[_Factor], lengths: Sequence[Dim]) -> list[list[_Factor]] | None:
    """Which factors make up each length; None where one along which the input runs would have to be cut."""
    if len(lengths) == 1:
        return [list(factors)]
    if not any(runs for _, runs in factors):
        return [[] for _ in lengths]
    waiting = list(factors)
    found: list[list[_Factor]] = []
    for length in lengths:
        parts: list[_Factor] = []
        while (product := prod(size for size, _ in parts if isinstance(size, int))) != length:
            if not waiting or not isinstance(length, int) or not isinstance(waiting[0][0], int):
                return None
            size, runs = waiting.pop(0)
            needed, rest = divmod(length, product)
            if rest or not isinstance(size, int) or size % min(size, needed) or (size > needed and runs):
                return None
            if size > needed:
                waiting.insert(0, (size // needed, runs))
            parts.append((min(size, needed), runs))
        found.append(parts)
    return None if waiting else found


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]] | None:
    """Which axes became which: the shortest runs of both with equal products, without axes of length 1."""
    olds = [place for place, length in enumerate(before) if length != 1]
    news = [place for place, length in enumerate(after) if length != 1]
    groups: list[tuple[list[int], list[int]]] = []
    while olds and news:
        left, right = [olds.pop(0)], [news.pop(0)]
        while (ours := _product(before, left)) != (theirs := _product(after, right)):
            grown, rest = (left, olds) if ours[0] < theirs[0] else (right, news)
            if ours[1] != theirs[1] or not rest:
                return None
            grown.append(rest.pop(0))
        groups.append((left, right))
    return None if olds or news else groups


def _product(shape: Shape, places: Sequence[int]) -> tuple[int, tuple[str, ...]]:
    """The product of the lengths that are known, and the names of those that are not."""
    lengths = [shape[place] for place in places]
    known = prod(length for length in lengths if isinstance(length, int))
    return known, tuple(sorted(length for length in lengths if isinstance(length, str)))


def _sliced(seen: Seen, part: Slicing) -> Seen:
    place = part.axis % max(1, len(seen.axes))
    if place >= len(seen.axes):
        return replace(seen, lost=True)
    runs = seen.axes[place]
    start, step = part.start, part.step
    if len(runs) == 1:
        known = start is not None and start >= 0 and step > 0
        seen = _changed(seen, runs, _step(1, step, start or 0)) if known else replace(seen, lost=True)
    if part.dropped:
        return replace(seen, axes=seen.axes[:place] + seen.axes[place + 1 :])
    return seen


def _padded(seen: Seen, before: tuple[int, ...]) -> Seen:
    for place, pad in enumerate(before, start=len(seen.axes) - len(before)):
        if pad and place >= 0 and len(seen.axes[place]) == 1:
            seen = _changed(seen, seen.axes[place], _step(1, 1, -pad))
    return seen


def _resampled(seen: Seen, scaling: Resampling, before: Shape | None, after: Shape) -> Seen:
    """Half-pixel centres: element o of the output lies at (o + 1/2) / scale - 1/2 of the input."""
    if before is None or len(before) != len(after) or len(after) != len(seen.axes):
        return replace(seen, lost=True)
    for old, new, runs in zip(before, after, seen.axes, strict=True):
        if old == new or not runs:
            continue
        if not isinstance(old, int) or not isinstance(new, int) or not new or len(runs) > 1:
            return replace(seen, lost=True)
        seen = _changed(seen, runs, _scaled(old, new, scaling))
        seen = replace(seen, windowed=seen.windowed | runs)
    return seen


def _scaled(old: int, new: int, scaling: Resampling) -> Callable[[Span], Span]:
    """How far from its place the elements lie that an output element is made of: the field is their hull."""
    apart = (old - 1) / max(1, new - 1) if scaling.aligned else old / new
    taps = _TAPS[scaling.interpolation]
    distance = taps - min(apart, 1.0) / 2 if taps else abs(apart - 1) / 2
    shift = 0.0 if scaling.aligned else (apart - 1) / 2
    return _step(1 + 2 * distance, apart, shift)
