"""What is odd among texts: empty, damaged, cut, in another script, or telling by their length alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_pictures import ETA, LEAST_OF_CLASS, LEAST_ROWS, STRONG_ETA
from dlviz_docs.insights.data_words import of, percent, quoted, with_interval
from dlviz_docs.model import Feature, FloatArray, Insight, Severity, Texts
from dlviz_docs.stats.images import eta_squared
from dlviz_docs.stats.intervals import bootstrap
from dlviz_docs.stats.texts import is_damaged, log_odds, script_counts, words_of

__all__ = ["CUT", "LEAST_TEXTS", "Corpus", "corpus_of", "length_shortcut", "telling_words", "text_sentences"]

SAMPLED = 20_000
"""Texts that are read word by word at most."""
CHARACTERS = 12_000_000
"""Characters that are read word by word at most; each text gives its beginning."""
CUT = 512
"""Words beyond which a text is too long for many models: BERT's and its kin's limit, which is in pieces of words."""
OTHER_SCRIPT = 0.2
"""Share of the texts from which on a second script is part of the data rather than odd."""
LEAST_TEXTS = 5
"""Texts a word has to be in to be shown: rarer ones may be names."""
TELLING = 3.29
"""z beyond which a word tells a class apart: a two-sided p of 0.001."""
_SHORTCUT_SAMPLE = 2000
_CLASSES_TOLD = 50


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """The texts of one column that were read."""

    stored: Texts
    """Of all rows."""
    rows: NDArray[np.intp]
    """Those that were read, ascending."""
    texts: tuple[str, ...]
    tokens: tuple[list[str], ...]
    """Casefolded words of the beginning of each."""
    counts: FloatArray
    """Words of each, between spaces, of the whole text."""
    available: int
    """Rows that hold a text."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def part(self) -> str:
        """Which texts these are, in words."""
        if len(self) == self.available:
            return words.count(len(self), "text")
        return f"{len(self):,} of {words.count(self.available, 'text')}"


def corpus_of(feature: Feature) -> Corpus | None:
    """A sample of a column's texts with seed 0, in words; None without one that is not missing."""
    if feature.texts is None:
        return None
    rows = np.array([row for row, text in enumerate(feature.texts.strings) if text is not None], dtype=np.intp)
    if not len(rows):
        return None
    available = max(len(rows), int((feature.texts.lengths >= 0).sum()))
    if len(rows) > SAMPLED:
        rows = np.sort(np.random.default_rng(0).choice(rows, SAMPLED, replace=False))
    texts = tuple(feature.texts.strings[row] or "" for row in rows)
    room = max(200, CHARACTERS // len(texts))
    tokens = tuple(words_of(text[:room]) for text in texts)
    counts = np.array([len(text.split()) for text in texts], np.float64)
    return Corpus(feature.texts, rows, texts, tokens, counts, available)


def text_sentences(feature: Feature, corpus: Corpus, figure: str) -> Iterator[Insight]:
    """Empty texts, damaged ones, long ones, and ones of another script; counted in all texts that were read."""
    name, n = quoted(feature.name), len(corpus)
    empty = int((corpus.stored.lengths == 0).sum()) or sum(not text.strip() for text in corpus.texts)
    if empty:
        text = f"{of(empty, len(feature), f'texts of {name}')} are empty."
        yield Insight(kind="empty-texts", severity="warning", text=text, figure=figure, values={"count": float(empty)})
    if damaged := sum(map(is_damaged, corpus.texts)):
        text = (
            f"{_share(damaged, corpus, f'texts of {name}')} were read in a wrong encoding at some time: they hold "
            "“\N{REPLACEMENT CHARACTER}”, or pairs such as “Ã©” for “é”."
        )
        yield Insight(kind="text-encoding", severity="warning", text=text, figure=figure, values={"count": damaged})
    if long := int((corpus.counts > CUT).sum()):
        text = (
            f"{_share(long, corpus, f'texts of {name}')} have more than {CUT} words: models of {CUT} tokens cut them."
        )
        values = {"count": float(long), "of": float(n), "threshold": float(CUT)}
        yield Insight(kind="long-texts", severity="info", text=text, figure=figure, values=values)
    scripts = script_counts(text[:1000] for text in corpus.texts)
    others = {script: count for script, count in list(scripts.items())[1:] if count <= OTHER_SCRIPT * n}
    if others:
        told = ", ".join(f"{count:,} {script}" for script, count in list(others.items())[:3])
        text = f"The texts of {name} are mainly {next(iter(scripts))}, but {told} (of {n:,})."
        rest = {"count": float(sum(others.values())), "threshold": OTHER_SCRIPT}
        yield Insight(kind="text-scripts", severity="info", text=text, figure=figure, values=rest)


def _share(part: int, corpus: Corpus, noun: str) -> str:
    """With an interval where only a sample was read."""
    return (of if len(corpus) == corpus.available else with_interval)(part, len(corpus), noun)


def length_shortcut(
    name: str, lengths: NDArray[Any], codes: NDArray[Any], names: Sequence[str], figure: str
) -> Insight | None:
    """Classes whose texts differ much in length; `lengths` in characters, -1 where missing."""
    counts = np.bincount(codes[(codes >= 0) & (lengths >= 0)], minlength=len(names))
    kept = np.isin(codes, np.flatnonzero(counts >= LEAST_OF_CLASS)) & (lengths >= 0)
    if kept.sum() < LEAST_ROWS or (counts >= LEAST_OF_CLASS).sum() < 2:
        return None
    values, groups = np.log1p(lengths[kept].astype(np.float64)), codes[kept]
    eta = eta_squared(values, groups, len(names))
    if not eta >= ETA:
        return None
    rows = np.random.default_rng(0).permutation(len(values))[:_SHORTCUT_SAMPLE]
    some, some_groups = values[rows], groups[rows]
    low, high = bootstrap(lambda one: eta_squared(some[one], some_groups[one], len(names)), len(rows), repeats=200)
    if not float(low) >= ETA / 2:
        return None
    large = np.flatnonzero(counts >= LEAST_OF_CLASS).tolist()
    medians = {one: float(np.median(lengths[kept][groups == one])) for one in large}
    least, most = min(medians, key=lambda one: medians[one]), max(medians, key=lambda one: medians[one])
    claim = "alone tells classes apart" if eta >= STRONG_ETA else "differs between classes"
    text = (
        f"The length of {quoted(name)} {claim}: {percent(eta, 1)} of the variance of its logarithm lies between them "
        f"(η² = {eta:.2f} [{float(low):.2f}, {float(high):.2f}], n = {int(kept.sum()):,}). {quoted(names[least])} has "
        f"the median {words.number(medians[least])} characters, {quoted(names[most])} {words.number(medians[most])}."
    )
    severity: Severity = "warning" if eta >= STRONG_ETA else "info"
    values_ = {"eta_squared": eta, "threshold": ETA}
    return Insight(kind="length-shortcut", severity=severity, text=text, figure=figure, values=values_)


def telling_words(
    corpus: Corpus, codes: NDArray[Any], names: Sequence[str], most: int = 8
) -> Mapping[str, tuple[tuple[str, float], ...]]:
    """For each class the words that tell it apart, with their z, the clearest first; classes without one left out.

    Only words of `LEAST_TEXTS` texts or more, and the 50 largest classes of as many.
    """
    of_rows = codes[corpus.rows]
    texts = np.bincount(of_rows[of_rows >= 0], minlength=len(names))
    large = np.argsort(-texts, kind="stable")[:_CLASSES_TOLD]
    kept = np.sort(large[texts[large] >= LEAST_TEXTS]).tolist()
    places = {one: place for place, one in enumerate(kept)}
    counts: list[Counter[str]] = [Counter() for _ in range(len(kept) + 1)]
    within: Counter[str] = Counter()
    for tokens, code in zip(corpus.tokens, of_rows.tolist(), strict=True):
        if code >= 0:
            counts[places.get(code, len(kept))].update(tokens)  # small classes count as others, together
        within.update(set(tokens))
    vocabulary, z = log_odds(counts, least=LEAST_TEXTS)
    usable = np.array([within[word] >= LEAST_TEXTS for word in vocabulary], np.bool_)
    told = {}
    for place, one in enumerate(kept):
        scores = np.where(usable, z[place], -np.inf)
        best = [word for word in np.argsort(-scores, kind="stable")[:most].tolist() if scores[word] >= TELLING]
        if best:
            told[names[one]] = tuple((vocabulary[word], float(scores[word])) for word in best)
    return told
