"""One model that was run, as its page asks for it: names of classes, pictures of rows, what a map is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights.probe_words import layer_name, method_name
from dlviz_docs.insights.results_words import brief, percent, score
from dlviz_docs.model import Checkpoint, Dataset, Experiment, FloatArray, Pictures, Predictions, Samples
from dlviz_docs.model.probes import Explanation, Map, Probed
from dlviz_docs.renderers._moments import moments as moments_of
from dlviz_docs.renderers._place import places
from dlviz_docs.stats.evidence import box_share, half_of
from dlviz_docs.view import Heat, Thumb
from dlviz_docs.words import count

__all__ = ["REGION", "Moment", "Reading", "readings", "seen_of"]

SIDE = 384
"""Longest side in px of the pictures that maps lie over."""
PREDICTED, TRUTH, UNSURE = "predicted", "truth", "unsure"
REGION = "predicted region"
"""What stands among the methods and is no map of evidence."""
_SHARES = {"regions": "share of the picture"}
"""What the numbers beside answers are called, where they are no confidence."""
_ORDINALS = ("1st", "2nd", "3rd")


@dataclass(frozen=True, slots=True)
class Moment:
    """One checkpoint of a model."""

    name: str
    """When, in words: "epoch 3"."""
    probed: Probed


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A model's results, with words for what they speak of."""

    probed: Probed
    pictures: Mapping[str, tuple[int, int]]
    """Width and height in px of those that can be shown, by their key."""
    layer: str = ""
    """Where the chosen method's maps were taken: at the chosen layer, or at the input."""
    moments: tuple[Moment, ...] = ()
    """The checkpoints that were explained, in the order of training; none where only one was."""
    name: str = ""
    """Of the model, where there are several."""

    @property
    def of_classes(self) -> bool:
        """Whether the model tells classes apart, also of regions or of boxes; else it gives a number."""
        named = self.probed.head != "value" and bool(self.probed.classes)
        return named or any(one.top for one in self.probed.explanations)

    def said(self, place: int) -> str:
        """Name of a class, which an answer is."""
        classes = self.probed.classes
        if not self.of_classes:
            return "the output"
        return classes[place] if 0 <= place < len(classes) else f"class {place}"

    def source(self, row: int) -> str:
        """The key of a sample's picture, or what else it is called; "" where nobody says."""
        if row < len(self.probed.sources):
            return self.probed.sources[row]
        return next((one.source for one in self.probed.explanations if one.sample == row), "")

    def title(self, row: int) -> str:
        """What a sample is called."""
        return self.source(row).rsplit("/", 1)[-1] or f"sample {row + 1}"

    def thumb(self, row: int, side: int = SIDE) -> Thumb | None:
        """Its picture, `side` px at its longest; None where there is none, or nothing says how large it is."""
        key = self.source(row)
        width, height = self.pictures.get(key, (0, 0))
        return Thumb(key, width, height, self.title(row), side) if width > 0 and height > 0 else None

    def wrong(self, one: Explanation) -> bool | None:
        """Whether the answer is not the truth; None where nobody knows, and of a number."""
        return None if one.truth is None or not self.of_classes else one.predicted != one.truth

    def group(self, one: Explanation) -> str:
        """ "unsure" where the next answer is at least half as likely as the one that was given."""
        if self.probed.head not in ("classes", "boxes"):
            return ""
        shares = sorted((share for _, share in one.top), reverse=True)
        return UNSURE if len(shares) > 1 and shares[1] >= shares[0] / 2 > 0 else ""

    def facts(self, one: Explanation) -> Iterator[tuple[str, str]]:
        """What is told of a sample beside its picture."""
        if not self.of_classes:
            yield "output", score(one.output)
            if one.blank is not None:
                yield "of a blank picture", score(one.blank)
            return
        if one.truth is not None:
            yield "truth", brief(self.said(one.truth))
        yield "predicted", brief(self.said(one.predicted))
        told = dict(one.top)
        if one.predicted in told:
            yield _SHARES.get(self.probed.head, "confidence"), score(told[one.predicted])
        if self.probed.head == "boxes":
            yield "found", count(one.boxes, "box", "boxes")
        others = [(place, share) for place, share in one.top if place != one.predicted]
        if others:
            yield "next", ", ".join(f"{brief(self.said(place))} ({score(share)})" for place, share in others[:2])

    def target(self, one: Explanation, target: int) -> str:
        """Which answer a map is of, by its role: it is the same choice for pictures of other classes."""
        if not self.of_classes:
            return "output"
        if target == one.predicted:
            return PREDICTED
        if target == one.truth:
            return TRUTH
        rank = next((rank for rank, (place, _) in enumerate(one.top) if place == target), None)
        if rank is None:
            return brief(self.said(target))
        return _ORDINALS[rank] if rank < len(_ORDINALS) else f"{rank + 1}th"

    def choice(self, one: Explanation, drawn: Map) -> tuple[str, str, str]:
        """Method, layer and answer."""
        target = self.target(one, drawn.target)
        if drawn.against is not None:
            target = f"{target} − {self.target(one, drawn.against)}"
        return method_name(drawn.method), layer_name(drawn.layer), target

    def heat(self, one: Explanation, drawn: Map) -> Heat:
        """A map as a figure has it."""
        values: FloatArray = np.asarray(drawn.values, np.float64)
        note = self.note(one, drawn, values)
        return Heat(self.choice(one, drawn), values, drawn.peak, drawn.signed, note, area=drawn.area)

    def heats(self, one: Explanation) -> list[Heat]:
        """All maps of a sample; of regions, with the region that they are of."""
        found = [self.heat(one, drawn) for drawn in one.maps]
        if one.mask is None or not one.maps:
            return found
        values: FloatArray = np.asarray(one.mask, np.float64)
        share = percent(float(values.mean()))
        note = f"Where the model says {brief(self.said(one.predicted))}: {share} of what it sees."
        return [*found, Heat((REGION, layer_name(""), PREDICTED), values, 1.0, note=note, area=one.maps[0].area)]

    def note(self, one: Explanation, drawn: Map, values: FloatArray) -> str:
        """What there is to say of one map."""
        of = f"For {brief(self.said(drawn.target))}"
        if drawn.against is not None:
            of += f" rather than {brief(self.said(drawn.against))}"
        if drawn.empty:
            return f"{of}: {drawn.empty[:1].lower()}{drawn.empty[1:]}"
        half = half_of(values) * seen_of(drawn)
        if not np.isfinite(half):
            return f"{of}: nothing speaks for it here."
        known = drawn.gap is not None and np.isfinite(drawn.gap)
        gap = f" It misses {percent(drawn.gap or 0.0)} of what it should add up to." if known else ""
        inside = percent(box_share(values, _within(one.box, drawn.area))) if one.box else ""
        told = f", {inside} of all in the box" if inside else ""
        return f"{of}: half of the evidence lies on {percent(half)} of the picture{told}.{gap}"

    def chosen(self, one: Explanation) -> Map | None:
        """The map of its answer by the method and at the layer that were chosen, or the first of that answer."""
        found = one.get(self.probed.method, self.layer) if self.probed.method else None
        return found or next((m for m in one.maps if m.target == one.predicted and m.against is None), None)


def _within(box: tuple[float, ...], area: tuple[float, ...]) -> tuple[float, float, float, float]:
    """From shares of the picture to shares of what a map covers."""
    wide, high = area[2] - area[0], area[3] - area[1]
    left, right = ((side - area[0]) / wide for side in box[::2])
    top, bottom = ((side - area[1]) / high for side in box[1::2])
    return left, top, right, bottom


def seen_of(drawn: Map) -> float:
    """Share of the picture that a map covers."""
    left, top, right, bottom = drawn.area
    return (right - left) * (bottom - top)


def readings(experiment: Experiment) -> list[Reading]:
    """Of each model the last checkpoint that was explained, with those before it; a name for each of several models."""
    pictures = _pictures(experiment.samples)
    left = list(experiment.probes)
    found: list[tuple[str, list[Moment]]] = []
    for network in experiment.models.networks:
        when = moments_of(network.checkpoints)
        moments = [
            Moment(when[c.path], left.pop(place)) for c in network.checkpoints if (place := _place(left, c)) >= 0
        ]
        if moments:
            found.append((network.name, moments))
    found += [(probed.model, [Moment("", probed)]) for probed in left]
    told = places([name or moments[-1].probed.model or "model" for name, moments in found])
    return [
        Reading(
            moments[-1].probed,
            pictures,
            _layer(moments[-1].probed),
            tuple(moments) if len(moments) > 1 else (),
            place.name if len(found) > 1 else "",
        )
        for place, (_, moments) in zip(told, found, strict=True)
    ]


def _place(left: Sequence[Probed], checkpoint: Checkpoint) -> int:
    return next((place for place, probed in enumerate(left) if probed.model == checkpoint.path), -1)


def _layer(probed: Probed) -> str:
    drawn = (drawn for one in probed.explanations for drawn in one.maps if drawn.method == probed.method)
    found = list(dict.fromkeys(one.layer for one in drawn))
    return probed.layer if probed.layer in found or not found else found[0]


def _pictures(samples: Samples) -> Mapping[str, tuple[int, int]]:
    """Width and height in px of every picture by its key."""
    found: tuple[Dataset | Predictions, ...] = (*samples.predictions, *samples.datasets)
    return {key: size for one in found if one.pictures is not None for key, size in _sized(one.pictures)}


def _sized(pictures: Pictures) -> Iterator[tuple[str, tuple[int, int]]]:
    if pictures.array is not None and pictures.array.ndim >= 3:
        height, width = pictures.array.shape[1:3]
        yield from ((key, (width, height)) for key in pictures.keys)
    else:
        sizes = ((int(width), int(height)) for width, height in pictures.sizes)
        yield from zip(pictures.keys, sizes, strict=False)
