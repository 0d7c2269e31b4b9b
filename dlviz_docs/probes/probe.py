"""One entry: a model and some samples go in, what it was found to rest on comes out. Runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import MissingExtra, ProbeError
from dlviz_docs.model.probes import Probed
from dlviz_docs.probes.answers import accuracy_of, answered, truth_of
from dlviz_docs.probes.as_graph import as_graph, like_pictures
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.columns import columns_of
from dlviz_docs.probes.job import Job, PictureInput, TableInput
from dlviz_docs.probes.misfit import PassFailed, misfit_of_pictures, misfit_of_rows
from dlviz_docs.probes.opened import Opened, opened
from dlviz_docs.probes.passes import outputs_of
from dlviz_docs.probes.pictures import probe_pictures
from dlviz_docs.probes.runnable import first_of
from dlviz_docs.probes.texts import probe_texts
from dlviz_docs.probes.trace import traced

__all__ = ["probe"]


def probe(job: Job) -> Probed:
    """What there was time to find out.

    `ProbeError` says why a model could not be run; `MissingExtra` that PyTorch is not installed. The worker that this
    runs in limits its time and memory as a whole.
    """
    _needs_torch()
    import torch

    clock = Clock(job.limits.seconds)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(job.seed)
            found = _probe(job, opened(job), clock)
            return replace(found, sources=job.sources, hurried=clock.seconds if clock.left_out else 0.0)
    except torch.OutOfMemoryError as error:
        raise ProbeError("The model needs more memory than it may take.") from error
    except RuntimeError as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if "memory" in first:
            raise ProbeError("The model needs more memory than it may take.") from error
        raise ProbeError(f"The model could not be run: {first}") from error


def _needs_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise MissingExtra("PyTorch", "torch")


def _probe(job: Job, found: Opened, clock: Clock) -> Probed:
    try:
        if isinstance(job.samples, PictureInput):
            return _of_pictures(job, job.samples, found, clock)
        if isinstance(job.samples, TableInput):
            return _of_table(job, job.samples, found)
        return probe_texts(job, job.samples, found, clock)
    except PassFailed as error:
        pictures = isinstance(job.samples, PictureInput)
        raise (misfit_of_pictures(error, found.port) if pictures else misfit_of_rows(error)) from error


def _of_pictures(job: Job, pictures: PictureInput, found: Opened, clock: Clock) -> Probed:
    if found.port is None and len(pictures.pictures):
        found = as_graph(found, like_pictures(pictures, found.model, job.limits), job.limits)
    return probe_pictures(job, pictures, found, clock)


def _of_table(job: Job, table: TableInput, found: Opened) -> Probed:
    import torch

    if not len(table.rows):
        raise ProbeError("There is no sample to run the model on.")
    x = torch.from_numpy(np.ascontiguousarray(table.rows, np.float32))
    batch = max(job.limits.batch, 256)
    found = as_graph(found, x[[0, -1]], job.limits)
    answers = answered(np.arange(len(x)), x, outputs_of(found.model, x, batch))
    accuracy = accuracy_of(answers, truth := truth_of(job))
    return Probed(
        job.name,
        classes=job.classes,
        samples=len(x),
        accuracy=accuracy,
        traced=traced(found.model, first_of(found.model, x, 1)),
        columns=columns_of(found.model, x, table.names, job.truth, batch, job.seed),
        notes=(*found.notes, *_doubts(accuracy, truth)),
    )


def _doubts(accuracy: float | None, truth: NDArray[np.int64] | None) -> Iterator[str]:
    """What answers that are no better than always the same one suggest."""
    if accuracy is None or truth is None:
        return
    known = truth[truth >= 0]
    if accuracy <= np.bincount(known).max() / len(known):
        yield (
            "No more answers are right than if all were the most frequent class. The model may expect columns that are "
            "scaled, which experiment.yml can tell: input: {mean: [...], std: [...]}."
        )
