"""Generated texts side by side with what was wanted, differences marked, the worst first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.estimates import decimal
from dlviz_docs.renderers.results._texts import Texts
from dlviz_docs.stats.text_overlap import chrf
from dlviz_docs.stats.texts import Pieces, differences
from dlviz_docs.view import Figure, Gallery, Item, Passage

__all__ = ["LONGEST_SHOWN", "NOTHING", "shown_texts"]

MOST_TEXTS = 60
LONGEST_SHOWN = 4000
"""Characters of one passage."""


def shown_texts(texts: Texts) -> Figure:
    """By similarity to the reference; without references by repetition, empty ones first."""
    order, how = _order(texts)
    chosen = order[:MOST_TEXTS]
    similarity = dict(zip(texts.scored.tolist(), texts.by_character.tolist(), strict=True))
    scores = dict(zip(texts.scored.tolist(), chrf(texts.chrf_counts).tolist(), strict=True)) if similarity else {}
    items = tuple(_item(texts, row, similarity.get(row), scores.get(row)) for row in chosen.tolist())
    sorts = ("edit similarity", "chrF", "characters") if similarity else ("characters", "repetition")
    return Figure(
        texts.place.id("outputs"),
        "Outputs",
        f"{words.count(len(items), 'output')} of {len(texts):,}, {how}."
        + (" Marked is what the other text does not have." if similarity else ""),
        Gallery(items, len(texts), how, first=12, sorts=sorts),
        texts.place.group("Texts"),
    )


def _order(texts: Texts) -> tuple[NDArray[np.intp], str]:
    if len(texts.scored):
        rest = np.setdiff1d(np.arange(len(texts)), texts.scored)
        scored = texts.scored[np.argsort(texts.by_character, kind="stable")]
        return np.concatenate([scored, rest]), "least alike first"
    empty = np.array([not text.strip() for text in texts.outputs])
    repeated = np.nan_to_num(texts.repetition_of, nan=0.0)
    return np.lexsort((-repeated, ~empty)), "empty ones first, then those that repeat themselves most"


def _item(texts: Texts, row: int, similarity: float | None, score: float | None) -> Item:
    output, reference, given = texts.outputs[row], texts.references[row], texts.inputs[row]
    passages = [Passage("input", ((given[:LONGEST_SHOWN], ""),))] if given else []
    if reference is not None:
        wanted, found = differences(reference[:LONGEST_SHOWN], output[:LONGEST_SHOWN])
        passages += [Passage("reference", wanted), Passage("output", found or NOTHING)]
    else:
        passages.append(Passage("output", ((output[:LONGEST_SHOWN], ""),) if output.strip() else NOTHING))
    facts = []
    if similarity is not None and score is not None:
        facts += [("edit similarity", decimal(similarity, 2)), ("chrF", decimal(100 * score, 1))]
    facts.append(("characters", f"{len(output):,}"))
    if not np.isnan(texts.repetition_of[row]):
        facts.append(("repetition", decimal(float(texts.repetition_of[row]), 2)))
    exact = None if reference is None else output.strip() == reference.strip()
    return Item(
        texts.title(row), passages=tuple(passages), facts=tuple(facts), wrong=None if exact is None else not exact
    )


NOTHING: Pieces = (("(empty)", ""),)
