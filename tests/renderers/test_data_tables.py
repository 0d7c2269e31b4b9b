"""What the page of a table shows: real tables, and columns with everything that can be odd about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_tables import category, dataset, figures, insights, number, page, real, texts_of
from scipy import stats

from dlviz_docs.model import Dataset, Feature, Insight, Texts
from dlviz_docs.view import Fact, Figure, Matrix, Plot, Table

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes", "iris"])
def test_every_sentence_points_at_a_figure_of_the_page(name: str) -> None:
    shown = page(real(name))
    known = figures(shown)
    said = [one for one in shown if isinstance(one, Insight)]
    assert said
    assert {one.figure for one in said} <= set(known)
    assert all(one.text.endswith((".", "?")) and "nan" not in one.text.lower().split() for one in said)
    order = ["serious", "warning", "info"]
    assert [order.index(one.severity) for one in said] == sorted(order.index(one.severity) for one in said)
    assert isinstance(shown[0], Fact)
    assert all(isinstance(one, Insight) for one in shown[1 : len(said) + 1])


def test_the_table_of_columns_holds_what_numpy_finds() -> None:
    found = real("wine")
    table = figures(page(found))["columns"].spec
    assert isinstance(table, Table)
    assert len(table.rows) == 14
    labels = [column.label for column in table.columns]
    alcohol = dict(zip(labels, table.rows[0], strict=True))
    values = found.features[0].values
    assert alcohol["Mean"].sort == pytest.approx(values.mean())
    assert alcohol["SD"].sort == pytest.approx(values.std(ddof=1))
    assert alcohol["Skew"].sort == pytest.approx(stats.skew(values))
    assert alcohol["Distinct"].text == str(len(np.unique(values)))


def test_histograms_are_shares_of_each_split_over_the_same_edges() -> None:
    found = real("wine")
    plot = figures(page(found))["column-alcohol"].spec
    assert isinstance(plot, Plot)
    assert [layer.label for layer in plot.layers] == ["train", "val"]
    for code, layer in enumerate(plot.layers):
        assert layer.y.sum() == pytest.approx(100)
        assert (layer.x == plot.layers[0].x).all()
        assert layer.notes[0].endswith(f"of {int((found.split == code).sum())} in {layer.label}")


def test_figures_are_of_the_columns_that_say_most_and_the_rest_is_said() -> None:
    target = RNG.integers(0, 2, 300)
    noise = [number(f"noise {k}", RNG.normal(size=300)) for k in range(50)]
    shown = page(
        dataset(*noise, number("signal", target + RNG.normal(size=300)), category("y", target, "ab"), target="y")
    )
    columns = [one for one in figures(shown).values() if one.group == "Distributions"]
    assert len(columns) == 40
    assert columns[0].title == "signal"
    assert "40 of 51 columns have a figure" in columns[0].caption


def odd() -> Dataset:
    n = 400
    position = np.arange(n)
    skewed = np.exp(RNG.normal(size=n) * 1.5)
    return dataset(
        number("constant", np.full(n, 3.0)),
        number("empty", np.full(n, np.nan)),
        number("infinite", np.where(position == 7, np.inf, RNG.normal(size=n))),
        number("mixed", RNG.normal(size=n), invalid=4),
        number("zeros", np.where(position % 2, 0.0, RNG.normal(size=n) + 5)),
        number("skewed", skewed),
        number("twin", skewed * 2),
        number("holes", np.where(position % 3 == 0, np.nan, RNG.normal(size=n))),
        number("holes too", np.where(position % 3 == 0, np.nan, RNG.normal(size=n))),
        number("counter", position, whole=True),
        number("far", np.where(position == 9, 1e6, RNG.normal(size=n))),
        number("nearly", np.where(position == 5, 1.0, 0.0)),
        category("many", position % 90, [f"m{k}" for k in range(90)]),
        category("uneven", np.where(RNG.random(n) < 0.97, 0, RNG.integers(1, 6, n)), "abcdef"),
        Feature("name", "identifier", position.astype(np.int32)),
        Feature("when", "time", 1.7e9 + 3600.0 * position),
        category("y", RNG.integers(0, 2, n), ("no", "yes")),
        target="y",
    )


def test_what_is_odd_about_columns_is_said_once_a_kind() -> None:
    shown = page(odd())
    said = insights(shown)
    wanted = {
        "column-constant": "“constant” has one value only",
        "column-empty": "“empty” is empty",
        "column-infinite": "“infinite” has 1 infinite value",
        "column-mixed": "“mixed” is a column of numbers with 4 cells",
        "column-zeros": "50 % of the values of “zeros” are exactly 0",
        "column-missing": "2 columns are missing in more than 5 % of the rows",
        "column-almost-constant": "“nearly” has the same value in 99.8 %",
        "column-many-levels": "“many” has 90 different values",
        "column-identifier": "“counter” and “name”",
        "column-uneven": "“uneven” is “a”",
        "association-redundant": "first “skewed” and “twin” (Spearman’s ρ = 1",
        "missing-together": "“holes” and “holes too” are missing in the same rows",
    }
    for kind, text in wanted.items():
        assert text in said[kind].text, said[kind].text
    assert "“far”" in said["column-outliers"].text
    assert "skewed" in said["column-skewed"].text
    rows = figures(shown)["columns"].spec
    assert isinstance(rows, Table)
    remarks = {row[0].text: row[-1].text for row in rows.rows}
    assert remarks["constant"] == "constant"
    assert "infinite values" in remarks["infinite"]
    assert "uniform" in remarks["counter"]


def test_a_column_that_gives_the_target_away_is_a_warning() -> None:
    target = RNG.integers(0, 2, 200)
    leak = number("leak", target + RNG.normal(size=200) * 0.01)
    said = insights(page(dataset(leak, number("noise", RNG.normal(size=200)), category("y", target, "ab"), target="y")))
    assert said["target-leakage"].severity == "warning"
    assert "“leak” tells “y” almost by itself" in said["target-leakage"].text
    assert "association-target" not in said


def test_a_column_that_separates_classes_is_a_warning_however_skewed_it_is() -> None:
    x = np.exp(2 * RNG.normal(size=500))
    shown = page(dataset(number("x", x), number("noise", RNG.normal(size=500)), category("y", x > 3, "ab"), target="y"))
    said = insights(shown)
    assert (
        "“x” tells “y” almost by itself (a threshold on it is right, AUC = 1, n = 500)" in said["target-leakage"].text
    )
    assert "association-target" not in said


def test_a_parabola_has_a_sentence_and_a_picture() -> None:
    x = RNG.uniform(-1, 1, 5000)
    shown = page(dataset(number("x", x), number("y", x**2 + RNG.normal(0, 0.1, 5000))))
    said = insights(shown)["association-nonlinear"]
    assert said.text.startswith("“x” and “y” hang together, but neither rises with the other nor falls (normalised")
    assert "4,000 of 5,000 rows, chosen at random, seed 0" in said.text
    plot = figures(shown)[said.figure].spec
    assert isinstance(plot, Plot)
    assert plot.layers[0].mark == "cell"


def test_nearly_the_same_is_not_said_to_be_the_same() -> None:
    x = RNG.normal(size=4000)
    shown = page(
        dataset(number("x", x), number("y", x + RNG.normal(size=4000) * 0.002), number("z", RNG.normal(size=4000)))
    )
    assert "(Spearman’s ρ > 0.9999, n = 4,000)" in insights(shown)["association-redundant"].text
    matrix = figures(shown)["associations"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.texts[matrix.rows.index("x")][matrix.columns.index("y")] == "0.99"
    assert matrix.texts[0][0] == "1.00"


def test_the_farthest_of_many_normal_values_is_no_outlier() -> None:
    rng = np.random.default_rng(1)
    columns = [number(f"c{k}", rng.normal(size=5000)) for k in range(20)]
    assert "column-outliers" not in insights(page(dataset(*columns)))
    columns[3].values[17] = 8.0
    assert "in “c3”; the farthest at" in insights(page(dataset(*columns)))["column-outliers"].text


def test_uniform_columns_and_codes_are_told() -> None:
    texts = Texts(tuple(f"{k:05d}" for k in range(500)), np.full(500, 5), np.arange(1, 501, dtype=np.uint64))
    code = Feature("code", "identifier", np.arange(500, dtype=np.int32), texts=texts)
    die = number("die", np.arange(500) % 5, whole=True)
    said = insights(
        page(dataset(code, die, number("normal", RNG.normal(size=500)), number("flat", RNG.permutation(500) / 7)))
    )
    assert said["column-even"].text.startswith("2 columns are uniform")
    assert "“die” and “flat”" in said["column-even"].text
    assert said["column-same-length"].text == "Every value of “code” has 5 characters: codes rather than words."


def test_associations_are_those_of_scipy() -> None:
    found = real("wine")
    matrix = figures(page(found))["associations"].spec
    assert isinstance(matrix, Matrix)
    i, j = matrix.rows.index("alcohol"), matrix.columns.index("proline")
    wanted = stats.spearmanr(found.features[0].values, found.features[12].values).statistic
    assert matrix.values[i, j] == pytest.approx(wanted)
    assert matrix.texts[i][j] == f"{wanted:.2f}"


def test_samples_none_hides_every_row() -> None:
    found = real("iris")
    ids = tuple(f"secret-{row}" for row in range(150))
    hidden = replace(found, ids=ids)
    seen = [text for one in figures(page(hidden)).values() for text in texts_of(one)]
    assert any("secret-" in text for text in seen)
    shown = page(hidden, samples="none")
    assert not any("secret-" in text for one in figures(shown).values() for text in texts_of(one))
    assert not any("secret-" in one.text for one in shown if isinstance(one, Insight))
    assert {one.figure for one in shown if isinstance(one, Insight)} <= {*figures(shown), ""}
    assert "outliers-rows" not in figures(shown)
    assert "duplicates-rows" not in figures(shown)
    dots = [
        one.id
        for one in figures(shown).values()
        if isinstance(one.spec, Plot)
        for layer in one.spec.layers
        if layer.mark == "dot"
    ]
    assert dots == []


@pytest.mark.parametrize("n", [0, 1, 2, 3, 31])
def test_few_rows_neither_fail_nor_warn(n: int) -> None:
    shown = page(
        dataset(
            number("x", np.arange(n)),
            number("nothing", np.full(n, np.nan)),
            number("huge", np.where(np.arange(n) % 2, 1e308, -1e308)),
            category("c", np.full(n, -1), ("a", "b")),
            category("none", np.full(n, -1), ()),
            category("y", np.arange(n) % 2, ("a", "b")),
            split=np.arange(n) % 3 if n > 2 else np.zeros(n),
            splits=("train", "val", "test"),
            target="y",
        )
    )
    assert "data-facts" in figures(shown)


def test_no_columns_at_all() -> None:
    shown = page(Dataset("data", (), "NPZ", 5, embeddings=np.random.default_rng(0).normal(size=(5, 3))))
    assert next(iter(figures(shown))) == "data-facts"
    assert "columns" not in figures(shown)


def test_two_data_sets_keep_apart() -> None:
    one = real("wine")
    other = Dataset("other", ("o.csv",), "CSV", one.length, one.features, target="target")
    shown = page(one, other)
    known = figures(shown)
    assert {"data-columns", "other-columns"} <= set(known)
    assert {one.page for one in known.values() if one.id.startswith("other-")} == {"", "other"}
    assert known["data-data-facts"].page == ""
    assert any(isinstance(s, Insight) and s.text.startswith("other: ") for s in shown)
    assert {s.figure for s in shown if isinstance(s, Insight)} <= set(known)


def test_the_page_is_the_same_every_time() -> None:
    first, second = page(real("breast_cancer")), page(real("breast_cancer"))
    assert [one.text for one in first if isinstance(one, Insight)] == [
        one.text for one in second if isinstance(one, Insight)
    ]
    assert [texts_of(one) for one in first if isinstance(one, Figure)] == [
        texts_of(one) for one in second if isinstance(one, Figure)
    ]


def test_copies_of_rows_that_are_copies_of_their_texts_are_said_once() -> None:
    of_rows = np.r_[np.arange(60), np.arange(5)]
    strings = tuple(f"an answer of several words, number {row}" for row in of_rows)
    texts = Texts(strings, np.full(65, 36), (of_rows + 1).astype(np.uint64))
    feature = Feature("answer", "text", of_rows.astype(np.int32), texts=texts)
    said = [one for one in page(dataset(feature, number("x", of_rows / 7))) if isinstance(one, Insight)]
    (copies,) = (one for one in said if one.kind == "copies")
    assert copies.text.startswith("10 of 65 texts (15.4 %) have a copy ")
    moved = number("x", np.arange(65) / 7)
    moved.values[60:64] = np.arange(4) / 7
    said = [one for one in page(dataset(feature, moved)) if isinstance(one, Insight)]
    assert len([one for one in said if one.kind == "copies"]) == 2


def test_rows_of_arrays_are_not_told_by_their_label_alone() -> None:
    labels = np.repeat([0, 1], [700, 300])
    split = (np.arange(1000) > 600).astype(int)
    points = RNG.normal(size=(1000, 8))
    shown = page(dataset(category("y", labels, "ab"), split=split, target="y", embeddings=points, length=1000))
    kinds = {one.kind for one in shown if isinstance(one, Insight)}
    assert not kinds & {"copies", "leakage", "contradictions", "split-drift", "split-separable"}
    assert not {"columns", "drift", "drift-columns", "duplicates", "column-y"} & set(figures(shown))
    assert "classes" in figures(shown)
    facts = {row[0].text: row[1].text for row in figures(shown)["data-facts"].spec.rows}  # type: ignore[union-attr]
    assert facts.get("Duplicate rows", "none") == "none"
