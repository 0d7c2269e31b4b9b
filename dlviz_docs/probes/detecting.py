"""A model that finds boxes: how its outputs are read, and how pictures are scaled for it to find what is annotated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.detectors import Reading, may_be_boxes, readings
from dlviz_docs.probes.found import OVERLAP, OfBoxes, overlap
from dlviz_docs.probes.inputs import candidates, prepare, within
from dlviz_docs.probes.job import PictureInput
from dlviz_docs.probes.runnable import Runnable, in_batches

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Detecting", "detecting", "hits"]

_TRIED = 16
"""Pictures that ways to read and to scale are tried on."""
_CONFIRMED = 0.5
"""Share of the annotated pictures whose surest box has to fit, for a reading that could be something else."""
_GUESS = "ImageNet's mean and deviation"
Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Detecting:
    """A model whose answer is boxes now."""

    model: Runnable
    prepared: Prepared
    note: str


@dataclass(frozen=True, slots=True)
class _Try:
    """One way to scale pictures, with one reading of what the model then gives."""

    way: str
    prepared: Prepared
    reading: Reading
    right: float | None
    """Share of the pictures with annotated boxes whose surest box is one of them; None where there are none."""
    sure: float
    """Mean confidence of the surest."""


def detecting(
    model: Runnable, samples: PictureInput, base: Prepared, classes: int, batch: int, clock: Clock
) -> Detecting | None:
    """The model, if it finds boxes; `base` has the scale 0 where it is asked to be found out.

    `ProbeError` where it may, but nothing says how its outputs are to be read.
    """
    rows, third = _some(samples), Clock(clock.seconds / 3)
    (_, first), *_ = ways = _ways(samples, rows, base)
    if not may_be_boxes(_outputs(model, prepare([samples.pictures[rows[0]]], first), batch)):
        return None
    tries: list[_Try] = []
    for way in ways:
        if not tries or third.has_time_for(""):
            tries += _tries(model, samples, rows, way, classes, batch)
    if not tries:
        return None
    usual = next((one for one in tries if one.way == (_GUESS if base.channels == 3 else "0 to 1")), tries[0])
    known = [one for one in tries if one.right is not None]
    best = max(known, key=lambda one: (one.right or 0.0, one.sure)) if known else usual
    if not best.reading.sure and (best.right or 0.0) < _CONFIRMED:
        raise ProbeError(
            "The model may give maps of centres and sizes of boxes, which cannot be told for sure: no annotated boxes "
            "are there that would confirm it. Name a data set that has them, or export boxes and scores."
        )
    return Detecting(model.answering(best.reading), _told(base, best, tries), best.reading.said)


def _told(base: Prepared, best: _Try, tries: Sequence[_Try]) -> Prepared:
    if base.scale:
        return best.prepared
    if best.right is None:
        return replace(best.prepared, source="a guess")
    shares = {one.way: max(t.right or 0.0 for t in tries if t.way == one.way) for one in tries}
    return replace(best.prepared, source="tried on pictures with annotated boxes", tried=tuple(shares.items()))


def _some(samples: PictureInput) -> list[int]:
    """Rows to try, with boxes where there are any."""
    rows = [i for i, boxes in enumerate(samples.boxes) if boxes] or list(range(len(samples.pictures)))
    return [rows[int(i)] for i in np.unique(np.linspace(0, len(rows) - 1, _TRIED).round())]


def _ways(samples: PictureInput, rows: Sequence[int], base: Prepared) -> Sequence[tuple[str, Prepared]]:
    if base.scale:
        return (("", base),)
    return candidates(base, max(float(np.max(samples.pictures[row], initial=0)) for row in rows))


def _tries(
    model: Runnable, samples: PictureInput, rows: Sequence[int], way: tuple[str, Prepared], classes: int, batch: int
) -> Iterator[_Try]:
    name, prepared = way
    outputs = _outputs(model, prepare([samples.pictures[row] for row in rows], prepared), batch)
    height, width = prepared.size
    for reading in readings(outputs, (height, width), classes):
        packed = reading(outputs)
        if bool(packed.isfinite().all()):
            found = hits(packed, samples, rows, prepared)
            right = None if found is None else float(np.mean(found))
            yield _Try(name, prepared, reading, right, float(OfBoxes.surest(packed).sure.mean()))


def _outputs(model: Runnable, x: Tensor, batch: int) -> Mapping[str, Tensor]:
    """Everything that the model gives of each sample, by name."""
    import torch

    parts: dict[str, list[Tensor]] = {}
    for places, count in in_batches(model, len(x), batch):
        with torch.no_grad():
            for name, value in model.outputs(x[places]).items():
                if value.dim() > 1 and len(value) == len(places):
                    parts.setdefault(name, []).append(value[:count])
    whole = {name: torch.cat(found) for name, found in parts.items() if len({one.shape[1:] for one in found}) == 1}
    return {name: value for name, value in whole.items() if len(value) == len(x)}


def hits(packed: Tensor, samples: PictureInput, rows: Sequence[int], how: Prepared) -> list[bool] | None:
    """Of each of these rows that has annotated boxes, whether the surest box overlaps one of them by half or more."""
    import torch

    surest = OfBoxes.surest(packed).boxes
    found = []
    for box, row in zip(surest, rows, strict=True):
        annotated = samples.boxes[row] if samples.boxes else ()
        if annotated:
            seen = torch.tensor([within(one, samples.pictures[row].shape, how) for one in annotated])
            found.append(bool((overlap(box[None], seen) >= OVERLAP).any()))
    return found or None
