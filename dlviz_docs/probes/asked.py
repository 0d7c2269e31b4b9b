"""Which answers are explained, and what of each: a class, a value, a region or a box."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dlviz_docs.model.probes import Head
from dlviz_docs.probes.answers import Answers
from dlviz_docs.probes.found import FOUND, OfBoxes
from dlviz_docs.probes.job import Job
from dlviz_docs.probes.passes import outputs_of
from dlviz_docs.probes.runnable import Runnable
from dlviz_docs.probes.targets import OfRegions, OfValues, Wanted, probabilities
from dlviz_docs.stats.choice import choose

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["Asked", "asked_of"]

_APART = 0.25
"""Standard deviations of all values by which a picture has to move one for measures to be taken on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The answers that are explained; those that measures can be taken on come first."""

    places: list[int]
    """Of the answers."""
    x: Tensor
    target: Wanted
    judged: int
    """On how many of them measures are taken."""
    note: str = ""
    """Why it is those, and what is explained of them, in sentences."""


def asked_of(job: Job, model: Runnable, answers: Answers, truth: NDArray[np.int64] | None) -> Asked:
    """Those that are named, or else of every kind some."""
    named = {int(row): place for place, row in enumerate(answers.rows)}
    wanted = [named[row] for row in job.explain if row in named] if job.explain else None
    if answers.head == "classes":
        places = wanted if wanted is not None else _of_classes(job, answers, truth)
        return Asked(places, answers.x[places], answers.classes[places], min(job.judged, len(places)))
    return _OTHERS[answers.head](job, model, answers, wanted)


def _of_classes(job: Job, answers: Answers, truth: NDArray[np.int64] | None) -> list[int]:
    """Of every class right, wrong and unsure ones."""
    sure = probabilities(answers.output).max(1).values.double().numpy()
    own = None if truth is None else truth[answers.rows]
    first = [row for row, _ in choose(own, answers.classes.numpy(), sure, job.shown)]
    enough = min(job.judged, job.shown, len(answers.rows))
    return _filled(first, np.random.default_rng(0).permutation(len(answers.rows)).tolist(), enough)


def _filled(first: list[int], others: list[int], enough: int) -> list[int]:
    """With others behind them until there are enough for measures to mean something."""
    more = [place for place in others if place not in set(first)]
    return first + more[: max(enough - len(first), 0)]


def _of_values(job: Job, model: Runnable, answers: Answers, wanted: list[int] | None) -> Asked:
    """From the lowest to the highest; those first that differ from the value of a blank picture."""
    values = answers.output.reshape(-1)
    spread = np.linspace(0, len(values) - 1, min(job.shown, len(values))).round().astype(int)
    places = wanted if wanted is not None else values.argsort(stable=True)[spread].tolist()
    x = answers.x[places]
    blank = outputs_of(model, x.mean((2, 3), keepdim=True).expand_as(x), job.limits.batch).reshape(-1)
    far = (values[places] - blank).abs() > _APART * float(values.std(unbiased=False))
    order = [*_where(far), *_where(~far)]
    places = [places[i] for i in order]
    note = (
        "Maps show what moves the output away from what the model says of a blank picture of the same mean colour, "
        "up or down; measures are of the share of that difference that is left"
    )
    left = int((~far).sum())
    note += f". On {left} of the explained samples the two hardly differ: these are not measured." if left else "."
    target = OfValues(values[places], blank[order])
    return Asked(places, answers.x[places], target, min(job.judged, int(far.sum())), note)


def _where(chosen: Tensor) -> list[int]:
    return [i for i, one in enumerate(chosen.tolist()) if one]


def _of_regions(job: Job, model: Runnable, answers: Answers, wanted: list[int] | None) -> Asked:
    """Pictures of every class in turn, those that it fills most of first."""
    found = answers.output.argmax(1) == answers.classes[:, None, None]
    sizes = found.flatten(1).sum(1)
    places = wanted if wanted is not None else _in_turn(answers.classes.tolist(), sizes.tolist(), job.shown)
    note = (
        "Maps are of the class that fills most of a picture besides the one that fills most of all pictures, and of "
        "its mean logit where it was predicted."
    )
    target = OfRegions(answers.classes[places], found[places])
    return Asked(places, answers.x[places], target, min(job.judged, len(places)), note)


def _of_boxes(job: Job, model: Runnable, answers: Answers, wanted: list[int] | None) -> Asked:
    """Pictures of every class in turn, the surest first; those that nothing is found in come last, unmeasured."""
    target = OfBoxes.surest(answers.output)
    sure = target.sure
    places = wanted if wanted is not None else _in_turn(answers.classes.tolist(), sure.tolist(), job.shown)
    places = [i for i in places if sure[i] >= FOUND] + [i for i in places if sure[i] < FOUND]
    count = sum(float(sure[i]) >= FOUND for i in places)
    note = "Maps are of the surest box of each picture: the logit of its class against that of nothing being there."
    if count < len(places):
        note += f" In {len(places) - count} of the explained pictures nothing is found with a confidence of {FOUND:g}."
    return Asked(places, answers.x[places], target[places], min(job.judged, count), note)


def _in_turn(classes: Sequence[int], sizes: Sequence[float], most: int) -> list[int]:
    """Places of the largest of each class, then of the next of each, up to `most`."""
    rank: dict[int, int] = {}
    order = sorted(range(len(sizes)), key=lambda i: -sizes[i])
    turns = []
    for place in order:
        turns.append((rank.setdefault(classes[place], 0), place))
        rank[classes[place]] += 1
    return [place for _, place in sorted(turns, key=lambda turn: turn[0])][:most]


_OTHERS: Mapping[Head, Callable[[Job, Runnable, Answers, list[int] | None], Asked]] = {
    "value": _of_values,
    "regions": _of_regions,
    "boxes": _of_boxes,
}
