"""What is odd about single columns: a few words for the table of columns, and a sentence for each kind of oddity.

One sentence a kind, however many columns have it, so that a wide table does not bury what matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import does, listed, percent, quoted
from dlviz_docs.model import Insight, Severity
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.outliers import ROBUST_Z
from dlviz_docs.stats.summary import entropy

__all__ = ["FLAGS", "OUTLYING", "Flag", "column_sentences", "flags_of"]

LEAST_ROWS = 20
"""Below this many values nothing is odd yet."""
ALMOST = 0.99
"""Share of one value from which on a column is almost constant."""
MANY_MISSING, MOST_MISSING = 0.05, 0.5
ZEROS = 0.2
SPIKE = 0.2
"""Share of one value, other than zero, in a column of many values."""
SKEWED = 2.0
"""|g1| of an exponential distribution."""
HEAVY_TAILS = 10.0
"""Excess kurtosis; an exponential distribution has 6."""
MANY_LEVELS = 50
UNEVEN = 0.5
"""One minus entropy over its maximum."""
EVEN = 0.02
"""Largest distance of the cumulative distribution from a straight line."""
LEAST_EVEN = 200
BY_CHANCE = 0.01
"""Probability that a column of normal distribution has a value as far out as what is called an outlier."""
OUTLYING = 0.05
"""Share of outliers from which on they are not outliers but the shape of the column."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One kind of oddity."""

    kind: str
    """Stable: the insight's kind is "column-" and this."""
    word: str
    """In the table of columns."""
    severity: Severity
    holds: Callable[[ColumnStats], bool]
    measure: Callable[[ColumnStats], float]
    """How much: the columns are listed by it."""
    threshold: float
    one: str
    """The sentence of a single column; {name}, {share}, {value}, {count}, {n} and {extra} are filled in."""
    many: str
    """Of several; {names}, {columns} and {name}, ... of the first."""
    told: bool = True
    """Whether there is a sentence; else only the word."""


def _share(part: Callable[[ColumnStats], float]) -> Callable[[ColumnStats], float]:
    return lambda column: part(column) / column.n if column.n else 0.0


def _filled(column: ColumnStats) -> int:
    return column.n - column.missing


def _is_number(column: ColumnStats) -> bool:
    return column.feature.kind == "number" and column.numbers is not None and column.numbers.count >= LEAST_ROWS


def _constant(column: ColumnStats) -> bool:
    return column.distinct == 1 and _filled(column) >= 2


def _almost_constant(column: ColumnStats) -> bool:
    return _filled(column) >= 100 and column.distinct > 1 and column.top_share > ALMOST


def _all_different(column: ColumnStats) -> bool:
    """A name of rows: an identifier, or whole numbers that count; measured numbers differ without being names."""
    if column.n < LEAST_ROWS or column.distinct < column.n:
        return False
    return column.feature.kind in ("identifier", "category") or (column.feature.whole and _counts(column))


def _counts(column: ColumnStats) -> bool:
    numbers = column.numbers
    return numbers is not None and numbers.greatest - numbers.least < 2 * column.n


def _zero_share(column: ColumnStats) -> float:
    return column.numbers.zeros / column.numbers.count if column.numbers and column.numbers.count else 0.0


def _spike_share(column: ColumnStats) -> float:
    numbers = column.numbers
    if numbers is None or column.distinct < 10 or numbers.top == 0:
        return 0.0
    return numbers.top_count / numbers.count


def _skew(column: ColumnStats) -> float:
    return abs(column.numbers.skew) if column.numbers and not math.isnan(column.numbers.skew) else 0.0


def _kurtosis(column: ColumnStats) -> float:
    return column.numbers.kurtosis if column.numbers and not math.isnan(column.numbers.kurtosis) else 0.0


def _unevenness(column: ColumnStats) -> float:
    levels = column.levels
    if levels is None or levels.distinct < 2 or levels.count < LEAST_ROWS:
        return 0.0
    return 1 - math.log(levels.effective) / math.log(levels.distinct)


def _is_even(column: ColumnStats) -> bool:
    numbers, levels = column.numbers, column.levels
    if levels is not None:
        return levels.distinct > 2 and levels.count >= LEAST_EVEN and levels.effective > 0.995 * levels.distinct
    if numbers is None or numbers.count < LEAST_EVEN or not numbers.greatest > numbers.least:
        return False
    if column.distinct < 20:
        return column.feature.whole and column.distinct > 2 and _equally_frequent(column)
    at = (numbers.q05, numbers.q25, numbers.median, numbers.q75, numbers.q95)
    places = (np.array(at) - numbers.least) / (numbers.greatest - numbers.least)
    return bool(np.abs(places - (0.05, 0.25, 0.5, 0.75, 0.95)).max() < EVEN)


def _equally_frequent(column: ColumnStats) -> bool:
    """Of whole numbers, each of which has a bin."""
    counts = column.bins.counts.sum(axis=0) if column.bins is not None else np.zeros(0)
    counts = counts[counts > 0]
    return len(counts) == column.distinct and math.exp(entropy(counts)) > 0.995 * column.distinct


def _outlying(column: ColumnStats) -> int:
    return column.outliers.below + column.outliers.above if column.outliers else 0


def _has_outliers(column: ColumnStats) -> bool:
    found = column.outliers
    if found is None or not _is_number(column) or found.method != "robust z":
        return False
    return 0 < _outlying(column) < OUTLYING * column.n and _farthest(column) > _expected(column.n)


@lru_cache(maxsize=64)
def _expected(n: int) -> float:
    """Standard deviations beyond which one of n values of a normal distribution lies in a sample of a hundred."""
    low, high = 0.0, 40.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if n * math.erfc(middle / math.sqrt(2)) > BY_CHANCE else (low, middle)
    return high


def _farthest(column: ColumnStats) -> float:
    return abs(float(column.outliers.scores[0])) if column.outliers is not None and len(column.outliers.scores) else 0.0


def _same_length(column: ColumnStats) -> bool:
    texts = column.feature.texts
    if texts is None or _filled(column) < LEAST_ROWS:
        return False
    known = texts.lengths[texts.lengths >= 0]
    return len(known) > 0 and bool(known.min() == known.max()) and column.distinct > 1


def _levels_count(column: ColumnStats) -> float:
    return float(column.distinct) if column.levels is not None else 0.0


FLAGS: tuple[Flag, ...] = (
    Flag(
        "infinite",
        "infinite values",
        "warning",
        lambda c: c.numbers is not None and c.numbers.infinite > 0,
        lambda c: float(c.numbers.infinite) if c.numbers else 0.0,
        0,
        "{name} has {count} infinite {values}: what trains on it will diverge.",
        "{columns} columns have infinite values: {names}; {name} has {count}.",
    ),
    Flag(
        "mixed",
        "mixed types",
        "warning",
        lambda c: c.feature.invalid > 0,
        lambda c: float(c.feature.invalid),
        0,
        "{name} is a column of numbers with {count} {cells} that hold something else.",
        "{columns} columns of numbers have cells that hold something else: {names}; {name} has {count}.",
    ),
    Flag(
        "empty",
        "empty",
        "warning",
        lambda c: c.n > 0 and c.missing == c.n,
        lambda c: 1.0,
        1,
        "{name} is empty.",
        "{columns} columns are empty: {names}.",
    ),
    Flag(
        "constant",
        "constant",
        "warning",
        _constant,
        lambda c: 1.0,
        1,
        "{name} has one value only, so it says nothing.",
        "{columns} columns have one value only, so they say nothing: {names}.",
    ),
    Flag(
        "almost-constant",
        "almost constant",
        "info",
        _almost_constant,
        lambda c: c.top_share,
        ALMOST,
        "{name} has the same value in {share} of its rows.",
        "{columns} columns have one value in more than 99 % of their rows: {names}.",
    ),
    Flag(
        "missing",
        "missing",
        "info",
        lambda c: c.n >= LEAST_ROWS and MANY_MISSING * c.n < c.missing < c.n,
        _share(lambda c: c.missing),
        MANY_MISSING,
        "{name} is missing in {share} of the rows.",
        "{columns} columns are missing in more than 5 % of the rows: {names}; {name} in {share}.",
    ),
    Flag(
        "outliers",
        "outliers",
        "info",
        _has_outliers,
        _farthest,
        ROBUST_Z,
        "{count} {rows} ({of_n}) {lie} beyond 3.5 robust σ in {name}; the farthest at {value} σ.",
        "{columns} columns have values beyond 3.5 robust σ: {names}; {name} has {count}, the farthest at {value} σ.",
    ),
    Flag(
        "zeros",
        "many zeros",
        "info",
        lambda c: _is_number(c) and ZEROS < _zero_share(c) < 1 and c.distinct > 2 and not _almost_constant(c),
        _zero_share,
        ZEROS,
        "{share} of the values of {name} are exactly 0.",
        "{columns} columns are exactly 0 in more than 20 % of their rows: {names}; {name} in {share}.",
    ),
    Flag(
        "spike",
        "one value stands out",
        "info",
        lambda c: _is_number(c) and _spike_share(c) > SPIKE and not _almost_constant(c),
        _spike_share,
        SPIKE,
        "{share} of the values of {name} are exactly {top}: it may stand for something else, such as a limit or a gap.",
        "{columns} columns have one value in more than 20 % of their rows, which may stand for something else: "
        "{names}; {name} is {top} in {share}.",
    ),
    Flag(
        "skewed",
        "skewed",
        "info",
        lambda c: _is_number(c) and _skew(c) > SKEWED and c.distinct > 2 and not _almost_constant(c),
        _skew,
        SKEWED,
        "{name} is {side}-skewed (g1 = {value}).",
        "{columns} columns are skewed (|g1| above 2): {names}; {name} most, with {value}.",
    ),
    Flag(
        "heavy-tails",
        "heavy tails",
        "info",
        lambda c: _is_number(c) and _kurtosis(c) > HEAVY_TAILS and c.distinct > 2,
        _kurtosis,
        HEAVY_TAILS,
        "",
        "",
        told=False,
    ),
    Flag(
        "identifier",
        "all different",
        "info",
        _all_different,
        lambda c: 1.0,
        1,
        "{name} is different in every row: it names rows, and says nothing of others.",
        "{columns} columns are different in every row, so they name rows: {names}.",
    ),
    Flag(
        "many-levels",
        "many levels",
        "info",
        lambda c: _levels_count(c) > MANY_LEVELS and not _all_different(c),
        _levels_count,
        MANY_LEVELS,
        "{name} has {levels} different values.",
        "{columns} columns of categories have more than 50 different values: {names}; {name} has {levels}.",
    ),
    Flag(
        "uneven",
        "uneven",
        "info",
        lambda c: _unevenness(c) > UNEVEN and not _almost_constant(c) and not _constant(c),
        _unevenness,
        UNEVEN,
        "{name} is {top} in {top_share} of the rows.",
        "{columns} columns of categories are uneven: {names}; {name} is {top} in {top_share} of the rows.",
    ),
    Flag(
        "even",
        "uniform",
        "info",
        _is_even,
        lambda c: 1.0,
        EVEN,
        "{name} is uniform: its values are spread evenly over their range, as numbers drawn by chance are.",
        "{columns} columns are uniform, their values spread evenly over their range: {names}.",
    ),
    Flag(
        "same-length",
        "all of one length",
        "info",
        _same_length,
        lambda c: float(c.feature.texts.lengths.max()) if c.feature.texts is not None else 0.0,
        1,
        "Every value of {name} has {length}: codes rather than words.",
        "{columns} columns have values of one length each, codes rather than words: {names}.",
    ),
)
"""In the order of the sentences."""


def flags_of(column: ColumnStats) -> tuple[str, ...]:
    """Words for what is odd about a column."""
    return tuple(flag.word for flag in FLAGS if flag.holds(column))


def column_sentences(
    columns: Sequence[ColumnStats], place_of: Callable[[str], str], table: str, skip: str = ""
) -> Iterator[Insight]:
    """A sentence for each kind of oddity; of a single column it points at that column's figure, else at the table.

    `skip` is the target, whose unevenness and gaps are said elsewhere.
    """
    for flag in FLAGS:
        found = [column for column in columns if flag.holds(column)]
        if flag.kind in ("uneven", "even", "many-levels", "missing"):
            found = [column for column in found if column.name != skip]
        if flag.kind == "even":  # what counts rows or orders them is so by its nature
            found = [column for column in found if column.feature.kind != "time" and not _all_different(column)]
        if not flag.told or not found:
            continue
        found.sort(key=lambda column: -flag.measure(column))
        first = found[0]
        text = (flag.one if len(found) == 1 else flag.many).format(
            names=listed([column.name for column in found]), columns=f"{len(found):,}", **_facts(flag, first)
        )
        severity = flag.severity
        if flag.kind == "missing" and flag.measure(first) > MOST_MISSING:
            severity = "warning"
        yield Insight(
            kind=f"column-{flag.kind}",
            severity=severity,
            text=text[0].upper() + text[1:],
            figure=place_of(first.name) if len(found) == 1 else table,
            values={"columns": float(len(found)), "most": flag.measure(first), "threshold": float(flag.threshold)},
        )


def _facts(flag: Flag, column: ColumnStats) -> dict[str, str]:
    amount = {
        "infinite": column.numbers.infinite if column.numbers else 0,
        "mixed": column.feature.invalid,
        "outliers": _outlying(column),
    }.get(flag.kind, 0)
    measure = flag.measure(column)
    top = "–"
    if column.numbers is not None:
        top = words.number(column.numbers.top)
    elif column.levels is not None and column.levels.top >= 0:
        top = quoted(column.feature.levels[column.levels.top])
    return {
        "name": quoted(column.name),
        "share": percent(measure, 1.0),
        "value": words.number(float(f"{measure:.2g}")) if math.isfinite(measure) else "∞",
        "count": f"{amount:,}",
        "of_n": percent(amount, column.n),
        "values": "value" if amount == 1 else "values",
        "cells": "cell" if amount == 1 else "cells",
        "rows": "row" if amount == 1 else "rows",
        "lie": does(amount, "lie"),
        "levels": f"{column.distinct:,}",
        "length": words.count(round(measure), "character") if flag.kind == "same-length" else "",
        "top": top,
        "top_share": percent(column.top_share, 1.0),
        "side": "right" if column.numbers is not None and column.numbers.skew > 0 else "left",
    }
