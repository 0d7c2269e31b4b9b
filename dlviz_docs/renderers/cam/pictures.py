"""Maps over pictures: of single ones, in the mean of a class, and over training."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dlviz_docs.insights import probe_sight as say
from dlviz_docs.insights import probe_trust
from dlviz_docs.insights.probe_words import layer_name, method_name, method_says
from dlviz_docs.insights.results_words import brief, percent, score
from dlviz_docs.model import FloatArray
from dlviz_docs.model.probes import Explanation, Map
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import PREDICTED, REGION, Reading, seen_of
from dlviz_docs.stats.evidence import frame_area, frame_share, half_of, mean_of
from dlviz_docs.view import Fact, Figure, Heat, Overlay, Seen, Shown, Thumb
from dlviz_docs.words import count

__all__ = ["pictures"]

KINDS = {False: "right", True: "wrong", None: "all"}
"""Answers that a mean is of; all, where nobody knows the truth."""
LEAST = 2
"""Maps that a mean is of."""
_REGION_SAYS = "Where that class was the likeliest: what the maps beside it explain, and no evidence itself."
_OF = {
    "classes": "the answer",
    "value": "what sets the output apart from that of a blank picture",
    "regions": "the class in the region where it was predicted",
    "boxes": "the surest box, which is drawn",
}
"""What maps are of."""
BLANK = 150
"""Side in px of what a map of no one picture lies over, where nothing says how large pictures are."""


def pictures(one: Reading, place: Place, samples: bool) -> Iterator[Shown]:
    """What can be said of all maps, and the maps."""
    explained = [each for each in one.probed.explanations if each.maps]
    if not explained:
        return
    yield from _facts(one)
    yield from _sentences(one, explained)
    if not samples:
        return
    yield from _maps(one, explained, place)
    yield from _means(one, explained, place)
    yield from _training(one, place)


def _facts(one: Reading) -> Iterator[Fact]:
    probed = one.probed
    if not probed.method:
        return
    best = next((f for f in probed.faithfulness if (f.method, f.layer) == (probed.method, one.layer)), None)
    road = "" if best is None or best.road is None else f", ROAD {score(best.road)}"
    name = f"What it looks at ({one.name})" if one.name else "What it looks at"
    yield Fact(name, f"{method_name(probed.method)} at {layer_name(one.layer)}{road}")


# --- what they have in common ---


def _sentences(one: Reading, explained: Sequence[Explanation]) -> Iterator[Shown]:
    probed = one.probed
    found = [(each, drawn) for each in explained if (drawn := one.chosen(each))]
    yield from filter(None, (_spread(one, found), *_borders(one, found)))
    reasons = Counter(drawn.empty for _, drawn in found if drawn.empty).most_common()
    told = say.empty(probed.method, one.layer, reasons, len(found)) if probed.method else None
    gaps = [drawn.gap for each in explained for drawn in each.maps if drawn.gap is not None and np.isfinite(drawn.gap)]
    over = sum(gap > probe_trust.COMPLETE for gap in gaps)
    yield from filter(None, (told, probe_trust.incomplete(max(gaps, default=0.0), over, len(gaps))))


def _spread(one: Reading, found: Sequence[tuple[Explanation, Map]]) -> Shown | None:
    halves: defaultdict[str, list[float]] = defaultdict(list)
    areas: list[float] = []
    for each, drawn in found:
        half = half_of(np.asarray(drawn.values, np.float64))
        if np.isfinite(half):
            areas.append(seen_of(drawn))
            halves[one.said(each.predicted)].append(half * areas[-1])
    means = sorted(
        ((name, float(np.mean(own))) for name, own in halves.items() if len(own) >= LEAST), key=lambda m: m[1]
    )
    every = [half for own in halves.values() for half in own]
    least, most = (means[0], means[-1]) if means else (None, None)
    return say.spread(float(np.mean(every)), len(every), least, most, float(np.mean(areas)) / 2) if every else None


def _borders(one: Reading, found: Sequence[tuple[Explanation, Map]]) -> Iterator[Shown | None]:
    """Classes whose evidence lies along the border, told of wrong answers first; else of all."""
    shares: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for each, drawn in found:
        share = frame_share(np.asarray(drawn.values, np.float64))
        if np.isfinite(share):
            name = one.said(each.predicted) if one.of_classes else ""
            shares[name, bool(one.wrong(each))].append(share)
    cut = any(seen_of(drawn) < 1 for _, drawn in found)
    for name in dict.fromkeys(name for name, _ in shares):
        mistakes, right = shares.get((name, True), []), shares.get((name, False), [])
        told = [
            say.border(name, _along(own), len(own), frame_area(), wrong=own is mistakes, cut=cut)
            for own in (mistakes, right)
        ]
        whole = [*mistakes, *right]
        every = say.border(name, _along(whole), len(whole), frame_area(), wrong=False, cut=cut)
        yield from told if any(told) else [every]


def _along(shares: Sequence[float]) -> int:
    return sum(share > say.MOST for share in shares)


# --- single pictures ---


def _maps(one: Reading, explained: Sequence[Explanation], place: Place) -> Iterator[Figure]:
    items = [seen for each in explained if (seen := _seen(one, each, one.heats(each)))]
    if not items:
        return
    start = _start(one, explained)
    methods = list(dict.fromkeys(drawn.method for each in explained for drawn in each.maps))
    notes = [(method_name(method), said) for method in methods if (said := method_says(method))]
    overlay = Overlay(
        tuple(items),
        ("method", "layer", "answer"),
        start,
        apart=("method", "layer"),
        total=max(one.probed.samples, len(items)),
        notes=(*notes, *((REGION, _REGION_SAYS) for _ in range(one.probed.head == "regions"))),
    )
    caption = (
        f"Bright is what speaks for {_OF[one.probed.head]}: {start[0]} at {start[1]}, in cells as coarse as they "
        "were computed. Other methods, layers and answers can be chosen; what a map shows is where the evidence lies, "
        "not why."
    )
    yield Figure(place.id("maps"), "Maps over pictures", caption, overlay, place.group("Where the evidence lies"))


def _start(one: Reading, explained: Sequence[Explanation]) -> tuple[str, str, str]:
    """The chosen method and layer, or what the first picture has."""
    first = next((drawn for each in explained if (drawn := one.chosen(each))), explained[0].maps[0])
    method, layer = (one.probed.method, one.layer) if one.probed.method else (first.method, first.layer)
    return method_name(method), layer_name(layer), PREDICTED if one.of_classes else "output"


def _seen(one: Reading, each: Explanation, heats: Sequence[Heat]) -> Seen | None:
    title = one.title(each.sample)
    thumb = one.thumb(each.sample)
    if thumb is None or not heats:
        return None
    return Seen(title, thumb, tuple(one.facts(each)), tuple(heats), one.wrong(each), one.group(each), each.box)


# --- the mean of a class ---


def _means(one: Reading, explained: Sequence[Explanation], place: Place) -> Iterator[Figure]:
    if not one.of_classes:
        return
    maps: defaultdict[int, Mapping[str, list[FloatArray]]] = defaultdict(lambda: {kind: [] for kind in KINDS.values()})
    for each in explained:
        drawn = one.chosen(each)
        if drawn is not None and not drawn.empty:
            maps[each.predicted][KINDS[one.wrong(each)]].append(np.asarray(drawn.values, np.float64))
    items = [seen for predicted, found in sorted(maps.items()) if (seen := _mean(one, predicted, found))]
    if items:
        known = any(one.wrong(each) is not None for each in explained)
        caption = (
            "Mean of the maps of each answer, every map with the same weight: where in pictures the evidence for a "
            "class lies as a rule." + (" Right and wrong answers apart." if known else "")
        )
        overlay = Overlay(tuple(items), ("answer",), ("right",))
        yield Figure(place.id("mean-maps"), "Mean map of each answer", caption, overlay, place.group("In the mean"))


def _mean(one: Reading, predicted: int, found: Mapping[str, list[FloatArray]]) -> Seen | None:
    heats = []
    for name, maps in found.items():
        mean = mean_of(maps) if len(maps) >= LEAST else None
        if mean is not None:
            half = percent(half_of(mean))
            note = f"Half of the evidence lies on {half} of the area, in the mean of {count(len(maps), 'map')}."
            heats.append(Heat((name,), mean, float(mean.max()), note=note))
    if not heats:
        return None
    name = brief(one.said(predicted))
    facts = tuple((kind, count(len(maps), "map")) for kind, maps in found.items() if maps)
    return Seen(name, _blank(one, f"mean map of {name}"), facts, tuple(heats))


def _blank(one: Reading, alt: str) -> Thumb:
    height, width = (*one.probed.prepared.size, 0, 0)[:2]
    return Thumb("", width or BLANK, height or BLANK, alt, BLANK)


# --- over training ---


def _training(one: Reading, place: Place) -> Iterator[Figure]:
    """The same pictures, checkpoint by checkpoint."""
    moments = one.moments
    if len(moments) < 2:
        return
    heats: defaultdict[int, list[Heat]] = defaultdict(list)
    for moment in moments:
        for each in moment.probed.explanations:
            # A checkpoint may be asked for the last one's answer, not its own: the note names what a map is of.
            drawn = one.chosen(each) or next((drawn for drawn in each.maps if drawn.against is None), None)
            if drawn is not None:
                heats[each.sample].append(_then(one, moment.name, each, drawn))
    items = [
        seen
        for each in one.probed.explanations
        if len(heats[each.sample]) > 1 and (seen := _seen(one, each, heats[each.sample]))
    ]
    if not items:
        return
    caption = (
        f"Maps at each of {len(moments)} checkpoints, by {method_name(one.probed.method)} at {layer_name(one.layer)}, "
        "with what the model answered then and which answer the map is of. Beside the picture stands what it answers "
        "in the end."
    )
    overlay = Overlay(tuple(items), ("checkpoint",), (moments[-1].name,), ("checkpoint",))
    yield Figure(place.id("training-maps"), "Over training", caption, overlay, place.group("Over training"))


def _then(one: Reading, name: str, each: Explanation, drawn: Map) -> Heat:
    sure = dict(each.top).get(each.predicted)
    said = (
        f"It says {brief(one.said(each.predicted))}{'' if sure is None else f' ({score(sure)})'}. "
        if one.of_classes
        else ""
    )
    values: FloatArray = np.asarray(drawn.values, np.float64)
    note = f"{said}{one.note(each, drawn, values)}"
    return Heat((name,), values, drawn.peak, drawn.signed, note, area=drawn.area)
