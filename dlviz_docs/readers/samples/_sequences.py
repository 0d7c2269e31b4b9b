"""Texts as numbers of tokens: which columns hold them, lists of unequal length as one array, and what is padding.

Beside `input_ids` a file may have `attention_mask`, which says what is padding, and columns that only serve a model;
where no mask says so, padding is the one token that nothing but itself ever follows, in runs of unequal length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING
from dlviz_docs.readers._frame import plain_name

if TYPE_CHECKING:
    import polars as pl

    from dlviz_docs.readers.samples._stack import Columns

__all__ = ["Sequences", "is_sequence_name", "padded", "ragged", "ragged_series", "sequences_of", "widened"]

_IDS = ("input_ids", "token_ids", "tokens", "tokens_ids", "token_indices", "input_token_ids", "word_ids", "tokenized")
_MASKS = ("attention_mask", "input_mask", "attention_masks", "token_mask", "mask")
_ASIDE = ("token_type_ids", "segment_ids", "position_ids", "special_tokens_mask", "offset_mapping")
_LONGEST = 2_048
"""Tokens of a text that are kept."""
_MOST = 64_000_000
"""Tokens of all texts of a file, with what fills them up."""
_LARGEST = 1 << 31


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """All texts of a table."""

    ids: NDArray[np.int32]
    """Shape (n, longest); `MISSING` where a text has no token."""
    pad: int | None
    """What stood there; None where nothing did."""


def is_sequence_name(name: str) -> bool:
    """Whether lists of whole numbers in a column of this name are tokens, or go with them."""
    return plain_name(name) in (*_IDS, *_MASKS, *_ASIDE)


def padded(flat: NDArray[Any], lengths: NDArray[Any]) -> NDArray[np.int32] | None:
    """Lists one after another as rows of one array, cut and filled up; None for numbers that are none of tokens."""
    if not len(lengths) or (len(flat) and not 0 <= flat.min() <= flat.max() < _LARGEST):
        return None
    width = int(min(lengths.max(initial=0), _LONGEST, max(_MOST // len(lengths), 1)))
    if not width:
        return None
    starts = np.cumsum(lengths) - lengths
    places = np.arange(width)
    inside = places < lengths[:, None]
    found = np.full((len(lengths), width), MISSING, np.int32)
    found[inside] = flat[(starts[:, None] + places)[inside]]
    return found


def ragged(name: str, cells: Sequence[Any]) -> NDArray[np.int32] | None:
    """Lists of tokens of unequal length; None where they are something else."""
    if not is_sequence_name(name):
        return None
    rows = [[int(one) if isinstance(one, bool) else one for one in cell[:_LONGEST]] for cell in cells]
    if not all(type(one) is int and 0 <= one < _LARGEST for row in rows for one in row):
        return None
    lengths = np.array([len(row) for row in rows], np.int64)
    return padded(np.array([one for row in rows for one in row], np.int64), lengths)


def ragged_series(name: str, column: pl.Series) -> NDArray[np.int32] | None:
    """The same of a column of a data frame."""
    import polars as pl

    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    if not is_sequence_name(name) or inner is None or not (inner.is_integer() or inner == pl.Boolean):
        return None
    if column.null_count():
        return None
    cut = column.list.head(_LONGEST)
    lengths = cut.list.len().to_numpy().astype(np.int64)
    flat = cut.filter(pl.Series(lengths > 0)).explode()  # an empty list would leave a row of its own
    return None if flat.null_count() else padded(flat.cast(pl.Int64).to_numpy(), lengths)


def widened(arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """Sequences of several files filled up to the longest."""
    width = max(one.shape[1] for one in arrays)
    return [np.pad(one, ((0, 0), (0, width - one.shape[1])), constant_values=MISSING) for one in arrays]


def sequences_of(columns: Columns) -> Sequences | None:
    """The tokens among the arrays of a table, which are taken out of it with all that goes with them."""
    arrays = columns.arrays
    plain = {plain_name(name): name for name in reversed(list(arrays))}
    name = next((plain[word] for word in _IDS if word in plain and _are_tokens(arrays[plain[word]])), "")
    if not name:
        return None
    ids = arrays.pop(name)[:, :_LONGEST].astype(np.int32)
    mask = next((arrays.pop(plain[word]) for word in _MASKS if word in plain and _fits(arrays[plain[word]], ids)), None)
    for word in _ASIDE:
        arrays.pop(plain.get(word, ""), None)
    if mask is None:
        pad = _padding(ids)
        return Sequences(ids if pad is None else np.where(_around(ids, pad), MISSING, ids), pad)
    left_out = (mask[:, :_LONGEST] <= 0) & (ids != MISSING)
    values, counts = np.unique(ids[left_out], return_counts=True)
    pad = int(values[counts.argmax()]) if len(values) else None
    return Sequences(np.where(mask[:, :_LONGEST] <= 0, MISSING, ids).astype(np.int32), pad)


def _are_tokens(values: NDArray[Any]) -> bool:
    whole = values.ndim == 2 and values.size > 0 and values.shape[1] > 1 and values.dtype.kind in "iu"
    return bool(whole and values.min() >= MISSING and values.max() < _LARGEST)


def _fits(mask: NDArray[Any], ids: NDArray[np.int32]) -> bool:
    return mask.ndim == 2 and mask.dtype.kind in "biuf" and mask[:, :_LONGEST].shape == ids.shape


def _padding(ids: NDArray[np.int32]) -> int | None:
    """The token that stands at the end of texts, or before their beginning, in runs of unequal length, and nowhere
    else; None where there is no such one."""
    for edge in (ids[:, -1], ids[:, 0]):
        values, counts = np.unique(edge[edge != MISSING], return_counts=True)
        pad = int(values[counts.argmax()]) if len(values) else MISSING
        lengths = _around(ids, pad).sum(axis=1)
        alone = (ids == pad).sum(axis=1) == lengths
        unequal = len(np.unique(lengths)) > 1 and lengths.max() > 1
        if pad != MISSING and unequal and alone.all():
            return pad
    return None


def _around(ids: NDArray[np.int32], pad: int) -> NDArray[np.bool_]:
    """Where that token stands with nothing else after it, or nothing else before it."""
    other = (ids != pad) & (ids != MISSING)
    after = np.cumsum(other[:, ::-1], axis=1)[:, ::-1] == 0
    before = np.cumsum(other, axis=1) == 0
    found: NDArray[np.bool_] = (after | before) & (ids == pad)
    return found
