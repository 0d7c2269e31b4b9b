"""Several models that wrote to the same inputs: which is nearer to what was wanted, and their texts side by side."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import results_compare as say
from dlviz_docs.insights.estimates import decimal
from dlviz_docs.insights.results_words import brief, interval
from dlviz_docs.model import FloatArray, Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._aligned import places
from dlviz_docs.renderers.results._measured import judged_split
from dlviz_docs.renderers.results._texts import LONGEST, MOST_CHARACTERS, Estimate, similarity
from dlviz_docs.renderers.results._texts_shown import LONGEST_SHOWN, NOTHING
from dlviz_docs.renderers.results._versus import Gap, against_best, corrected, differences, score_cell
from dlviz_docs.renderers.results.compare import called
from dlviz_docs.stats.bootstrap import mean_interval, spread
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.paired import difference, mcnemar, student
from dlviz_docs.stats.text_overlap import chrf, chrf_counts, chrf_draws, repetition
from dlviz_docs.stats.texts import Pieces, words_of
from dlviz_docs.stats.texts import differences as apart
from dlviz_docs.view import Cell, Column, Fact, Figure, Gallery, Item, Passage, Shown, Table

__all__ = ["texts_compared"]

IN_ORDER = 12
"""Texts up to which they stay in the order of the file."""
MOST_TEXTS = 60
BESIDE = 4
"""Models whose texts stand beside each other, the best ones."""
LEAST_TEXTS = 2
MARKED_FROM = 0.4
"""Share of two texts that they have in common from which on it is marked where they differ."""


@dataclass(frozen=True, eq=False)  # no slots: what is asked for is computed once
class _Together:
    """m models on the same n rows, in an order of their own."""

    predictions: tuple[Predictions, ...]
    outputs: tuple[list[str], ...]
    references: list[str | None]
    inputs: list[str | None]
    titles: list[str]
    left: int
    """Rows of the first that others do not have."""
    split: str

    def __len__(self) -> int:
        return len(self.titles)

    @cached_property
    def compared(self) -> NDArray[np.intp]:
        """Rows with a reference."""
        return np.flatnonzero([text is not None for text in self.references])

    @cached_property
    def scored(self) -> NDArray[np.intp]:
        """Those that are compared character by character: all, or a sample (seed 0)."""
        rows = self.compared if len(self.compared) else np.arange(len(self))
        total = sum(min(len(texts[row]), LONGEST) for texts in self.outputs for row in rows.tolist())
        most = len(rows) if total <= MOST_CHARACTERS else max(1, int(len(rows) * MOST_CHARACTERS / total))
        return rows if most >= len(rows) else np.sort(np.random.default_rng(0).permutation(rows)[:most])

    @cached_property
    def sampled(self) -> str:
        """For captions; "" where all are compared."""
        whole = len(self.compared) or len(self)
        few = len(self.scored) < whole
        return f" chrF and edits of {len(self.scored):,} of them, chosen at random (seed 0)." if few else ""

    def ordered(self, order: Sequence[int]) -> _Together:
        """With the models in another order."""
        return replace(
            self,
            predictions=tuple(self.predictions[turn] for turn in order),
            outputs=tuple(self.outputs[turn] for turn in order),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """Of one model, beside references."""

    exact: NDArray[np.bool_]
    """Shape (rows with a reference,)."""
    counts: FloatArray
    """For chrF, of the scored rows, shape (s, 6, 3)."""
    edits: FloatArray
    """Edit similarity of the scored rows, shape (s,)."""

    @property
    def chrf(self) -> float:
        return 100 * float(chrf(self.counts.sum(0)))


def texts_compared(
    group: Sequence[Predictions], place: Place, samples: bool, detailed: int
) -> Generator[Shown, None, Sequence[Predictions]]:
    """Figures of the comparison; gives the models, the best first where there are references, else as given."""
    together = _together(group)
    if together is None:
        return group
    if len(together.compared) >= LEAST_TEXTS:
        scores = [_scored(together, texts) for texts in together.outputs]
        order = sorted(range(len(group)), key=lambda turn: -scores[turn].chrf)
        together, scores = together.ordered(order), [scores[turn] for turn in order]
        shown = list(_judged(together, scores, place, detailed))
    else:
        shown = [_counts(together, place, detailed)]
        shown += _alike(together, place)
    if samples:
        shown.append(_beside(together, place))
    there = {one.id for one in shown if isinstance(one, Figure)}
    for one in shown:
        yield replace(one, figure="") if isinstance(one, Insight) and one.figure not in there else one
    return together.predictions


def _together(group: Sequence[Predictions]) -> _Together | None:
    first = group[0]
    keep, split = judged_split(first)
    n = len(first.generated)
    found = [places(one, first) for one in group]
    rows = np.flatnonzero((np.stack(found).min(axis=0) >= 0) & (keep[:n] if len(keep) >= n else np.ones(n, np.bool_)))
    if not len(rows):
        return None
    by_model = [at[rows].tolist() for at in found]

    def first_told(texts: Sequence[tuple[str | None, ...]]) -> list[str | None]:
        told = [(one, at) for one, at in zip(texts, by_model, strict=True) if one]
        return [next((one[at[row]] for one, at in told if at[row] < len(one)), None) for row in range(len(rows))]

    ids = first.ids
    return _Together(
        tuple(group),
        tuple([one.generated[row] or "" for row in at] for one, at in zip(group, by_model, strict=True)),
        first_told([one.references for one in group]),
        first_told([one.inputs for one in group]),
        [ids[row] if row < len(ids) and ids[row] else f"row {words.number(row)}" for row in rows.tolist()],
        (int(keep[:n].sum()) if len(keep) >= n else n) - len(rows),
        split,
    )


# --- with references --------------------------------------------------------------------------------------------------


def _scored(together: _Together, outputs: Sequence[str]) -> _Scores:
    def pairs(rows: NDArray[np.intp]) -> list[tuple[str, str]]:
        return [(outputs[row].strip(), (together.references[row] or "").strip()) for row in rows.tolist()]

    cut = [(mine[:LONGEST], other[:LONGEST]) for mine, other in pairs(together.scored)]
    return _Scores(
        np.array([mine == other for mine, other in pairs(together.compared)], np.bool_),
        chrf_counts([mine for mine, _ in cut], [other for _, other in cut]),
        np.array([similarity(mine, other) for mine, other in cut]),
    )


def _judged(together: _Together, scores: Sequence[_Scores], place: Place, detailed: int) -> Iterator[Shown]:
    names, n = called(together.predictions), len(together.compared)
    draws = [100 * chrf_draws(one.counts) for one in scores]
    values: list[Estimate] = []
    for one, drawn in zip(scores, draws, strict=True):
        low, high = spread(drawn)
        values.append((one.chrf, float(low), float(high)))
    gaps = {
        "chrF": against_best([one.chrf for one in scores], draws, len(together.scored)),
        "Exact match": corrected([_exact(scores[0], one) for one in scores[1:]]),
        "Edit similarity": corrected([_edits(scores[0], one) for one in scores[1:]]),
    }
    yield Fact("Best chrF", f"{interval(*values[0])} (n = {words.count(n, 'text')}): {brief(names[0])}")
    for tell in _sentences(names, gaps, n):
        yield replace(tell, figure=place.id(tell.figure))
    yield _table(together, names, scores, values, place, detailed)
    yield differences(names, gaps, "texts", n, place)


def _exact(first: _Scores, other: _Scores) -> tuple[float, float, float, float]:
    only = int((first.exact & ~other.exact).sum()), int((other.exact & ~first.exact).sum())
    return (*difference(first.exact, other.exact), mcnemar(*only))


def _edits(first: _Scores, other: _Scores) -> tuple[float, float, float, float]:
    gaps = first.edits - other.edits
    n = len(gaps)
    error = float(gaps.std(ddof=1)) / n**0.5 if n > 1 else float("nan")
    value = float(gaps.mean()) if n else float("nan")
    return (value, *student(value, error, n))


def _sentences(names: Sequence[str], gaps: Mapping[str, Sequence[Gap]], n: int) -> Iterator[Insight]:
    if len(names) > 2 and n >= say.LEAST_ITEMS:
        level = sum(not gap.p < say.SIGNIFICANT for gap in gaps["chrF"])
        yield replace(say.best_of(names[0], len(names), level, "chrF"), figure="model-differences")
    for score in ("chrF", "Exact match"):
        gap = gaps[score][0]
        best, other = (names[0], names[1]) if gap.value >= 0 else (names[1], names[0])
        span = gap.span if gap.value >= 0 else (-gap.value, -gap.high, -gap.low)
        if tell := say.better(best, other, span, gap.p, n, score.lower() if score[0] == "E" else score, "texts"):
            yield tell


def _table(
    together: _Together,
    names: Sequence[str],
    scores: Sequence[_Scores],
    values: Sequence[Estimate],
    place: Place,
    detailed: int,
) -> Figure:
    columns = (
        Column("Model"),
        Column("chrF", True, "n-grams of 1 to 6 characters; 0 to 100"),
        Column("Exact match", True, "But for spaces at the ends"),
        Column("Edit similarity", True, "1 less edits over the longer text, by characters"),
        Column("Repetition", True, "Mean share of four-word sequences told before in the same text"),
    )
    rows = []
    n = len(together.compared)
    for name, one, value, outputs in zip(names, scores, values, together.outputs, strict=True):
        hits = int(one.exact.sum())
        low, high = (float(end) for end in wilson(hits, n))
        edits = (float(one.edits.mean()), *mean_interval(one.edits)) if len(one.edits) else (np.nan,) * 3
        again = _repeated(outputs)
        rows.append(
            (
                Cell(brief(name)),
                score_cell(value),
                score_cell((hits / n, low, high), bar=True),
                score_cell(edits),
                Cell(decimal(again, 2), again) if np.isfinite(again) else Cell("–"),
            )
        )
    caption = f"{words.count(len(names), 'model')} on the same {words.count(n, 'text')}, the highest chrF first."
    caption += _left(together, detailed) + together.sampled
    table = Table(columns, tuple(rows), searchable=len(names) > 10)
    return Figure(place.id("models"), "Models compared", caption, table, place.group("Comparison"))


def _left(together: _Together, detailed: int) -> str:
    text = f" Of the {together.split} split." if together.split else ""
    if detailed < len(together.outputs):
        best = "best" if len(together.compared) >= LEAST_TEXTS else "first"
        text += f" The {best} {detailed} have pages of their own."
    if together.left:
        text += f" {words.count(together.left, 'row')} left out: not in all of them, or with another reference."
    return text


def _repeated(outputs: Sequence[str]) -> float:
    values = np.array([repetition(words_of(text[:LONGEST])) for text in outputs])
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


# --- without ----------------------------------------------------------------------------------------------------------


def _counts(together: _Together, place: Place, detailed: int) -> Figure:
    """What can be counted where nobody says what was wanted."""
    columns = (
        Column("Model"),
        Column("Median characters", True),
        Column("Empty", True, "Outputs without a character that is no space"),
        Column("Distinct", True, "Different outputs among those that are not empty"),
        Column("Repetition", True, "Mean share of four-word sequences told before in the same text"),
    )
    rows = []
    for name, outputs in zip(called(together.predictions), together.outputs, strict=True):
        again, told = _repeated(outputs), [text.strip() for text in outputs]
        middle = float(np.median([len(text) for text in outputs]))
        empty, distinct = sum(not text for text in told), len({text for text in told if text})
        rows.append(
            (
                Cell(brief(name)),
                Cell(words.number(middle), middle),
                Cell(f"{empty:,}", empty),
                Cell(f"{distinct:,}", distinct),
                Cell(decimal(again, 2), again) if np.isfinite(again) else Cell("–"),
            )
        )
    n = words.count(len(together), "input")
    caption = f"{words.count(len(rows), 'model')} on the same {n}, without references.{_left(together, detailed)}"
    table = Table(columns, tuple(rows), searchable=len(rows) > 10)
    return Figure(place.id("models"), "Models compared", caption, table, place.group("Comparison"))


def _alike(together: _Together, place: Place) -> Iterator[Insight]:
    """How often the first two say the same."""
    first, second = together.outputs[:2]
    same = sum(mine.strip() == other.strip() for mine, other in zip(first, second, strict=True))
    names, values = called(together.predictions), _nearness(together)
    known = values[np.isfinite(values)]
    mean = (float(known.mean()), *mean_interval(known)) if len(known) else (np.nan,) * 3
    yield say.beside(names[0], names[1], same, mean, len(together), place.id("outputs"))


def _nearness(together: _Together) -> FloatArray:
    """Edit similarity of the first two in each row, NaN where it was not computed."""
    first, second = together.outputs[:2]
    found = np.full(len(together), np.nan)
    for row in together.scored.tolist():
        found[row] = similarity(first[row].strip()[:LONGEST], second[row].strip()[:LONGEST])
    return found


# --- texts beside each other ------------------------------------------------------------------------------------------


def _beside(together: _Together, place: Place) -> Figure:
    n, several = len(together), len(together.outputs)
    nearness = _nearness(together)
    order = np.arange(n) if n <= IN_ORDER else np.argsort(nearness, kind="stable")
    items = tuple(_item(together, row, float(nearness[row])) for row in order[:MOST_TEXTS].tolist())
    names = called(together.predictions)
    how = "in the order of the file" if n <= IN_ORDER else f"{brief(names[0])} and {brief(names[1])} least alike first"
    judged = bool(len(together.compared))
    caption = f"{words.count(len(items), 'input')} of {n:,}, {how}, and what each model wrote."
    if judged:
        caption += " Marked is what the reference does not have."
    elif any(kind == "only" for item in items for passage in item.passages for _, kind in passage.pieces):
        caption += f" Marked is what {brief(names[0])} and the other do not share, where they share much."
    if several > BESIDE:
        caption += f" The {'best' if judged else 'first'} {BESIDE} of {several:,} models."
    gallery = Gallery(items, n, how, first=12, sorts=("edit similarity",) if n > 1 else ())
    return Figure(place.id("outputs"), "Side by side", caption, gallery, place.group("Texts"))


def _item(together: _Together, row: int, nearness: float) -> Item:
    given, reference = together.inputs[row], together.references[row]
    passages = [Passage("input", ((given[:LONGEST_SHOWN], ""),))] if given else []
    texts = [outputs[row][:LONGEST_SHOWN] for outputs in together.outputs[:BESIDE]]
    if reference is not None:
        passages.append(Passage("reference", ((reference[:LONGEST_SHOWN], ""),)))
        told = [apart(reference[:LONGEST_SHOWN], text)[1] for text in texts]
    else:
        both = [_marked(texts[0], text) for text in texts[1:]]
        told = [both[0][0] if len(both) == 1 else ((texts[0], ""),), *(pieces for _, pieces in both)]
    names = called(together.predictions)
    passages += [
        Passage(brief(name), _or_nothing(text, pieces)) for name, text, pieces in zip(names, texts, told, strict=False)
    ]
    facts = [("characters", " / ".join(f"{len(outputs[row]):,}" for outputs in together.outputs[:BESIDE]))]
    if np.isfinite(nearness):
        facts.insert(0, ("edit similarity", decimal(nearness, 2)))
    return Item(together.titles[row], passages=tuple(passages), facts=tuple(facts))


def _marked(first: str, second: str) -> tuple[Pieces, Pieces]:
    """Where they differ; plain, where nearly all of it would be marked."""
    pieces = apart(first, second)
    alike = sum(len(text) for side in pieces for text, kind in side if kind == "same")
    return pieces if alike >= MARKED_FROM * (len(first) + len(second)) else (((first, ""),), ((second, ""),))


def _or_nothing(text: str, pieces: Pieces) -> Pieces:
    return pieces if text.strip() else NOTHING
