"""Single rows that were got wrong, the worst first; and behind the diagonal, right answers that were the least sure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import results_errors as say
from dlviz_docs.insights.results_words import brief, score
from dlviz_docs.model.samples import Feature, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, Rows, linked
from dlviz_docs.stats.classify import loss_of_rows
from dlviz_docs.view import Figure, Gallery, Item, Passage, Shown, Thumb

__all__ = ["item", "mistakes"]

OF_CELL = 12
"""Rows shown of one cell of the confusion matrix."""
IN_ALL = 600
RIGHT_OF_CLASS = 8
"""Right answers of each class that a click on the diagonal of the confusion matrix shows."""
RIGHT_IN_ALL = 200
_FACTS = 4
"""Attributes told of each row."""
_TEXT = 600
"""Characters of an input text."""


def mistakes(judged: Answers, place: Place, samples: bool) -> Iterator[Shown]:
    """How many mistakes are sure ones, and a gallery of the worst of each kind."""
    wrong = np.flatnonzero(~judged.right)
    if not len(wrong):
        return
    if judged.confidence is not None:
        sure = judged.confidence > say.SURE
        expected = float((1 - judged.confidence[sure]).clip(min=0).sum())
        count = int((sure & ~judged.right).sum())
        tell = say.confident_and_wrong(count, len(wrong), int(sure.sum()), expected, samples)
        yield from linked(tell, judged, place)
    if not samples:
        return
    shown = _chosen(judged, wrong, OF_CELL, IN_ALL)
    right = _chosen(judged, np.flatnonzero(judged.right), RIGHT_OF_CLASS, RIGHT_IN_ALL)
    known = judged.own is not None
    chosen = (
        f"by the loss of the row, at most {OF_CELL} of each pair of truth and answer"
        if known
        else f"in the order of the file, at most {OF_CELL} of each pair of truth and answer"
    )
    caption = f"{'The worst mistakes' if known else 'Mistakes'}, {chosen}: {len(shown):,} of {len(wrong):,}."
    spec = Gallery(
        tuple(item(judged, int(row)) for row in (*shown, *right)),
        len(wrong),
        f"the worst mistakes, {chosen}" if known else f"mistakes {chosen}",
        sorts=("confidence", "loss") if known else (),
        aside=len(right),
        aside_chosen="right answers, " + ("the least confident first" if known else "in the order of the file"),
    )
    yield Figure(place.id("mistakes"), "Mistakes", caption, spec, place.group("Mistakes"))


def _chosen(judged: Answers, rows: Rows, of_cell: int, in_all: int) -> Rows:
    """At most so many of each cell, and where that is too many, the worst of each cell before its second."""
    if judged.own is not None:
        own = np.nan_to_num(judged.own[rows], nan=1.0)
        least = rows[np.argsort(own, kind="stable")]
    else:
        least = rows
    cells = judged.truth[least].astype(np.intp) * len(judged.classes) + judged.predicted[least]
    order = np.argsort(cells, kind="stable")
    begins = np.flatnonzero(np.r_[True, cells[order][1:] != cells[order][:-1]][: len(cells)])
    within = np.empty(len(least), np.intp)
    within[order] = np.arange(len(least)) - np.repeat(begins, np.diff(np.r_[begins, len(least)]))
    few = np.flatnonzero(within < of_cell)
    few = few[np.argsort(within[few], kind="stable")][:in_all]
    return least[np.sort(few)]


def item(judged: Answers, row: int, extra: Iterable[tuple[str, str]] = ()) -> Item:
    """One judged row: its picture or text, what is true, what was said, and what else is known of it."""
    one, place = judged.predictions, int(judged.rows[row])
    truth, said = judged.classes[int(judged.truth[row])], judged.classes[int(judged.predicted[row])]
    facts = [("truth", brief(truth)), ("predicted", brief(said))]
    if judged.confidence is not None and judged.own is not None and np.isfinite(judged.confidence[row]):
        facts.append(("confidence", score(float(judged.confidence[row]))))
        own = float(judged.own[row])
        if np.isfinite(own):
            facts.append(("p(truth)", f"{own:.2g}"))
            facts.append(("loss", f"{float(loss_of_rows(np.array([own]))[0]):.3f}"))
    facts += list(extra)
    told = [(name, value) for feature in one.attributes if (value := _value(feature, place)) for name in [feature.name]]
    return Item(
        judged.title(row),
        pictures=_thumbs(one.pictures, place, judged.title(row)),
        passages=_passages(judged, place),
        facts=(*facts, *told[:_FACTS]),
        row=truth,
        column=said,
        wrong=not bool(judged.right[row]),
    )


def _thumbs(pictures: Pictures | None, place: int, title: str) -> tuple[Thumb, ...]:
    if pictures is None or place >= len(pictures):
        return ()
    width = height = 0
    if pictures.array is not None and pictures.array.ndim >= 3:
        height, width = pictures.array.shape[1:3]
    elif place < len(pictures.sizes):
        width, height = (int(side) for side in pictures.sizes[place])
    return (Thumb(pictures.keys[place], int(width), int(height), title),) if width > 0 and height > 0 else ()


def _passages(judged: Answers, place: int) -> tuple[Passage, ...]:
    one = judged.predictions
    texts: list[tuple[str, str | None]] = []
    if place < len(one.inputs):
        texts.append(("input", one.inputs[place]))
    texts += [
        (feature.name, feature.texts.strings[place])
        for feature in one.attributes
        if feature.kind == "text" and feature.texts is not None and place < len(feature.texts.strings)
    ]
    return tuple(
        Passage(label, ((text if len(text) <= _TEXT else f"{text[:_TEXT]}…", ""),)) for label, text in texts[:2] if text
    )


def _value(feature: Feature, place: int) -> str:
    """What a cell of an attribute holds, in words; "" for what is missing or is a text."""
    if place >= len(feature):
        return ""
    value = feature.values[place]
    if feature.kind in ("category", "boolean"):
        return brief(feature.levels[int(value)]) if 0 <= value < len(feature.levels) else ""
    if feature.kind == "number":
        return words.number(float(value)) if not np.isnan(value) else ""
    if feature.kind == "time":
        return words.date(float(value), time=True) if np.isfinite(value) else ""
    return ""
