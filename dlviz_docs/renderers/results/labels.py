"""Labels that may be wrong: what the model, that has not seen them, says with confidence against them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs.insights import results_errors as say
from dlviz_docs.insights.results_words import brief, percent
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, Rows, linked
from dlviz_docs.renderers.results.errors import item
from dlviz_docs.stats.confident import label_issues
from dlviz_docs.view import Cell, Column, Figure, Gallery, Shown, Table

__all__ = ["labels"]

SHOWN = 120
LEAST_ROWS = 100
LEAST_MISTAKES = 10
"""A model that makes none has seen the labels, or there is nothing to find."""
WEAK = 0.7
"""Accuracy below which most of what the model contradicts is its own mistake."""
SEEN = 0.9995
"""Accuracy above which the probabilities are taken for those of rows that were learned."""
MOST_CLASSES = 2000
_CAUTION = (
    "Found by confident learning, which trusts the model where it is surer than usual: some are mistakes of the model, "
    "and none if it was trained on these rows."
)


def labels(sure: Answers, place: Place, samples: bool) -> Iterator[Shown]:
    """Told only where the probabilities look like those of rows the model was not trained on."""
    if sure.probabilities is None or not _unseen(sure):
        return
    found = label_issues(sure.truth, sure.probabilities)
    if not len(found):
        return
    suggested = sure.probabilities[found].argmax(axis=1)
    given = sure.truth[found].astype(np.intp)
    pairs, counts = np.unique(given * len(sure.classes) + suggested, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    names = [
        (sure.classes[int(pair) // len(sure.classes)], sure.classes[int(pair) % len(sure.classes)])
        for pair in pairs[order[:50]]
    ]
    tell = say.label_errors(len(found), len(sure), (*names[0], int(counts[order[0]])))
    yield from linked(tell, sure, place)
    if samples:
        yield _gallery(sure, found, suggested, place)
    yield _pairs(names, counts[order[:50]], len(found), samples, place)


def _unseen(sure: Answers) -> bool:
    wrong = int((~sure.right).sum())
    return (
        len(sure) >= LEAST_ROWS
        and 2 <= len(sure.classes) <= MOST_CLASSES
        and sure.split != "train"
        and wrong >= LEAST_MISTAKES
        and (1 - SEEN) * len(sure) <= wrong <= (1 - WEAK) * len(sure)
    )


def _gallery(sure: Answers, found: Rows, suggested: Rows, place: Place) -> Figure:
    items = []
    for row, other in zip(found[:SHOWN].tolist(), suggested[:SHOWN].tolist(), strict=True):
        chance = float(sure.probabilities[row, other]) if sure.probabilities is not None else np.nan
        items.append(item(sure, row, [("suggested", f"{brief(sure.classes[other])} ({chance:.2g})")]))
    caption = f"{len(found):,} of {len(sure):,} labels may be wrong, the least probable first. {_CAUTION}"
    spec = Gallery(tuple(items), len(found), "the least probable labels")
    return Figure(place.id("labels"), "Labels that may be wrong", caption, spec, place.group("Labels"))


def _pairs(names: list[tuple[str, str]], counts: Rows, total: int, samples: bool, place: Place) -> Figure:
    columns = (Column("Given label"), Column("Looks like"), Column("Rows", True), Column("of these", True))
    rows = tuple(
        (
            Cell(brief(given)),
            Cell(brief(like)),
            Cell(f"{count:,}", float(count), pick=(given, like) if samples else None),
            Cell(percent(count / total), count / total),
        )
        for (given, like), count in zip(names, counts.tolist(), strict=True)
    )
    id_ = "label-pairs" if samples else "labels"
    title = "Labels that may be wrong, by pair" if samples else "Labels that may be wrong"
    caption = f"Given labels that may be wrong, by what they look like ({total:,} in all)." + (
        "" if samples else f" {_CAUTION}"
    )
    return Figure(place.id(id_), title, caption, Table(columns, rows), place.group("Labels"))
