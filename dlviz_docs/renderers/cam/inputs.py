"""How samples became inputs, and how much of them a layer sees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights import probe_inputs as say
from dlviz_docs.insights.probe_words import layer_name
from dlviz_docs.insights.results_words import brief, percent
from dlviz_docs.model.probes import Prepared, Reach
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.cam._read import Reading
from dlviz_docs.view import Cell, Column, Figure, Heat, Overlay, Seen, Shown, Table, Thumb
from dlviz_docs.words import count, number

__all__ = ["inputs"]

GROUP = "How it was done"
_SIDE = 150


def inputs(one: Reading, place: Place) -> Iterator[Shown]:
    """What is said where nobody says how, the way that was taken, and receptive fields as they were measured."""
    probed = one.probed
    tried = sorted(probed.prepared.tried, key=lambda way: -way[1])
    if (told := say.guessed(tried)) is not None:
        yield told
    if probed.reaches:
        yield _reaches(probed.reaches, place)
    if rows := list(_facts(one)):
        table = Table((Column("Fact"), Column("Value")), tuple((Cell(name), Cell(value)) for name, value in rows))
        yield Figure(place.id("prepared"), "How the model was run", "What went in, and what was chosen.", table, GROUP)
    if notes := [*filter(None, [probed.why]), *probed.notes]:
        table = Table((Column("What was assumed, chosen and left out"),), tuple((Cell(note),) for note in notes))
        yield Figure(place.id("notes"), "Notes", "In the words of what ran the model.", table, GROUP)


def _facts(one: Reading) -> Iterator[tuple[str, str]]:
    probed = one.probed
    if not (probed.explanations or probed.columns or probed.texts):
        return
    yield "Model", probed.model
    yield "Samples it was run on", f"{probed.samples:,}"
    if probed.accuracy is not None:
        boxes = probed.head == "boxes"
        told = "Pictures whose surest box overlaps an annotated one by half" if boxes else "Right answers among them"
        yield told, percent(probed.accuracy)
    yield from _prepared(probed.prepared)
    for name, share in sorted(probed.prepared.tried, key=lambda way: -way[1]):
        yield f"Tried: {brief(name)}", f"{percent(share)} right"


def _prepared(how: Prepared) -> Iterator[tuple[str, str]]:
    if how.size:
        cut = "whole picture, squeezed" if how.crop == 0 else f"middle {percent(how.crop)} of the shorter side"
        channels = f", {count(how.channels, 'channel')}" if how.channels else ""
        yield "Input", f"{' × '.join(str(side) for side in how.size)} px{channels}; {cut}"
        mean = f"mean {_several(how.mean)}" if how.mean else ""
        std = f"standard deviation {_several(how.std)}" if how.std else ""
        yield "Numbers", ", ".join(filter(None, (f"values / {number(how.scale)}", mean, std, how.layout)))
    if how.source:
        yield "Who says so", how.source


def _several(values: tuple[float, ...]) -> str:
    return " ".join(number(value) for value in values)


def _reaches(found: tuple[Reach, ...], place: Place) -> Figure:
    heats = tuple(
        Heat((layer_name(one.layer),), np.asarray(one.values, np.float64), 1.0, note=_sees(one)) for one in found
    )
    height, width = found[0].values.shape
    seen = Seen("Middle unit", Thumb("", width, height, "receptive field", _SIDE), (), heats)
    caption = (
        "How much each pixel moves the middle unit of a layer, measured on noise (Luo et al. 2016): most of what a "
        "unit could see hardly counts."
    )
    return Figure(place.id("reach"), "What a unit sees", caption, Overlay((seen,), ("layer",)), GROUP)


def _sees(one: Reach) -> str:
    vertical, horizontal = (number(round(side, 1)) for side in one.deviation)
    return f"It sees {percent(one.share)} of the input; standard deviation {vertical} px down, {horizontal} px across."
