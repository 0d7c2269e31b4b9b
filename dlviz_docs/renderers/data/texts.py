"""Texts of a data set: examples, lengths, words and what they tell, copies.

| generator | yields |
|---|---|
| `texts(dataset, place, samples)` | for each column of texts: examples, lengths, words, telling words, copies |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import names, words
from dlviz_docs.insights import data_copies
from dlviz_docs.insights import data_texts as said
from dlviz_docs.insights.data_copies import Copies
from dlviz_docs.insights.data_texts import CUT, LEAST_TEXTS, Corpus, corpus_of
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import MISSING, Dataset, Feature, FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import Groups, by_class, by_split, drawn, facts, histogram, main_groups, spread
from dlviz_docs.renderers.data.near_copies import copies_matrix
from dlviz_docs.stats.minhash import SIMILAR, near_texts, shingles
from dlviz_docs.stats.texts import differences
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Layer, Passage, Plot, Shown, Table

__all__ = ["texts"]

COLUMNS = 4
"""Columns of texts that get figures of their own."""
EXAMPLES = 24
PAIRS = 24
LONGEST = 1200
"""Characters of a text that are shown."""
TOP = 30
CLASSES = 30
COMPARED_WORDS = 250
"""Words of each text by which near copies are told."""


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One column of texts on its way to the page."""

    dataset: Dataset
    feature: Feature
    corpus: Corpus
    place: Place
    group: str
    prefix: str

    def id(self, figure: str) -> str:
        return self.place.id(f"{self.prefix}-{figure}")


def texts(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """Figures of the columns of texts, and what is odd about them; nothing without such a column."""
    columns = [f for f in dataset.features if f.kind == "text" and f.texts is not None and f.name != dataset.target]
    for feature in columns[:COLUMNS]:
        if corpus := corpus_of(feature):
            several = len(columns) > 1
            group = place.group(f"Texts: {feature.name}" if several else "Texts")
            prefix = f"texts-{names.exact_slug(feature.name, 'column')}" if several else "texts"
            yield from _column(_Column(dataset, feature, corpus, place, group, prefix), samples)


def _column(column: _Column, samples: bool) -> Iterator[Shown]:
    classes, splits = by_class(column.dataset), by_split(column.dataset)
    if samples:
        yield from _examples(column, classes, splits)
    lengths = list(_lengths(column))
    figure = lengths[0].id if lengths else ""
    yield from said.text_sentences(column.feature, column.corpus, figure)
    stored = column.corpus.stored.lengths
    if classes and (insight := said.length_shortcut(column.feature.name, stored, classes.codes, classes.names, figure)):
        yield insight
    yield from lengths
    yield from _words(column)
    if classes:
        yield from _telling(column, classes)
    yield from _copies(column, classes, splits, samples)


# --- examples ---------------------------------------------------------------------------------------------------------


def _examples(column: _Column, classes: Groups | None, splits: Groups | None) -> Iterator[Figure]:
    corpus = column.corpus
    if classes:
        of_rows = classes.codes[corpus.rows]
        picked, chosen = spread(of_rows, len(classes.names), EXAMPLES), "the same number of every class, at random"
    else:
        picked, chosen = drawn(np.arange(len(corpus)), EXAMPLES), "at random"
    items = tuple(
        Item(
            _name(column, int(corpus.rows[one])),
            passages=(Passage("", ((_cut(corpus.texts[one]), ""),)),),
            facts=(
                *facts(int(corpus.rows[one]), classes, splits),
                ("words", f"{int(corpus.counts[one]):,}"),
            ),
            row=classes.name(int(corpus.rows[one])) if classes else "",
        )
        for one in picked
    )
    if items:
        caption = f"{len(items):,} of {words.count(corpus.available, 'text')}, {chosen} (seed 0)."
        spec = Gallery(items, corpus.available, chosen, first=12)
        yield Figure(column.id("examples"), "Examples", caption, spec, column.group)


def _name(column: _Column, row: int) -> str:
    return column.dataset.ids[row] if column.dataset.ids else f"row {row:,}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


# --- lengths and words ------------------------------------------------------------------------------------------------


def _lengths(column: _Column) -> Iterator[Figure]:
    stored = column.corpus.stored
    groups = main_groups(column.dataset)
    lengths = np.where(stored.lengths >= 0, stored.lengths, np.nan).astype(np.float64)
    known = lengths[np.isfinite(lengths)]
    if plot := histogram(lengths, groups, "characters", whole=True):
        caption = f"Characters: {_middle(known)}; n = {words.count(len(known), 'text')}."
        yield Figure(column.id("length"), "Length in characters", caption, plot, column.group)
    corpus = column.corpus
    if plot := histogram(corpus.counts, groups and groups.of(corpus.rows), "words", whole=True):
        over = int((corpus.counts > CUT).sum())
        rule = Layer("rule", np.array([CUT, CUT], np.float64), np.array([0.0, _highest(plot)]), label=f"{CUT} words")
        caption = f"Words between spaces: {_middle(corpus.counts)}; {over:,} of {corpus.part} have more than {CUT}."
        drawn_plot = Plot((*plot.layers, rule), plot.x, plot.y, height=plot.height) if over else plot
        yield Figure(column.id("words"), "Length in words", caption, drawn_plot, column.group)


def _highest(plot: Plot) -> float:
    return max(float(layer.y.max()) for layer in plot.layers)


def _middle(values: FloatArray) -> str:
    ordered = np.sort(values)
    low, middle, high = (words.number(float(ordered[round(share * (len(ordered) - 1))])) for share in (0.05, 0.5, 0.95))
    return f"the median is {middle}, 90 % lie from {low} to {high}"


def _words(column: _Column) -> Iterator[Figure]:
    """The most frequent words, and how many different ones there are."""
    corpus = column.corpus
    counts: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for tokens in corpus.tokens:
        counts.update(tokens)
        within.update(set(tokens))
    total = counts.total()
    top = [word for word, _ in counts.most_common(10 * TOP) if within[word] >= LEAST_TEXTS][:TOP]
    if not top:
        return
    once = sum(count == 1 for count in counts.values())
    caption = (
        f"{words.count(len(counts), 'different word')} among {words.count(total, 'word')}; "
        f"{percent(once, len(counts))} of them occur once. Casefolded, from {corpus.part}; words of fewer than "
        f"{LEAST_TEXTS} texts are not shown."
    )
    columns = (
        Column("Word"),
        Column("Times", numeric=True),
        Column("Share of words", numeric=True),
        Column("In texts", numeric=True, help="Share of the texts that hold it"),
    )
    rows = tuple(
        (
            Cell(word),
            Cell(f"{counts[word]:,}", counts[word]),
            Cell(percent(counts[word], total), counts[word]),
            Cell(percent(within[word], len(corpus)), within[word]),
        )
        for word in top
    )
    yield Figure(column.id("vocabulary"), "Frequent words", caption, Table(columns, rows), column.group)


def _telling(column: _Column, classes: Groups) -> Iterator[Figure]:
    told = said.telling_words(column.corpus, classes.codes, classes.names)
    if not told:
        return
    columns = (Column("Class"), Column("Words", help="The clearest first, with z of the log-odds ratio"))
    rows = tuple(
        (Cell(name), Cell(", ".join(f"{word} ({z:.1f})" for word, z in found)))
        for name, found in list(told.items())[:CLASSES]
    )
    caption = (
        f"Words that tell a class from all others: log-odds with a Dirichlet prior, z of {said.TELLING} or more; "
        f"{column.corpus.part}."
    )
    if len(told) > len(rows):
        caption += f" The first {len(rows)} of {len(told):,} classes."
    yield Figure(column.id("telling"), "Words that tell classes apart", caption, Table(columns, rows), column.group)


# --- copies -----------------------------------------------------------------------------------------------------------


def _copies(column: _Column, classes: Groups | None, splits: Groups | None, samples: bool) -> Iterator[Shown]:
    found = _pairs_of(column)
    if not len(found):
        return
    stored = column.corpus.stored
    n, noun, pairs = len(column.feature), "texts", column.id("pairs") if samples else ""
    codes = splits.codes if splits else np.zeros(n, np.int32)
    of_split = splits.names if splits else ("",)
    figure = column.id("copies") if splits else pairs
    matrix = data_copies.copy_matrix(found, stored.hashes, codes, len(of_split))
    sizes = np.bincount(codes[codes >= 0], minlength=len(of_split)).tolist()
    yield from data_copies.copy_sentences(matrix, sizes, of_split, noun, figure)
    if classes and (conflict := data_copies.conflict_sentence(found, classes.codes, noun, pairs)):
        yield conflict
    exact = int(found.exact.sum())
    told = (
        f"{words.count(exact, 'exact copy', 'exact copies')} after folding case and spaces, and "
        f"{words.count(len(found) - exact, 'near pair')} among {column.corpus.part}. Near: the sets of runs of three "
        f"words overlap by {SIMILAR} or more (Jaccard), in the first {COMPARED_WORDS} words."
    )
    if splits:
        yield copies_matrix(matrix, sizes, splits.names, noun, figure, column.group, told)
    if samples:
        yield from _pairs(column, found, classes, splits, pairs, told)


def _pairs_of(column: _Column) -> Copies:
    """Exact copies among all rows, near ones among the texts that were read, where they are not exact."""
    corpus = column.corpus
    stored = corpus.stored
    hashes = np.where(stored.lengths > 0, stored.hashes, 0).astype(np.uint64)  # empty texts are no copies
    exact_a, exact_b = data_copies.exact_pairs(hashes)
    # One of each content is enough: a comment that is there a thousand times would be compared as often.
    _, first = np.unique(hashes[corpus.rows], return_index=True)
    places = np.sort(first[hashes[corpus.rows[first]] != 0])
    a, b, similar = near_texts(*shingles([corpus.tokens[one][:COMPARED_WORDS] for one in places]))
    rows = corpus.rows[places]
    return Copies(
        np.concatenate([exact_a, rows[a]]),
        np.concatenate([exact_b, rows[b]]),
        np.arange(len(exact_a) + len(a)) < len(exact_a),
        np.concatenate([np.ones(len(exact_a)), similar]),
        len(corpus),
    )


def _pairs(
    column: _Column,
    found: Copies,
    classes: Groups | None,
    splits: Groups | None,
    id: str,  # noqa: A002  (the figure's word)
    told: str,
) -> Iterator[Figure]:
    order = _worth_seeing(found, classes, splits)
    items = tuple(item for pair in order if (item := _pair(column, found, int(pair), classes, splits)))
    if items:
        chosen = "of two labels first, then of two splits, then near ones"
        spec = Gallery(items, len(found), chosen, first=12)
        yield Figure(id, "Pairs of copies", told, spec, column.group)


def _worth_seeing(found: Copies, classes: Groups | None, splits: Groups | None) -> NDArray[np.intp]:
    """Pairs of two labels, of two splits, near before exact: an exact copy has nothing to see."""
    rank = np.zeros(len(found), np.int32)
    if splits:
        rank += 2 * (splits.codes[found.first] != splits.codes[found.second])
    if classes:
        rank[data_copies.label_conflicts(found, classes.codes)] += 4
    rank += ~found.exact
    return np.argsort(-rank, kind="stable")[:PAIRS]


def _pair(column: _Column, found: Copies, pair: int, classes: Groups | None, splits: Groups | None) -> Item | None:
    stored = column.corpus.stored
    a, b = int(found.first[pair]), int(found.second[pair])
    if max(a, b) >= len(stored.strings):
        return None
    left, right = (_cut(stored.strings[row] or "") for row in (a, b))
    pieces = differences(left, right)
    told = [("similarity", "exact" if found.exact[pair] else f"{found.correlation[pair]:.2f}")]
    for groups in (splits, classes):
        if groups:
            both = [groups.name(row) or "–" for row in (a, b)]
            told.append((groups.what, both[0] if both[0] == both[1] else " / ".join(both)))
    wrong = bool(
        classes and MISSING not in (known := (int(classes.codes[a]), int(classes.codes[b]))) and known[0] != known[1]
    )
    return Item(
        f"{_name(column, a)} and {_name(column, b)}",
        passages=tuple(Passage(_name(column, row), piece) for row, piece in zip((a, b), pieces, strict=True)),
        facts=tuple(told),
        wrong=True if wrong else None,
    )
