"""Choose the points of a long curve that a picture needs: no extreme, NaN or infinity is lost.

Buckets of equal size keep their smallest and largest point, the first two of the four aggregates of M4 (Jugel et al.,
"M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014). Non-finite values are added to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["thin"]

Indices: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float64]

_ENDS = 4  # first and last point, smallest and largest step
_SPARE = 8  # one part in eight is left for non-finite values, so that a curve with few needs no second pass
_CACHED = 1 << 15  # values that are looked at together where copies are needed: they stay in the cache
_FEW = 50  # buckets, or of so many values one: to look at each for itself takes no longer than to look at all
_KINDS = 5  # what one bucket may keep at most: minimum, maximum, a NaN, +inf and -inf


def thin(steps: Floats, values: Floats, limit: int) -> Indices:
    """Sorted indices of at most max(limit, 9) points of a curve, shape (n,); all of them when n <= limit.

    Kept are the first and last point, and the minimum and maximum of every bucket, each at its first place. A bucket
    with NaN, +inf or -inf keeps one of each; and where values turn non-finite or finite again, both neighbours are
    kept, unless such turns alone would take an eighth of the limit. Steps may go back: where they do so by more than a
    bucket, the smallest and the largest step are kept too.
    """
    n, room = len(values), limit - _ENDS
    if n <= limit:
        return np.arange(n, dtype=np.intp)
    keep = np.zeros(n, dtype=np.bool_)
    spare = room // _SPARE
    width = _width(n, (room - spare) // 2)
    extremes = _extremes(values, width)
    finite = np.isfinite(values[extremes])
    if not finite.all():
        odd = _nonfinite(values, np.unique(extremes[~finite] // width), width)
        turns = _turns(values, odd)
        if 3 * len(turns) <= spare:  # a turn: its two neighbours, perhaps one more kind in its bucket
            keep[turns] = keep[turns + 1] = True
        else:
            width = _width(n, room // _KINDS)
            extremes = _extremes(values, width)
        extremes = _finite_extremes(values, extremes, width)
        for kind in (np.isnan(values[odd]), values[odd] == np.inf, values[odd] == -np.inf):
            keep[_first_in_bucket(odd[kind], width)] = True
    keep[extremes] = True
    keep[_ends(steps, width)] = True
    return np.flatnonzero(keep)


def _width(n: int, buckets: int) -> int:
    """Points in a bucket, so that at most that many buckets (but one at least) hold n."""
    return -(-n // max(buckets, 1))


def _blocks(values: Floats, width: int) -> Iterator[tuple[Indices, Floats]]:
    """The buckets as rows with the index of each row's first value: all full ones, then the short last one."""
    cut = len(values) - len(values) % width
    yield np.arange(0, cut, width, dtype=np.intp), values[:cut].reshape(-1, width)
    if cut < len(values):
        yield np.array([cut], dtype=np.intp), values[None, cut:]


def _extremes(values: Floats, width: int) -> Indices:
    """The first minimum and the first maximum of every bucket; a NaN answers for both."""
    found = [starts + best for starts, rows in _blocks(values, width) for best in (rows.argmin(1), rows.argmax(1))]
    return np.concatenate(found)


def _nonfinite(values: Floats, buckets: Indices, width: int) -> Indices:
    """Places of non-finite values, all of which lie in these buckets: they answer for an extreme of theirs."""
    if len(buckets) > _FEW:
        return np.flatnonzero(~np.isfinite(values))
    starts = (buckets * width).tolist()
    return np.concatenate([start + np.flatnonzero(~np.isfinite(values[start : start + width])) for start in starts])


def _finite_extremes(values: Floats, extremes: Indices, width: int) -> Indices:
    """The same over finite values only: buckets that answered with a non-finite value are searched again."""
    right = np.isfinite(values[extremes])
    wrong = np.unique(extremes[~right] // width)
    found = [extremes[right]]
    for starts, rows in _blocks(values, width):
        again = wrong - starts[0] // width
        again = again[(again >= 0) & (again < len(rows))]
        for few in np.split(again, range(_CACHED // width or 1, len(again), _CACHED // width or 1)):
            piece = rows[few]
            finite = np.isfinite(piece)
            found.append(starts[few] + np.where(finite, piece, np.inf).argmin(1))
            found.append(starts[few] + np.where(finite, piece, -np.inf).argmax(1))
    indices = np.concatenate(found)
    return indices[np.isfinite(values[indices])]


def _turns(values: Floats, odd: Indices) -> Indices:
    """Every i whose value and the next are not of the same kind (finite, NaN, +inf, -inf), given the non-finite."""
    if _FEW * len(odd) > len(values):
        places = np.arange(len(values) - 1)
    else:
        places = np.unique(np.concatenate([odd[odd > 0] - 1, odd[odd < len(values) - 1]]))
    here, there = values[places], values[places + 1]
    same = ((here == there) & np.isinf(here)) | (np.isnan(here) & np.isnan(there))
    return np.extract(~same, places)


def _ends(steps: Floats, width: int) -> Indices:
    """First and last point; the smallest and largest step too, unless the buckets' first steps rise."""
    last = len(steps) - 1
    starts = steps[::width]
    if steps[last] >= starts[-1] and (starts[1:] >= starts[:-1]).all():
        return np.array([0, last], dtype=np.intp)
    return np.array([0, last, steps.argmin(), steps.argmax()], dtype=np.intp)


def _first_in_bucket(places: Indices, width: int) -> Indices:
    """Of sorted places, the first in each bucket."""
    buckets = places // width
    return places[np.append(True, buckets[1:] != buckets[:-1])] if len(places) else places
