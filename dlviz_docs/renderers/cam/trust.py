"""How far the maps can be believed: removal of pixels, random weights, and other methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from dlviz_docs.insights import probe_sight
from dlviz_docs.insights import probe_trust as say
from dlviz_docs.insights.probe_words import NOISE, layer_name, method_name
from dlviz_docs.insights.results_words import percent, score
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.model.probes import Agreement, Faithfulness, Head, Probed, Sanity
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading
from dlviz_docs.view import Cell, Column, Figure, Layer, Matrix, Plot, PlotAxis, Shown, Table

__all__ = ["trust"]

GROUP = "How far to believe the maps"
CURVES = 6
"""Methods that have a curve, besides noise."""
CHANCE = 0.5
"""Similarity that maps of random weights have to be below."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """One column of the table; it is left out where no method has a number."""

    column: Column
    value: Callable[[Faithfulness, Sanity | None], float | None]
    text: Callable[[float], str] = score


def _similar(sanity: Sanity | None, stage: int) -> float | None:
    """To the map before, after that stage of making weights random."""
    return float(sanity.similarity[stage]) if sanity is not None and len(sanity.similarity) else None


def _measure(label: str, help_: str, name: str, text: Callable[[float], str] = score) -> _Measure:
    return _Measure(Column(label, True, help_), lambda found, _: getattr(found, name), text)


@dataclass(frozen=True, slots=True)
class _Words:
    """How the measures of one kind of answer are called."""

    left: str
    """What is left of the answer as pixels go."""
    where: str = ""
    """Where evidence should lie."""
    column: str = ""


_WORDS: Mapping[Head, _Words] = {
    "classes": _Words("probability of the answer", "the annotated boxes", "In boxes"),
    "value": _Words("share left of what sets the output apart", "the annotated boxes", "In boxes"),
    "regions": _Words("mean probability in the predicted region", "the region that was predicted", "In region"),
    "boxes": _Words("probability of the box", "the box that was found", "In box"),
}


def _measures(words: _Words) -> tuple[_Measure, ...]:
    """The columns of the table, ROAD first."""
    lost = f"What goes of the {words.left} with the most relevant pixels, beyond what goes with the least relevant"
    inside, pointing = f"Share of the evidence inside {words.where}", "Share of samples whose strongest cell lies there"
    return (
        _measure("ROAD", lost, "road"),
        *MEASURES[:3],
        _measure(words.column, inside, "inside", percent),
        _measure("Pointing", pointing, "pointing", percent),
        *MEASURES[3:],
    )


MEASURES = (
    _measure(
        "First 5 %", "ROAD of the first 5 % of the pixels alone: it tells maps apart that are alike beyond", "early"
    ),
    _measure("Deletion", "Area under the curve as the most relevant pixels go: lower is better", "deletion"),
    _measure("Insertion", "Area under the curve as the most relevant pixels come: higher is better", "insertion"),
    _Measure(
        Column("Random weights", True, "Rank correlation with the map of a model of random weights: low is sane"),
        lambda _, sanity: _similar(sanity, -1),
    ),
    _Measure(
        Column("Random head", True, "The same when the last layer alone is random: near 1, the class does not matter"),
        lambda _, sanity: _similar(sanity, 0),
    ),
    _measure("Samples", "That the measures were taken on", "samples", lambda n: f"{n:,.0f}"),
)


def trust(one: Reading, place: Place) -> Iterator[Shown]:
    """Sentences, the table, and what it is made of."""
    probed = one.probed
    yield from filter(None, _sentences(one))
    if probed.faithfulness:
        yield _table(one, place)
        yield from _curves(_drawn(one), place, probed.head)
    if probed.sanity:
        yield _sanity(probed.sanity, place)
    if probed.agreement is not None and len(probed.agreement.methods) > 1:
        yield _agreement(probed.agreement, place)


# --- sentences ---


def _sentences(one: Reading) -> Iterator[Insight | None]:
    probed = one.probed
    noise = next((f for f in probed.faithfulness if f.method == NOISE), None)
    mine = next((f for f in probed.faithfulness if (f.method, f.layer) == (probed.method, one.layer)), None)
    if mine is not None and mine.road is not None:
        base = None if noise is None else noise.road
        yield say.chosen(mine.method, mine.layer, mine.road, mine.road_error, base, mine.samples, _higher(mine, probed))
    if mine is not None and mine.inside is not None:
        base = None if noise is None else noise.inside
        where = _WORDS[probed.head].where
        yield probe_sight.boxes(mine.method, mine.inside, base, mine.pointing, mine.samples, where)
    yield _layers(probed.faithfulness, probed.method)
    ends = [(s, float(s.similarity[-1])) for s in _each_once(probed.sanity) if len(s.similarity)]
    yield say.insane([(s.method, last) for s, last in ends if not s.passes], probed.method)
    of = "what the last layer learnt" if probed.head == "value" else "the class"
    yield say.classless([(s.method, float(s.similarity[0])) for s, _ in ends if not s.head], of)
    if probed.agreement is not None:
        yield _disagreement(probed.agreement)


def _each_once(found: Sequence[Sanity]) -> list[Sanity]:
    """The first check of each method."""
    return list({one.method: one for one in reversed(found)}.values())[::-1]


def _higher(mine: Faithfulness, probed: Probed) -> tuple[str, str, float, say.WhyNot] | None:
    """The highest of all, where that is another: a later layer and HiResCAM stay until others are clearly better, and
    what fails a check with random weights is not chosen."""
    found = [(one.road, one) for one in probed.faithfulness if _known(one.road) and one.method != NOISE]
    road, best = max(found, key=lambda one: one[0], default=(0.0, mine))
    if not _known(mine.road) or road <= mine.road:
        return None
    checked = next((one for one in probed.sanity if one.method == best.method and not (one.passes and one.head)), None)
    why: say.WhyNot = "chance" if _known(best.road_error) and road - mine.road <= best.road_error else ""
    if checked is not None and best.method != mine.method:
        why = "classless" if checked.passes else "alike"
    return best.method, best.layer, road, why


def _layers(found: Sequence[Faithfulness], method: str) -> Insight | None:
    """ROAD of the chosen method over layers, against that of all methods at its best layer."""
    own = {f.layer: f.road for f in found if f.method == method and _known(f.road)}
    if len(own) < 2:
        return None
    best, worst = max(own, key=lambda layer: own[layer]), min(own, key=lambda layer: own[layer])
    at_best = [f.road for f in found if f.layer == best and f.method != NOISE and _known(f.road)]
    if len(at_best) < 2:
        return None
    return say.layer_matters(method, (best, own[best]), (worst, own[worst]), max(at_best) - min(at_best))


def _disagreement(found: Agreement) -> Insight | None:
    """Mean and least correlation between two methods that are none of noise."""
    real = [i for i, method in enumerate(found.methods) if method != NOISE]
    pairs = [(i, j) for i in real for j in real if i < j and np.isfinite(found.rho[i, j])]
    if not pairs:
        return None
    least = min(pairs, key=lambda pair: float(found.rho[pair]))
    names = found.methods[least[0]], found.methods[least[1]]
    mean = float(np.mean([found.rho[pair] for pair in pairs]))
    return say.agreement(mean, (*names, float(found.rho[least])), found.samples)


# --- the table ---


def _table(one: Reading, place: Place) -> Figure:
    probed = one.probed
    checked = {(s.method, s.layer): s for s in probed.sanity}
    rows = [(found, checked.get((found.method, found.layer))) for found in probed.faithfulness]
    kept = [measure for measure in _measures(_WORDS[probed.head]) if any(_known(measure.value(*row)) for row in rows)]
    axis = _axis(probed.faithfulness)
    cells = tuple(
        (*_named(found, (found.method, found.layer) == (probed.method, one.layer)), *_values(found, sanity, kept, axis))
        for found, sanity in rows
    )
    caption = (
        f"Pixels are taken away in the order a map tells, and the {_WORDS[probed.head].left} has to follow; "
        f"{method_name(NOISE)} is what any map has to beat. Sorted by ROAD (Rong et al. 2022), where holes are filled "
        "from around them, so that their shape tells nothing."
    )
    columns = (Column("Method"), Column("Layer"), *(measure.column for measure in kept))
    return Figure(place.id("faithfulness"), "Are the maps faithful?", caption, Table(columns, cells), GROUP)


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and bool(np.isfinite(value))


def _named(found: Faithfulness, picked: bool) -> tuple[Cell, Cell]:
    name = method_name(found.method)
    layer = "" if found.method == NOISE and not found.layer else layer_name(found.layer)
    return (Cell(f"{name} (chosen)", color=0) if picked else Cell(name)), Cell(layer)


def _values(
    found: Faithfulness, sanity: Sanity | None, kept: Sequence[_Measure], axis: tuple[float, float]
) -> Iterator[Cell]:
    for measure in kept:
        value = measure.value(found, sanity)
        if not _known(value):
            yield Cell("–")
        elif measure.column.label == "ROAD":
            yield _road(value, found.road_error, axis)
        else:
            yield Cell(measure.text(value), value)


def _road(value: float, error: float | None, axis: tuple[float, float]) -> Cell:
    """With its standard error, and a small bar."""
    wide = error if _known(error) else 0.0
    low, middle, high = ((end - axis[0]) / (axis[1] - axis[0]) for end in (value - wide, value, value + wide))
    return Cell(score(value) + (f" ± {score(wide)}" if _known(error) else ""), value, bar=(low, middle, high))


def _axis(found: Sequence[Faithfulness]) -> tuple[float, float]:
    """Ends of the small bars: all values of ROAD with their errors."""
    known = [(f.road, f.road_error if _known(f.road_error) else 0.0) for f in found if _known(f.road)]
    low, high = min((r - e for r, e in known), default=0.0), max((r + e for r, e in known), default=1.0)
    return min(low, 0.0), max(high, 1e-9)


# --- curves ---


def _drawn(one: Reading) -> list[Faithfulness]:
    """Each method where it is chosen, or else at its best layer; the first of them, and noise."""
    found = [row for row in one.probed.faithfulness if row.shares is not None]
    best = {row.method: row for row in reversed(found)}
    best |= {row.method: row for row in found if (row.method, row.layer) == (one.probed.method, one.layer)}
    order = dict.fromkeys(row.method for row in found)
    first = [method for method in order if method != NOISE][:CURVES]
    return [best[method] for method in order if method == NOISE or method in first]


def _curves(found: Sequence[Faithfulness], place: Place, head: Head) -> Iterator[Figure]:
    if not found:
        return
    for id_, title, says, which in (
        (
            "deletion",
            "Pixels taken away",
            "The most relevant pixels go first: a faithful map lets the answer fall soon.",
            0,
        ),
        (
            "insertion",
            "Pixels brought back",
            "The most relevant pixels come first into a blurred picture: a faithful map lets the answer rise soon.",
            1,
        ),
    ):
        lines = tuple(line for i, one in enumerate(found) if (line := _curve(one, which, i)))
        if lines:
            low = None if head == "value" else 0.0  # what is left of a value may be less than nothing
            axes = PlotAxis("share of pixels", low=0.0, high=1.0), PlotAxis(_WORDS[head].left, low=low)
            caption = f"{says} Means over {found[0].samples:,} samples (Petsiuk et al. 2018)."
            yield Figure(place.id(id_), title, caption, Plot(lines, *axes), GROUP)


def _curve(one: Faithfulness, which: int, color: int) -> Layer | None:
    values = (one.deleted, one.inserted)[which]
    if values is None or one.shares is None:
        return None
    area = (one.deletion, one.insertion)[which]
    name = method_name(one.method) if one.method == NOISE else f"{method_name(one.method)}, {layer_name(one.layer)}"
    label = name if area is None else f"{name}: area {score(area)}"
    return Layer(
        "line", one.shares, values, label=label, color=color, dash="dotted" if one.method == NOISE else "solid"
    )


# --- sanity ---


def _sanity(found: Sequence[Sanity], place: Place) -> Figure:
    """One line a method, over what is random so far; the stages of the one that has most."""
    stages = max((one.stages for one in found), key=len)
    shown = [one for one in _each_once(found) if one.stages == stages]
    places: FloatArray = np.arange(len(stages), dtype=np.float64)
    lines = tuple(
        Layer("line", places, np.asarray(one.similarity, np.float64), label=_verdict(one), color=i)
        for i, one in enumerate(shown)
    )
    chance = float(np.mean([one.chance for one in shown]))
    rule = Layer("rule", places[[0, -1]], np.full(2, chance), label=f"maps of noise: {score(chance)}")
    caption = (
        "Rank correlation of each map with that of the same model as its weights are made random, from the last layer "
        f"to the first (Adebayo et al. 2018; n = {shown[0].samples:,}). A map that shows what was learnt falls below "
        f"{CHANCE:g}; one that stays shows the picture."
    )
    values = np.concatenate([one.similarity for one in shown])
    low = min(0.0, float(values[np.isfinite(values)].min(initial=0.0)))
    x, y = (
        PlotAxis("made random so far", "category", tuple(map(layer_name, stages))),
        PlotAxis("rank correlation", low=low, high=1.0),
    )
    return Figure(place.id("sanity"), "Do the maps show what was learnt?", caption, Plot((*lines, rule), x, y), GROUP)


def _verdict(one: Sanity) -> str:
    return f"{method_name(one.method)}: {'passes' if one.passes else 'fails'}{'' if one.head else ', not of the class'}"


# --- agreement ---


def _agreement(found: Agreement, place: Place) -> Figure:
    names = tuple(method_name(method) for method in found.methods)
    caption = (
        f"Rank correlation of the maps of two methods, mean over {found.samples:,} samples. Methods that agree may "
        "still all be wrong."
    )
    matrix = Matrix(names, names, np.asarray(found.rho, np.float64), low=-1.0, high=1.0, diverging=True)
    return Figure(place.id("agreement"), "Do methods agree?", caption, matrix, GROUP)
