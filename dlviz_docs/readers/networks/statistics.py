"""Statistics of weights, in one pass over their bytes and in memory that does not grow with them.

Elements come in pieces that stay in a core's cache. Of float32 weights around zero, blocks of up to a thousand elements
are added as they are and the blocks in float64 (the sums are right to some 1e-7); all others are added in float64. The
spread is put together from that of the pieces (Chan, Golub and LeVeque 1979), so that a large mean does not eat it. The
histogram is of all elements of a small tensor, and of evenly spaced ones of a large tensor, at a distance that has no
divisor in common with its sides: all columns and places in a kernel are met. Its span is known only at the end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ReadError
from dlviz_docs.model import BoolArray, FloatArray, Problem, Statistics
from dlviz_docs.readers._text import counted
from dlviz_docs.readers.networks._dtypes import Numbers
from dlviz_docs.readers.networks._listing import undecoded
from dlviz_docs.readers.networks._stored import PIECE, Stored, chunks, dense
from dlviz_docs.readers.networks._weights import WeightsFile

__all__ = ["BINS", "MOST_TIMES", "SAMPLED", "read_statistics", "statistics_of"]

BINS = 64
SAMPLED = 1 << 16
"""Elements that the histogram is of, at least: a bar of a hundredth of them is right to four percent of itself."""
_SPREADS = 4
"""Standard deviations around the mean that the histogram spans, as far as there are elements."""
_MOST_ROWS = 1 << 17
_BLOCK = 1024
_LEAST_BLOCK = 64
_SAFE = 1e15
"""Magnitude below which a thousand squares are no infinity in float32."""
_LEAST_SQUARES = 1e-30
"""Sum of squares of a block below which some of them may have been lost in float32."""
_MOST_MEASURED = 20_000
"""Tensors of one file that are measured."""
MOST_TIMES = 4
"""How often the bytes of a file may be read: tensors of a crafted one may lie over each other without end."""


def read_statistics(weights: WeightsFile) -> tuple[dict[str, Statistics], tuple[Problem, ...]]:
    """Statistics by name of every tensor that can be decoded, and what is wrong with the weights.

    A tensor that is tied to another one has those of that one.
    """
    found: dict[str, Statistics] = {}
    form_alone: dict[str, list[str]] = {}
    left = MOST_TIMES * weights.size
    for tensor in weights.tensors:
        stored = weights.stored[tensor.name]
        if tensor.missing or stored.why_not:
            continue
        left -= 0 if tensor.tied else stored.octets
        if tensor.tied in found:
            found[tensor.name] = found[tensor.tied]
        elif stored.octets > MOST_TIMES * weights.size:
            form_alone.setdefault("claims far more bytes than the file has", []).append(tensor.name)
        elif len(found) >= _MOST_MEASURED:
            form_alone.setdefault("is one of more tensors than are measured", []).append(tensor.name)
        elif left < 0:
            form_alone.setdefault("lies over others again and again", []).append(tensor.name)
        else:
            try:
                found[tensor.name] = statistics_of(stored)
            except (ReadError, OSError) as error:
                form_alone.setdefault(getattr(error, "what", "cannot be read"), []).append(tensor.name)
    return found, (*undecoded(weights.path, form_alone), *_not_finite(weights, found))


def _not_finite(weights: WeightsFile, found: Mapping[str, Statistics]) -> list[Problem]:
    """One problem for all tensors that hold NaN or infinite values; attention masks are infinite on purpose."""
    masks = {tensor.name for tensor in weights.tensors if tensor.may_be_infinite}
    wrong = [name for name, one in found.items() if one.nan or (one.infinite and name not in masks)]
    if not wrong:
        return []
    nan, infinite = sum(found[name].nan for name in wrong), sum(found[name].infinite for name in wrong)
    what = f"holds {nan:,} NaN and {infinite:,} infinite values in {counted(len(wrong), 'tensor')}"
    remedy = "Look where the training broke down, and go back to a checkpoint before that."
    return [Problem("weights-not-finite", weights.path, f"{what}, first in {wrong[0]!r}", remedy)]


def statistics_of(stored: Stored) -> Statistics:
    """Of every element, one pass over the bytes. Of complex elements the magnitudes count. Raises as `chunks` does."""
    total = _Total(stored.size, _Rows.of(stored))
    piece = total.rows.piece if total.rows else PIECE
    with np.errstate(all="ignore"):
        for values in chunks(stored, piece):
            total.add(np.abs(values) if np.iscomplexobj(values) else values)
        return total.statistics()


@dataclass(slots=True)
class _Rows:
    """Sums of squares by the first axis: runs of `length` elements that lie `stride` apart in the file."""

    length: int
    together: bool
    """Whether the elements of a row lie one after the other."""
    count: int
    stride: int
    squares: FloatArray
    block: int
    """Elements of a row that are added at once; 0 for a row that does not fall into such blocks."""
    piece: int

    @classmethod
    def of(cls, stored: Stored) -> _Rows | None:
        """None without axes, and for more rows than are of use; of one axis each element is a row."""
        if not stored.shape or not stored.size or stored.shape[0] > _MOST_ROWS:
            return None
        count = stored.shape[0]
        length = stored.size // count
        stride = stored.strides[0] if dense(stored) else length
        together = stride == length or count == 1
        block = next((size for size in range(_BLOCK, _LEAST_BLOCK - 1, -1) if length % size == 0), 0) if together else 0
        unit = length if length <= PIECE else block or 1
        return cls(length, together, count, stride, np.zeros(count), block, unit * max(1, PIECE // unit))

    def add(self, start: int, squares: FloatArray, width: int) -> None:
        """Sums of squares of `width` elements each, from the element `start` on."""
        if not self.together:
            rows = np.arange(start, start + len(squares)) // self.stride % self.count
            self.squares += np.bincount(rows, squares, self.count)
            return
        first, last = start // self.length, (start + len(squares) * width - 1) // self.length
        borders = (np.arange(first, last + 1) * self.length - start) // width
        borders[0] = 0
        self.squares[first : last + 1] += np.add.reduceat(squares, borders)


@dataclass(slots=True)
class _Total:
    """What was seen of a tensor so far."""

    size: int
    rows: _Rows | None
    seen: int = 0
    finite: int = 0
    nan: int = 0
    zeros: int = 0
    low: float = math.inf
    high: float = -math.inf
    mean: float = 0.0
    spread: float = 0.0
    """Sum of squared distances from the mean."""
    norm: float = 0.0
    """Sum of squares."""
    sampled: list[Numbers] = field(default_factory=list)
    step: int = field(init=False)
    """Distance of the sampled elements."""
    flags: BoolArray = field(init=False)
    held: tuple[FloatArray, FloatArray] = field(init=False)
    """These are used again for each piece: to ask for memory takes longer than to add."""

    def __post_init__(self) -> None:
        most = min(PIECE, self.size)
        self.step = next(step for step in range(max(1, self.size // SAMPLED), 0, -1) if math.gcd(step, self.size) == 1)
        self.flags, self.held = np.empty(most, np.bool_), (np.empty(most), np.empty(most))

    def add(self, values: Numbers) -> None:
        self.sampled.append(values[-self.seen % self.step :: self.step].copy())
        self.zeros += int(np.count_nonzero(np.equal(values, 0, out=self.flags[: len(values)])))
        low, high = float(values.min()), float(values.max())
        if math.isfinite(low) and math.isfinite(high):
            self._add_finite(values, low, high)
        else:
            self._add_others(values)
        self.seen += len(values)

    def _add_others(self, values: Numbers) -> None:
        """Elements of which some are not finite; in the sums of rows these are nothing."""
        kept = np.isfinite(values)
        self.nan += int(np.count_nonzero(np.isnan(values)))
        finite = values[kept]
        if len(finite):
            self.low, self.high = min(self.low, float(finite.min())), max(self.high, float(finite.max()))
            self._add_wide(finite)
        if self.rows:
            self.rows.add(self.seen, np.where(kept, values, 0).astype(np.float64) ** 2, 1)

    def _add_finite(self, values: Numbers, low: float, high: float) -> None:
        self.low, self.high = min(self.low, low), max(self.high, high)
        block = self.rows.block if self.rows else _BLOCK
        fits = block and len(values) % block == 0 and values.dtype == np.float32 and max(-low, high) < _SAFE
        if fits and self._add_blocks(values, block):
            return
        squares = self._add_wide(values)
        if self.rows:
            self.rows.add(self.seen, squares, 1)

    def _add_wide(self, values: Numbers) -> FloatArray:
        """Add elements in float64; their squares, which are good until the next call."""
        wide, squares = (held[: len(values)] for held in self.held)
        np.copyto(wide, values)
        np.multiply(wide, wide, out=squares)
        total = float(wide.sum())
        wide -= total / len(values)
        self._merge(len(values), total, float(squares.sum()), float(np.einsum("i,i->", wide, wide)))
        return squares

    def _add_blocks(self, values: NDArray[np.float32], block: int) -> bool:
        """Add blocks in float32; False where that is too coarse: of tiny elements, and where a large mean would eat the
        spread."""
        blocks = values.reshape(-1, block)
        total = float(np.einsum("ij->i", blocks).sum(dtype=np.float64))
        squares = np.einsum("ij,ij->i", blocks, blocks).astype(np.float64)
        norm = float(squares.sum())
        if total * total > 0.1 * norm * len(values) or squares.min() < _LEAST_SQUARES:
            return False
        self._merge(len(values), total, norm, norm - total * total / len(values))
        if self.rows:
            self.rows.add(self.seen, squares, block)
        return True

    def _merge(self, count: int, total: float, norm: float, spread: float) -> None:
        """Add sums of `count` elements: of these, of their squares, and of squared distances from their own mean."""
        mean = total / count
        apart = mean - self.mean
        both = self.finite + count
        self.spread += spread + apart * apart * self.finite * count / both
        self.mean += apart * count / both
        self.norm += norm
        self.finite = both

    def statistics(self) -> Statistics:
        std = math.sqrt(max(self.spread, 0.0) / self.finite) if self.finite else 0.0
        low, high = self._span(std)
        known = self.finite > 0
        return Statistics(
            nan=self.nan,
            infinite=self.seen - self.finite - self.nan,
            zeros=self.zeros,
            minimum=self.low if known else None,
            maximum=self.high if known else None,
            mean=self.mean if known and math.isfinite(self.mean) else None,
            std=std if known and math.isfinite(std) else None,
            norm=math.sqrt(self.norm),
            counts=_frozen(self._counts(low, high)),
            low=low,
            high=high,
            rows=_frozen(np.sqrt(self.rows.squares)) if self.rows else None,
        )

    def _span(self, std: float) -> tuple[float, float]:
        """Of the histogram: where nearly all elements are. All equal: something around them."""
        if not self.finite:
            return 0.0, 1.0
        low, high = self.low, self.high
        if math.isfinite(self.mean) and math.isfinite(std):
            low, high = max(low, self.mean - _SPREADS * std), min(high, self.mean + _SPREADS * std)
        if high - low > 1e-9 * max(abs(low), abs(high)):
            return low, high
        around = 0.5 * abs(self.low) or 0.5
        return self.low - around, self.low + around

    def _counts(self, low: float, high: float) -> FloatArray:
        if not self.finite:
            return np.zeros(BINS)
        values = np.concatenate(self.sampled)
        if self.finite < self.seen:
            values = values[np.isfinite(values)]
        if not len(values):
            values = np.array([self.low, self.high])  # the few that are finite lie between the sampled ones
        if not 1e-30 < high - low < 1e30:
            bins = (values.astype(np.float64) / 2 - low / 2) / (high / 2 - low / 2) * BINS
            np.nan_to_num(bins, copy=False)
        else:
            bins = values - values.dtype.type(low)
            bins *= values.dtype.type(BINS / (high - low))
        np.clip(bins, 0, BINS - 1, out=bins)
        counts = np.bincount(bins.astype(np.intp), minlength=BINS).astype(np.float64)
        return counts * (self.finite / len(values))


def _frozen(values: FloatArray) -> FloatArray:
    values.flags.writeable = False
    return values
