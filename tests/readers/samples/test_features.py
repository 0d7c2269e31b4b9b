"""Columns as what they hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.model import MISSING, Feature
from dlviz_docs.readers.samples._columns import as_classes, is_of_classes, joined, taken
from dlviz_docs.readers.samples._features import MOST_STRINGS, feature_of, feature_of_array, strings_of, texts_of


def words(*cells: str | None, name: str = "c") -> Feature:
    return feature_of(name, pl.Series(cells, dtype=pl.String))


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pl.Series([1.5, None, float("nan"), float("inf")]), "number"),
        (pl.Series([1, 2, 3]), "number"),
        (pl.Series([True, None, False]), "boolean"),
        (pl.Series([None, None]), "number"),
        (pl.Series(["True", "False", None, "true"]), "boolean"),
        (pl.Series(["red", "blue", "red"]), "category"),
        (pl.Series([date(2024, 1, 2), None]), "time"),
        (pl.Series([timedelta(seconds=3)]), "number"),
        (pl.Series(["2024-01-02", "2024-01-03T04:05:06Z"]), "time"),
        (pl.Series([f"a{row}f" for row in range(100)]), "identifier"),
        (pl.Series([f"The number {row} is what is written in this row" for row in range(100)]), "text"),
        (pl.Series(["1", "2", "x", *["3"] * 60]), "number"),
        (pl.Series(["007", "008", "009"] * 5), "category"),
        (pl.Series([f"{row / 7}" for row in range(300)]), "number"),
        (pl.Series(["a", "b"], dtype=pl.Categorical), "category"),
        (pl.Series(["b", "a"], dtype=pl.Enum(["b", "a", "z"])), "category"),
        (pl.Series(["ein langes Wort"] * 3), "category"),
    ],
)
def test_kinds(column: pl.Series, kind: str) -> None:
    assert feature_of("c", column).kind == kind


def test_numbers_that_count_the_rows_need_no_strings() -> None:
    counted = feature_of("id", pl.Series(range(5)))
    assert (counted.kind, counted.texts) == ("identifier", None)
    assert strings_of(counted) == ("0", "1", "2", "3", "4")
    some = taken(counted, np.array([3, -1, 3, 0]))
    assert strings_of(some) == ("3", None, "3", "0")
    assert some.values.tolist() == [0, MISSING, 0, 3]
    assert some.missing == 1
    both = joined([counted, feature_of("id", pl.Series([7, 1]))])
    assert strings_of(both) == ("0", "1", "2", "3", "4", "7", "1")
    assert both.values.tolist() == [0, 1, 2, 3, 4, 5, 1]
    twice = joined([counted, counted])
    assert twice.values.tolist() == [0, 1, 2, 3, 4] * 2
    assert as_classes(counted).levels == ("0", "1", "2", "3", "4")
    array = feature_of_array("id", np.arange(5))
    assert (array.kind, array.texts) == ("identifier", None)
    assert strings_of(feature_of_array("id", np.array([5, 6], np.uint8))) == ("5", "6")
    for others in ([1, 2, 3], [0, 2, 1], [0, 1, 1], [0, None, 2], [0, 5, 2], []):
        told = feature_of("id", pl.Series(others, dtype=pl.Int64))
        assert told.texts is not None
        assert strings_of(told) == tuple(None if other is None else str(other) for other in others)


def test_whole_numbers_that_name_something_are_identifiers() -> None:
    assert feature_of("user_id", pl.Series([3, 3, 4])).kind == "identifier"
    assert feature_of("class_id", pl.Series([3, 3, 4])).kind == "number"
    assert feature_of("fold_id", pl.Series([3, 3, 4])).kind == "number"
    assert feature_of("width", pl.Series([3, 3, 4])).kind == "number"
    assert feature_of("user_id", pl.Series([3, 3, 4])).values.tolist() == [0, 0, 2]


def test_words_among_numbers_are_counted_and_missing() -> None:
    feature = words(*["1.5"] * 97, "n.v.", None, "")
    assert (feature.kind, feature.invalid, feature.missing) == ("number", 1, 3)
    assert np.isnan(feature.values).sum() == feature.missing
    many = words(*(f"{row / 3}" for row in range(500)), "n.v.", None)
    assert (many.kind, many.invalid, many.missing) == ("number", 1, 2)


def test_infinities_are_numbers() -> None:
    feature = words("inf", "-inf", "1")
    assert feature.values.tolist() == [np.inf, -np.inf, 1.0]
    assert feature.missing == 0
    assert feature.whole


def test_times_are_seconds_since_1970() -> None:
    moment = datetime(2024, 3, 1, 12, 30, 15, 500_000, UTC).timestamp()
    feature = words("2024-03-01 12:30:15.5", "2024-03-01T13:30:15.500+01:00", "2024-03-01T12:30:15,5Z", "2024-03-01")
    assert feature.values.tolist() == [moment, moment, moment, datetime(2024, 3, 1, tzinfo=UTC).timestamp()]
    assert feature_of("timestamp", pl.Series([1.7e9, 1.8e9])).values.tolist() == [1.7e9, 1.8e9]
    assert feature_of("timestamp", pl.Series([1_700_000_000_000])).kind == "time"
    assert feature_of("amount", pl.Series([1.7e9, 1.8e9])).kind == "number"
    assert feature_of_array("t", np.array(["2024-03-01", "NaT"], "datetime64[D]")).missing == 1


def test_levels_stand_in_natural_order() -> None:
    assert words("item 10", "item 9", " item 9 ", "item 10").levels == ("item 9", "item 10")
    assert words("item 10", "item 9", " item 9 ", "item 10").values.tolist() == [1, 0, 0, 1]


def test_texts_are_the_same_whatever_their_spelling() -> None:
    texts = texts_of(pl.Series(["The  cat", "the cat ", "ｔｈｅ ＣＡＴ", "Straße", "STRASSE", "dog", None]))
    hashes = texts.hashes.tolist()
    assert hashes[0] == hashes[1] == hashes[2] != hashes[5]
    assert hashes[3] == hashes[4]
    assert hashes[6] == 0
    assert texts.lengths.tolist() == [8, 8, 7, 6, 7, 3, -1]
    assert texts_of(pl.Series(["dog", "the cat"])).hashes.tolist() == [hashes[5], hashes[0]]


def test_strings_of_very_long_columns_are_not_all_kept() -> None:
    column = pl.Series(["a sentence of some words", "another sentence of words"]).sample(
        MOST_STRINGS + 5, with_replacement=True, seed=0
    )
    texts = texts_of(column)
    assert len(texts.strings) == MOST_STRINGS
    assert len(texts.hashes) == len(texts.lengths) == MOST_STRINGS + 5


cells = st.lists(
    st.one_of(st.none(), st.text(max_size=12), st.floats().map(str), st.integers().map(str), st.dates().map(str)),
    max_size=40,
)


@given(cells)
def test_any_words_make_a_column_that_adds_up(column: list[str | None]) -> None:
    clean = [None if cell is None else cell.encode("utf-8", "replace").decode() for cell in column]
    feature = words(*clean)
    assert len(feature) == len(column)
    assert feature.missing >= sum(cell is None for cell in clean)
    if feature.kind in ("number", "time"):
        assert np.isnan(feature.values).sum() == feature.missing
    else:
        assert (feature.values == MISSING).sum() == feature.missing
    if feature.kind == "category":
        assert feature.values.max(initial=-1) < len(feature.levels)


@given(cells, cells)
def test_any_two_columns_are_one(above: list[str | None], below: list[str | None]) -> None:
    parts = [words(*(c and c.encode("utf-8", "replace").decode() for c in part)) for part in (above, below)]
    whole = joined(parts)
    assert len(whole) == len(above) + len(below)
    assert whole.missing <= parts[0].missing + parts[1].missing
    if all(part.kind in ("number", "category", "boolean") and not part.invalid for part in parts):
        spelled = [cell for part in parts for cell in strings_of(part)]
        if whole.kind == "category" and all(part.kind != "number" for part in parts):
            assert list(strings_of(whole)) == spelled


def test_rows_of_a_column() -> None:
    feature = taken(words("red", "blue", None), np.array([2, 1, -1, 0]))
    assert strings_of(feature) == (None, "blue", None, "red")
    assert feature.missing == 2
    text = taken(feature_of("id", pl.Series(["p1", "p2"])), np.array([1, 1, -1]))
    assert strings_of(text) == ("p2", "p2", None)


@pytest.mark.parametrize(
    ("values", "yes"),
    [
        (np.arange(10).repeat(5), True),
        (np.array([3, 5, 9] * 10), True),
        (np.arange(100).repeat(3), True),
        (np.arange(0, 3000, 7).repeat(3), False),
        (np.linspace(0, 1, 50), False),
        (np.zeros(0), False),
    ],
)
def test_numbers_that_are_classes(values: np.ndarray, yes: bool) -> None:
    assert is_of_classes(feature_of_array("label", values)) is yes


def test_numbers_as_classes_are_spelled_as_they_are() -> None:
    classes = as_classes(feature_of_array("label", np.array([10.0, 2.0, np.nan, 2.0])))
    assert classes.levels == ("2", "10")
    assert classes.values.tolist() == [1, 0, MISSING, 0]
