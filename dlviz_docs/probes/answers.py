"""What a model answers to pictures: how these are made for it, and which of them it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model import Port
from dlviz_docs.model.probes import Prepared
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.found import OfBoxes
from dlviz_docs.probes.inputs import Picture, best_prepared, prepare
from dlviz_docs.probes.job import Job, PictureInput
from dlviz_docs.probes.passes import outputs_of
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import Head, head_of, predicted

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Answers",
    "accuracy_of",
    "answered",
    "answers_of",
    "asked_for",
    "channels_last",
    "prepared_for",
    "rows_of",
    "truth_of",
]

_LARGEST = 512 << 20
"""Bytes of all inputs at once, and of all answers."""
_TRIED = 64
"""Labelled samples that the ways to scale are tried on."""
_USUAL = 224
"""Height and width where nobody tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the model said of the samples it was run on; rows are those of the job."""

    rows: NDArray[np.intp]
    x: Tensor
    output: Tensor
    head: Head
    classes: Tensor
    """Predicted, shape (n,)."""


def truth_of(job: Job) -> NDArray[np.int64] | None:
    """Class numbers, -1 where not known."""
    return None if job.truth is None else np.where(np.isfinite(job.truth), job.truth, -1).astype(np.int64)


def rows_of(count: int, most: int) -> NDArray[np.intp]:
    """Rows that are run, evenly spread."""
    if not count:
        raise ProbeError("There is no sample to run the model on.")
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def asked_for(samples: PictureInput, port: Port | None, model: Runnable, rows: NDArray[np.intp]) -> Prepared:
    """What is told, completed by the model's own input; with the scale 0 where that is still to be found out."""
    base = _asked(port, model, [samples.pictures[row] for row in rows])
    told = samples.prepared
    if told is None:
        return replace(base, scale=0.0)
    size = told.size or base.size
    if told.scale:
        return replace(told, size=size, channels=base.channels, layout=base.layout)
    return replace(base, size=size, crop=told.crop, scale=0.0)


def prepared_for(
    samples: PictureInput,
    base: Prepared,
    model: Runnable,
    truth: NDArray[np.int64] | None,
    rows: NDArray[np.intp],
    batch: int,
) -> Prepared:
    """What is asked for, or else the best of the usual ways."""
    if base.scale:
        return base
    known = rows if truth is None else rows[truth[rows] >= 0]
    some = (known if len(known) else rows)[np.linspace(0, max(len(known), 1) - 1, _TRIED).astype(np.intp)]
    some = np.unique(some)
    pictures = [samples.pictures[row] for row in some]
    own = None if truth is None else truth[some]
    return best_prepared(base, pictures, own, lambda x: outputs_of(model, x, batch))


def _asked(port: Port | None, model: Runnable, pictures: Sequence[Picture]) -> Prepared:
    """Size, channels and layout that the model asks for, or else that the pictures have."""
    shapes = {picture.shape[:2] for picture in pictures}
    alike = next(iter(shapes)) if len(shapes) == 1 else (_USUAL, _USUAL)
    channels = 3 if any(picture.ndim == 3 and picture.shape[2] >= 3 for picture in pictures) else 1
    if port is None or len(port.shape) != 4:
        first = next((w for w in model.weights().values() if w.dim() == 4), None)
        return Prepared(alike, int(first.shape[1]) if first is not None else channels)
    last = channels_last(port)
    _, c, h, w = (port.shape[i] for i in ((0, 3, 1, 2) if last else (0, 1, 2, 3)))
    size = (h if isinstance(h, int) else alike[0], w if isinstance(w, int) else alike[1])
    return Prepared(size, c if isinstance(c, int) else channels, layout="channels last" if last else "channels first")


def channels_last(port: Port | None) -> bool:
    few = (1, 2, 3, 4)
    return port is not None and len(port.shape) == 4 and port.shape[1] not in few and port.shape[3] in few


def answers_of(
    model: Runnable,
    samples: PictureInput,
    prepared: Prepared,
    rows: NDArray[np.intp],
    batch: int,
    clock: Clock,
    head: Head | None = None,
) -> Answers:
    """Of as many as fit into memory and a third of the time; in an order that tells nothing, then back in theirs."""
    import torch

    octets = 4 * prepared.channels * int(np.prod(prepared.size))
    order = np.random.default_rng(0).permutation(rows)[: max(_LARGEST // max(octets, 1), 1)]
    third = Clock(clock.seconds / 3)
    inputs, outputs, done, held = [], [], 0, 0
    while done < len(order) and held < _LARGEST and (not done or third.has_time_for("")):
        few = order[done : done + max(batch, 16)]
        inputs.append(prepare([samples.pictures[row] for row in few], prepared))
        outputs.append(outputs_of(model, inputs[-1], batch))
        done += len(few)
        held += outputs[-1].numel() * outputs[-1].element_size()
    sorting = np.argsort(order[:done], kind="stable")
    x, output = torch.cat(inputs)[sorting], torch.cat(outputs)[sorting]
    return answered(order[:done][sorting], x, output, head)


def answered(rows: NDArray[np.intp], x: Tensor, output: Tensor, head: Head | None = None) -> Answers:
    """What outputs come to, by their shape unless it is told; `ProbeError` where they are not finite."""
    if not bool(output.isfinite().all()):
        raise ProbeError("The model's answers hold values that are not finite: there is nothing to explain.")
    if head == "boxes":
        return Answers(rows, x, output, head, OfBoxes.surest(output).classes)
    return Answers(rows, x, output, head_of(output), predicted(output))


def accuracy_of(answers: Answers, truth: NDArray[np.int64] | None) -> float | None:
    if truth is None or answers.head != "classes":
        return None
    own = truth[answers.rows]
    known = own >= 0
    return float((answers.classes.numpy()[known] == own[known]).mean()) if known.any() else None
