"""One curve out of the files of one training: in order, with what a resumed session wrote again marked as such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import BoolArray, FloatArray, Recorded, Series
from dlviz_docs.names import natural
from dlviz_docs.scan import Source

__all__ = ["LOOKS", "MANY_RESTARTS", "merge"]

MANY_RESTARTS = 20
"""More steps back than this are no resumed training but interleaved writers; the points are sorted instead."""

LOOKS = frozenset({"hf_trainer"})
"""Each file of these tells the training from its start: the longest is enough."""
_SESSIONS = frozenset({"tensorboard"})
"""Files of these in one folder are one log, continued."""
_MEANS = frozenset({"loss", "runtime", "samples_per_second", "steps_per_second"})


def merge(named: Sequence[tuple[Source, Series]]) -> tuple[Series, ...]:
    """One series a name, in natural order; of two loggers of one training, what the one that tells more has."""
    by_name: dict[str, dict[str, list[tuple[Source, Series]]]] = defaultdict(lambda: defaultdict(list))
    for source, series in named:
        by_name[series.name][source.reader].append((source, series))
    merged: list[Series] = []
    for by_reader in by_name.values():
        told = [_of_one_reader(reader, pieces) for reader, pieces in by_reader.items()]
        # Two loggers of one training (trainer_state.json and event files): the one that tells more.
        richest = max(told, key=lambda curves: len(curves[0]))
        merged += richest
    return tuple(sorted(_without_echoes(_without_summary(merged)), key=lambda series: natural(series.name)))


def _without_summary(series: Sequence[Series]) -> Sequence[Series]:
    """The Hugging Face Trainer ends with the means of the whole run: "train/loss" of them is no point of any curve."""
    last = {one.name: one.metric for one in series if one.split == "train" and len(one) == 1}
    # "train/train_loss" in its event files, "train/loss" in those of DVCLive.
    head = "train_" if "train_runtime" in last.values() else ""
    means = {name for name, metric in last.items() if metric.startswith(head) and metric.removeprefix(head) in _MEANS}
    summary = means | {name for name, metric in last.items() if metric == "total_flos"}
    if not any(name.endswith("runtime") for name in summary):
        return series
    kept = [one for one in series if one.name not in summary]
    named = {one.name for one in kept}
    return [
        replace(one, name="train/loss") if one.name == "loss" and "train/loss" not in named else one for one in kept
    ]


def _without_echoes(series: Sequence[Series]) -> Sequence[Series]:
    """mmengine's event files repeat its JSON lines, but do not say what is training and what validation."""
    split: dict[str, list[Series]] = defaultdict(list)
    for one in series:
        if one.split:
            split[one.raw_name].append(one)
    return [one for one in series if one.split or not any(_is_same(one, other) for other in split[one.raw_name])]


def _is_same(one: Series, other: Series) -> bool:
    """Whether two files tell the same curve; event files hold 32-bit numbers."""
    return (
        one.source != other.source
        and np.array_equal(one.steps, other.steps, equal_nan=True)
        and np.allclose(one.values, other.values, rtol=1e-6, atol=0, equal_nan=True)
    )


def _of_one_reader(reader: str, pieces: Sequence[tuple[Source, Series]]) -> list[Series]:
    """One curve, the longest first; more than one where files of a folder tell different curves by the same name."""
    by_place: dict[str, list[Series]] = defaultdict(list)
    for source, series in pieces:
        by_place[source.part if reader in _SESSIONS else source.path].append(series)
    curves = sorted(_without_repetitions([_join(found) for found in by_place.values()]), key=len, reverse=True)
    first, *others = curves
    if reader in LOOKS:
        return [first]
    return [first, *(replace(one, name=f"{one.name} ({one.source})") for one in others)]


def _join(pieces: Sequence[Series]) -> Series:
    """One curve out of the files of one format, in their order."""
    whole = pieces[0] if len(pieces) == 1 else _concatenate(pieces)
    back = np.flatnonzero(np.diff(whole.steps) < 0) + 1
    if len(back) > MANY_RESTARTS:
        return replace(whole, recorded=_recorded(whole, whole.superseded)).take(np.argsort(whole.steps, kind="stable"))
    superseded = _superseded(whole, back)
    return replace(whole, superseded=superseded, recorded=_recorded(whole, superseded))


def _without_repetitions(curves: Sequence[Series]) -> list[Series]:
    return [curve for i, curve in enumerate(curves) if not _told_again(i, curves)]


def _told_again(index: int, pieces: Sequence[Series]) -> bool:
    """Whether another piece begins with all of this one: checkpoint-500/ beside checkpoint-1000/."""
    piece = pieces[index]
    n = len(piece)
    for other_index, other in enumerate(pieces):
        longer = len(other) > n or (len(other) == n and other_index > index)
        same = longer and np.array_equal(other.steps[:n], piece.steps)
        if same and np.array_equal(other.values[:n], piece.values, equal_nan=True):
            return True
    return False


def _concatenate(pieces: Sequence[Series]) -> Series:
    def optional(name: str) -> FloatArray | None:
        arrays = [getattr(piece, name) for piece in pieces]
        return None if any(array is None for array in arrays) else np.concatenate(arrays)

    kept = [piece.members for piece in pieces if piece.members is not None]
    alike = len(kept) == len(pieces) and len({each.shape[1] for each in kept}) == 1
    marked = [np.zeros(len(p), bool) if p.superseded is None else p.superseded for p in pieces]
    return replace(
        pieces[0],
        steps=np.concatenate([piece.steps for piece in pieces]),
        values=np.concatenate([piece.values for piece in pieces]),
        times=optional("times"),
        epochs=optional("epochs"),
        members=np.concatenate(kept) if alike else None,
        superseded=np.concatenate(marked) if any(m.any() for m in marked) else None,
        source=", ".join(dict.fromkeys(piece.source for piece in pieces)),
    )


def _superseded(series: Series, back: NDArray[np.intp]) -> BoolArray | None:
    """Points that a later session wrote again: at every step back, all before it at or past that step."""
    if not len(back):
        return series.superseded
    steps = series.steps
    marked = np.zeros(len(steps), bool) if series.superseded is None else series.superseded.copy()
    for restart in back:
        marked[:restart] |= steps[:restart] >= steps[restart]
    return marked


def _recorded(series: Series, superseded: BoolArray | None) -> Recorded:
    values, steps = series.values, series.steps
    finite = np.flatnonzero(np.isfinite(values))
    known = values if len(finite) == len(values) else values[finite]
    low = finite[int(known.argmin())] if len(finite) else None
    high = finite[int(known.argmax())] if len(finite) else None
    return Recorded(
        count=len(values),
        nonfinite=len(values) - len(finite),
        first_step=float(steps[0]) if len(steps) else None,
        last_step=float(steps[-1]) if len(steps) else None,
        first=float(values[0]) if len(values) else None,
        last=float(values[-1]) if len(values) else None,
        min=None if low is None else float(values[low]),
        min_step=None if low is None else float(steps[low]),
        max=None if high is None else float(values[high]),
        max_step=None if high is None else float(steps[high]),
        superseded=0 if superseded is None else int(superseded.sum()),
    )
