"""A model of pictures, from its answers to what they rest on: predictions, maps, their judgement, features.

In the order of worth, since time may run out: what was begun is finished, what was not is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Channels, Explanation, Prepared, Probed, Reach, Sanity
from dlviz_docs.probes.answers import (
    Answers,
    accuracy_of,
    answers_of,
    asked_for,
    channels_last,
    prepared_for,
    rows_of,
    truth_of,
)
from dlviz_docs.probes.asked import Asked, asked_of
from dlviz_docs.probes.cams import GRADIENT
from dlviz_docs.probes.choice import Candidate, candidates
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.collected import FEW, Collected
from dlviz_docs.probes.detecting import detecting, hits
from dlviz_docs.probes.explain import Explainer, at_layers
from dlviz_docs.probes.features import channels_of
from dlviz_docs.probes.found import OfBoxes
from dlviz_docs.probes.inputs import area_of, within
from dlviz_docs.probes.job import METHODS, Job, PictureInput
from dlviz_docs.probes.judge import Judge, boxes_mask, mask_of
from dlviz_docs.probes.layout import ChannelsLast
from dlviz_docs.probes.opened import Opened
from dlviz_docs.probes.runnable import Runnable, first_of
from dlviz_docs.probes.sanity import moving, sanity
from dlviz_docs.probes.spatial import grid_of
from dlviz_docs.probes.targets import OfRegions
from dlviz_docs.probes.told import told
from dlviz_docs.probes.trace import reach_of, traced
from dlviz_docs.probes.verdicts import Verdicts, best_layer, best_method

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["probe_pictures"]

_CHEAP = (*GRADIENT, "eigencam")


def probe_pictures(job: Job, samples: PictureInput, found: Opened, clock: Clock) -> Probed:
    """All that the time allows to find out."""
    model: Runnable = ChannelsLast(found.model) if channels_last(found.port) else found.model
    truth = truth_of(job)
    rows = rows_of(len(samples.pictures), job.limits.samples)
    base = asked_for(samples, found.port, model, rows)
    notes = list(found.notes)
    boxes = detecting(model, samples, base, len(job.classes), job.limits.batch, clock)
    if boxes is not None:
        model, prepared = boxes.model, boxes.prepared
        notes.append(boxes.note)
    else:
        prepared = prepared_for(samples, base, model, truth, rows, job.limits.batch)
    answers = answers_of(model, samples, prepared, rows, job.limits.batch, clock, "boxes" if boxes else None)
    asked = asked_of(job, model, answers, truth)
    notes += [*_said(samples, prepared, answers), *filter(None, [asked.note])]
    probed = Probed(
        job.name,
        prepared,
        _named(job, samples, answers),
        answers.head,
        len(answers.rows),
        _right(answers, samples, prepared, truth),
        traced=traced(model, first_of(model, answers.x, 1)),
    )
    layers = _layers(job, model, asked)
    if not layers:
        notes.append("No layer of the model lies over the picture: there are no maps of activations.")
    return _Probe(job, samples, model, prepared, answers, asked, truth, layers, clock).finished(probed, notes)


def _named(job: Job, samples: PictureInput, answers: Answers) -> tuple[str, ...]:
    """Names of classes; those of annotated boxes only where there are as many."""
    shape = answers.output.shape
    own = shape[2] - 4 if answers.head == "boxes" else shape[1] if len(shape) > 1 else 0
    return job.classes if job.truth is not None or not samples.boxes or len(job.classes) == own else ()


def _right(
    answers: Answers, samples: PictureInput, prepared: Prepared, truth: NDArray[np.int64] | None
) -> float | None:
    """Share of right answers; of a detector, of pictures whose surest box is an annotated one."""
    if answers.head != "boxes":
        return accuracy_of(answers, truth)
    found = hits(answers.output, samples, answers.rows.tolist(), prepared)
    return None if found is None else float(np.mean(found))


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """One probe on its way."""

    job: Job
    samples: PictureInput
    model: Runnable
    prepared: Prepared
    answers: Answers
    asked: Asked
    truth: NDArray[np.int64] | None
    layers: tuple[Candidate, ...]
    clock: Clock

    @property
    def places(self) -> list[int]:
        """Of the answers that are explained."""
        return self.asked.places

    def finished(self, probed: Probed, notes: list[str]) -> Probed:
        """In the order of worth."""
        collected, judge = self._collected(), self._judge()
        verdicts = Verdicts(judge, self.clock)
        layer, why = self._layer(judge, verdicts)
        if layer is not None:
            self._cheap(layer, collected)
            verdicts.take(collected)
        checked = self._sane(judge, layer)
        features = tuple(self._channels())
        verdicts.draw(collected, _CHEAP)
        self._costly(layer, collected)
        verdicts.take(collected)
        verdicts.draw(collected, METHODS)
        method, how = best_method(verdicts.ordered, checked, layer.path if layer else "")
        return replace(
            probed,
            layer=layer.path if layer else "",
            method=method,
            why=" ".join(filter(None, (why, how))),
            explanations=tuple(self._explanations(collected)),
            faithfulness=verdicts.ordered,
            sanity=checked,
            agreement=verdicts.agreement(collected, layer.path if layer else ""),
            channels=features,
            reaches=tuple(self._reaches()),
            notes=tuple(note for note in (*notes, *verdicts.notes, self.clock.note()) if note),
        )

    def _collected(self) -> Collected:
        shapes = [self.samples.pictures[self.answers.rows[place]].shape for place in self.places]
        areas = [area_of(shape[0], shape[1], self.prepared) for shape in shapes]
        return Collected(self.answers.classes[self.places], areas)

    def _judge(self) -> Judge | None:
        """On the first samples that are explained, so that no map is computed twice."""
        few = slice(0, self.asked.judged)
        if not self.asked.judged:
            return None
        x, target = self.asked.x[few], self.asked.target[few]
        return Judge(self.model, x, target, self.job.limits.batch, self._inside(self.places[few]))

    def _inside(self, places: Sequence[int]) -> NDArray[np.bool_] | None:
        """Where evidence should lie: in annotated boxes; of regions and boxes, in those that were found."""
        rows = [int(self.answers.rows[place]) for place in places]
        if isinstance(self.asked.target, OfRegions):
            return mask_of(self.asked.target.masks[: len(rows)])
        if isinstance(self.asked.target, OfBoxes):
            return boxes_mask([[_sides(one)] for one in self.asked.target.boxes[: len(rows)]])
        if not self.samples.boxes:
            return None
        shapes = [self.samples.pictures[row].shape for row in rows]
        return boxes_mask(
            [
                [within(box, shape, self.prepared) for box in self.samples.boxes[row]]
                for row, shape in zip(rows, shapes, strict=True)
            ]
        )

    def _explainer(self) -> Explainer:
        return Explainer(self.model, self.job.limits.batch)

    def _layer(self, judge: Judge | None, verdicts: Verdicts) -> tuple[Candidate | None, str]:
        """The most faithful of the layers that may be chosen, by HiResCAM, and how it was found."""
        if judge is not None:
            for one in self.layers:
                maps = next(self._explainer().at(one, judge.x, judge.classes, ("hirescam",))).values
                verdicts.add("hirescam", one.path, maps)
        return best_layer(self.layers, verdicts)

    def _cheap(self, layer: Candidate, collected: Collected) -> None:
        """Maps of one pass, also of what wrong answers should have been, and at the other layers."""
        x, classes = self.asked.x, self.asked.target
        for found in self._explainer().at(layer, x, classes, self._asked(_CHEAP)):
            collected.add(found)
        self._of_errors(layer, collected)
        for other in self.layers:
            if other is not layer:
                for found in self._explainer().at(other, x, classes, self._asked(("hirescam",))):
                    collected.add(found)

    def _asked(self, methods: Sequence[str]) -> list[str]:
        return [method for method in self.job.methods if method in methods]

    def _of_errors(self, layer: Candidate, collected: Collected) -> None:
        """Of wrong answers: what speaks for the truth, and for it and not for what was answered."""
        import torch

        wrong = [i for i, place in enumerate(self.places) if self._is_wrong(place)]
        if not wrong:
            return
        x, answered = self.asked.x[wrong], self.answers.classes[[self.places[i] for i in wrong]]
        truth = torch.tensor([self._truth_of(self.places[i]) or 0 for i in wrong])
        found = next(self._explainer().at(layer, x, truth, ("hirescam",)))
        apart = self._explainer().contrast(layer, x, truth, answered)
        for row, i in enumerate(wrong):
            collected.note(i, found.of(row, int(truth[row]), collected.areas[i]))
            collected.note(i, apart.of(row, int(truth[row]), collected.areas[i], int(answered[row])))

    def _is_wrong(self, place: int) -> bool:
        truth = self._truth_of(place)
        known = truth is not None and truth < self.answers.output.shape[-1]
        return self.answers.head == "classes" and known and truth != int(self.answers.classes[place])

    def _truth_of(self, place: int) -> int | None:
        value = -1 if self.truth is None else int(self.truth[self.answers.rows[place]])
        return value if value >= 0 else None

    def _costly(self, layer: Candidate | None, collected: Collected) -> None:
        """Methods of many passes, as far as time allows: all of them for a few samples, then for the next."""
        x, classes = self.asked.x, self.asked.target
        methods = self._asked([method for method in METHODS if method not in _CHEAP])
        for start in range(0, len(x), FEW):
            few = slice(start, start + FEW)
            for method in methods:
                if self.clock.has_time_for("all samples were explained by all methods"):
                    for found in self._explainer().slowly(layer, x[few], classes[few], method):
                        collected.add(found, start)

    def _sane(self, judge: Judge | None, layer: Candidate | None) -> tuple[Sanity, ...]:
        if judge is None or layer is None:
            return ()
        maps = at_layers(layer, judge.x, judge.classes, self.job.limits.batch, self._asked(_CHEAP))
        boxes = self.answers.head == "boxes"
        among = moving(self.model, judge.x, judge.classes) if boxes else None
        return sanity(self.model, maps, layer.path, self.clock, among)

    def _channels(self) -> Iterator[Channels]:
        explained, classes = self.asked.x, self.asked.target
        for one in self.layers:
            if self.clock.has_time_for("the features of all layers were looked at"):
                batch = self.job.limits.batch
                found = channels_of(self.model, one.path, one.grid, self.answers.x, explained, classes, batch)
                yield replace(found, best=self.answers.rows[found.best])

    def _reaches(self) -> Iterator[Reach]:
        for one in self.layers:
            # Attention sees everything: its field is no field.
            if one.grid.layout != "tokens" and self.clock.has_time_for("the fields of all layers were measured"):
                yield reach_of(self.model, one.path, one.grid, tuple(self.answers.x.shape[1:]))

    def _explanations(self, collected: Collected) -> Iterator[Explanation]:
        for i, (place, maps) in enumerate(zip(self.places, collected.maps, strict=True)):
            row = int(self.answers.rows[place])
            source = self.job.sources[row] if row < len(self.job.sources) else ""
            known = self._truth_of(place) if self.answers.head == "classes" else None
            made = Explanation(row, source, known, int(self.answers.classes[place]), maps=tuple(maps))
            yield told(made, self.answers.output[place], self.asked.target, i, collected.areas[i])


def _sides(box: Tensor) -> tuple[float, float, float, float]:
    left, top, right, bottom = box.tolist()
    return left, top, right, bottom


def _said(samples: PictureInput, prepared: Prepared, answers: Answers) -> Iterator[str]:
    if prepared.source == "a guess":
        yield "Nobody says how pictures are scaled for the model, and there are no labels to try it on: it is a guess."
    elif prepared.tried:
        told = ", ".join(f"{name} {accuracy:.0%}" for name, accuracy in prepared.tried)
        yield f"How pictures are scaled was {prepared.source} (right answers: {told})."
    if len(answers.rows) < len(samples.pictures):
        yield f"The model was run on {len(answers.rows):,} of {len(samples.pictures):,} samples."


def _layers(job: Job, model: Runnable, asked: Asked) -> tuple[Candidate, ...]:
    layers = model.layers(first_of(model, asked.x, 2))
    if not any(job.layers):
        return candidates(model, layers, asked.x, asked.target)
    shapes: Mapping[str, tuple[int, ...]] = {layer.path: layer.shape for layer in layers}
    found = []
    for path in filter(None, job.layers):
        grid = grid_of(shapes.get(path, ()), *asked.x.shape[2:])
        if grid is None:
            raise ProbeError(f"The layer {path!r} is not there, or does not lie over the picture.")
        found.append(Candidate(path, grid))
    return tuple(found)
