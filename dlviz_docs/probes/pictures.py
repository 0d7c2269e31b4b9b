"""A model of pictures, from its answers to what they rest on: predictions, maps, their judgement, features.

In the order of worth, since time may run out: what was begun is finished, what was not is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.errors import ProbeError
from dlviz_docs.model.probes import Channels, Explanation, Prepared, Probed, Reach, Sanity
from dlviz_docs.probes.answers import (
    Answers,
    accuracy_of,
    answers_of,
    channels_last,
    chosen,
    prepared_for,
    rows_of,
    truth_of,
)
from dlviz_docs.probes.cams import GRADIENT
from dlviz_docs.probes.choice import Candidate, candidates
from dlviz_docs.probes.clock import Clock
from dlviz_docs.probes.collected import FEW, Collected
from dlviz_docs.probes.explain import Explainer, at_layers
from dlviz_docs.probes.features import channels_of
from dlviz_docs.probes.inputs import area_of
from dlviz_docs.probes.job import METHODS, Job, PictureInput
from dlviz_docs.probes.judge import Judge, boxes_mask
from dlviz_docs.probes.layout import ChannelsLast
from dlviz_docs.probes.opened import Opened
from dlviz_docs.probes.runnable import Runnable, first_of
from dlviz_docs.probes.sanity import sanity
from dlviz_docs.probes.spatial import grid_of
from dlviz_docs.probes.targets import probabilities
from dlviz_docs.probes.trace import reach_of, traced
from dlviz_docs.probes.verdicts import Verdicts, best_layer, best_method

__all__ = ["probe_pictures"]

_TOP = 5
_CHEAP = (*GRADIENT, "eigencam")


def probe_pictures(job: Job, samples: PictureInput, found: Opened, clock: Clock) -> Probed:
    """All that the time allows to find out."""
    model: Runnable = ChannelsLast(found.model) if channels_last(found.port) else found.model
    truth = truth_of(job)
    rows = rows_of(len(samples.pictures), job.limits.samples)
    prepared = prepared_for(samples, found.port, model, truth, rows, job.limits.batch)
    answers = answers_of(model, samples, prepared, rows, job.limits.batch, clock)
    notes = [*found.notes, *_said(samples, prepared, answers)]
    probed = Probed(
        job.name,
        prepared,
        job.classes,
        len(answers.rows),
        accuracy_of(answers, truth),
        traced=traced(model, first_of(model, answers.x, 1)),
    )
    places = chosen(job, answers, truth)
    layers = _layers(job, model, answers)
    if not layers:
        notes.append("No layer of the model lies over the picture: there are no maps of activations.")
    return _Probe(job, samples, model, prepared, answers, truth, places, layers, clock).finished(probed, notes)


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """One probe on its way."""

    job: Job
    samples: PictureInput
    model: Runnable
    prepared: Prepared
    answers: Answers
    truth: NDArray[np.int64] | None
    places: list[int]
    """Of the answers that are explained."""
    layers: tuple[Candidate, ...]
    clock: Clock

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
        _, classes = self.answers.some(self.places)
        return Collected(classes, [area_of(shape[0], shape[1], self.prepared) for shape in shapes])

    def _judge(self) -> Judge | None:
        """On the first samples that are explained, so that no map is computed twice."""
        if self.answers.head != "classes":
            return None
        places = self.places[: self.job.judged]
        x, classes = self.answers.some(places)
        return Judge(self.model, x, classes, self.job.limits.batch, self._boxes(places))

    def _boxes(self, places: Sequence[int]) -> NDArray[np.bool_] | None:
        if not self.samples.boxes:
            return None
        rows = [int(self.answers.rows[place]) for place in places]
        shapes = [self.samples.pictures[row].shape for row in rows]
        areas = [area_of(shape[0], shape[1], self.prepared) for shape in shapes]
        return boxes_mask(
            [[_within(box, area) for box in self.samples.boxes[row]] for row, area in zip(rows, areas, strict=True)]
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
        x, classes = self.answers.some(self.places)
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
        x, answered = self.answers.some([self.places[i] for i in wrong])
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
        x, classes = self.answers.some(self.places)
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
        return sanity(self.model, maps, layer.path, self.clock)

    def _channels(self) -> Iterator[Channels]:
        explained, classes = self.answers.some(self.places)
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
        p = probabilities(self.answers.output)
        for place, maps in zip(self.places, collected.maps, strict=True):
            row = int(self.answers.rows[place])
            answered = int(self.answers.classes[place])
            best = p[place].topk(min(_TOP, p.shape[1])) if self.answers.head != "value" else None
            top = () if best is None else zip(best.indices.tolist(), best.values.tolist(), strict=True)
            source = self.job.sources[row] if row < len(self.job.sources) else ""
            output = self.answers.output[place]
            told = float(output.mean((1, 2))[answered] if output.dim() == 3 else output.reshape(-1)[answered])
            yield Explanation(row, source, self._truth_of(place), answered, told, tuple(top), tuple(maps))


def _within(
    box: tuple[float, float, float, float], area: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """A box as shares of a part of the picture."""
    left, top, right, bottom = area
    wide, high = right - left, bottom - top
    return (box[0] - left) / wide, (box[1] - top) / high, (box[2] - left) / wide, (box[3] - top) / high


def _said(samples: PictureInput, prepared: Prepared, answers: Answers) -> Iterator[str]:
    if prepared.source == "a guess":
        yield "Nobody says how pictures are scaled for the model, and there are no labels to try it on: it is a guess."
    elif prepared.tried:
        told = ", ".join(f"{name} {accuracy:.0%}" for name, accuracy in prepared.tried)
        yield f"How pictures are scaled was {prepared.source} (right answers: {told})."
    if len(answers.rows) < len(samples.pictures):
        yield f"The model was run on {len(answers.rows):,} of {len(samples.pictures):,} samples."


def _layers(job: Job, model: Runnable, answers: Answers) -> tuple[Candidate, ...]:
    layers = model.layers(first_of(model, answers.x, 2))
    if not any(job.layers):
        return candidates(model, layers, answers.x, answers.classes)
    shapes: Mapping[str, tuple[int, ...]] = {layer.path: layer.shape for layer in layers}
    found = []
    for path in filter(None, job.layers):
        grid = grid_of(shapes.get(path, ()), *answers.x.shape[2:])
        if grid is None:
            raise ProbeError(f"The layer {path!r} is not there, or does not lie over the picture.")
        found.append(Candidate(path, grid))
    return tuple(found)
