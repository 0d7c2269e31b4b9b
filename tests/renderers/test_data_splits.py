"""What splits share and where they differ, classes, missing cells, rows that repeat, and patterns."""

from __future__ import annotations

import numpy as np
import pytest
from made_tables import category, dataset, figures, insights, number, page, real, texts_of
from scipy import stats

from dlviz_docs.model import Feature
from dlviz_docs.view import Matrix, Plot, Table

N = 900


def three(rng: np.random.Generator) -> np.ndarray:
    return rng.choice(3, N, p=[0.6, 0.2, 0.2])


def test_a_split_that_drifts_is_named_with_its_column_and_direction() -> None:
    rng = np.random.default_rng(0)
    split = three(rng)
    moved = rng.normal(size=N) + np.where(split == 2, 1.0, 0.0)
    colour = np.where((split == 2) & (rng.random(N) < 0.5), 1, rng.integers(0, 3, N))
    found = dataset(
        number("moved", moved),
        number("still", rng.normal(size=N)),
        category("colour", colour, ("red", "green", "blue")),
        split=split,
    )
    shown = page(found)
    said = insights(shown)
    assert said["split-drift"].text.startswith("Test differs from train in 2 of 3 columns, most in “moved” (median +")
    assert said["split-drift"].severity == "warning"
    wanted = stats.wasserstein_distance(moved[split == 0], moved[split == 2]) / moved[split == 0].std(ddof=1)
    assert said["split-drift"].values["effect"] == pytest.approx(wanted)
    assert said["split-alike"].text.startswith("Val is like train")
    assert "tells test from train" in said["split-separable"].text
    assert "“moved”" in said["split-separable"].text
    plot = figures(shown)["drift"].spec
    assert isinstance(plot, Plot)
    assert plot.y.categories[0] == "moved"
    table = figures(shown)["drift-columns"].spec
    assert isinstance(table, Table)
    assert [row[0].text for row in table.rows if row[1].text == "test"][:2] == ["moved", "colour"]
    assert any("“green”" in row[8].text for row in table.rows)


def test_small_splits_are_said_and_not_compared() -> None:
    split = np.repeat([0, 1], [100, 12])
    shown = page(dataset(number("x", np.arange(112)), number("y", np.arange(112) % 7), split=split))
    assert insights(shown)["split-small"].text == (
        "Val has 12 rows: too few to be compared with the others (fewer than 30)."
    )
    assert "drift" not in figures(shown)


def test_an_imbalanced_target_and_a_class_that_a_split_lacks() -> None:
    y = np.repeat([0, 1, 2], [600, 280, 20])
    split = np.concatenate([np.arange(600) % 2, np.zeros(280, int), np.arange(20) % 2])
    shown = page(dataset(number("x", np.arange(N)), category("y", y, ("dog", "cat", "wolf")), split=split, target="y"))
    said = insights(shown)
    assert "Class “wolf” has 20 rows, 30 times fewer than “dog” with 600" in said["class-imbalance"].text
    assert said["class-absent"].text.startswith("Val has no row of 1 class: “cat”")
    plot = figures(shown)["classes"].spec
    assert isinstance(plot, Plot)
    train = plot.layers[0]
    low, high = (100 * end for end in _wilson(280, 590))
    assert train.low is not None
    assert train.high is not None
    assert (train.low[1], train.high[1]) == (pytest.approx(low), pytest.approx(high))
    table = figures(shown)["classes-table"].spec
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[1]] == ["cat", "280", "31.1 %", "280 (47.5 %)", "none"]


def _wilson(hits: int, n: int) -> tuple[float, float]:
    ends = stats.binomtest(hits, n).proportion_ci(method="wilson")
    return float(ends.low), float(ends.high)


def test_one_class_only() -> None:
    shown = page(dataset(number("x", np.arange(40)), category("y", np.zeros(40), ("a", "b")), target="y"))
    assert insights(shown)["class-single"].text == "All 40 rows are of one class, “a”."


def test_ten_thousand_classes() -> None:
    y = np.arange(20_000) % 10_000
    shown = page(dataset(number("x", y), category("y", y, [f"c{k}" for k in range(10_000)]), target="y"))
    figure = figures(shown)["classes"]
    assert isinstance(figure.spec, Plot)
    assert len(figure.spec.layers[0].x) == 40
    assert "of 10,000 classes" in figure.caption


def test_gaps_that_depend_on_the_class() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    x = np.where((y == 1) & (rng.random(N) < 0.4), np.nan, rng.normal(size=N))
    shown = page(dataset(number("x", x), number("z", rng.normal(size=N)), category("y", y, ("no", "yes")), target="y"))
    said = insights(shown)["missing-by-class"]
    assert said.severity == "warning"
    assert "of class “yes”" in said.text
    assert "0 % of the others" in said.text
    assert figures(shown)["missing"].caption.startswith("1 of 3 columns has missing cells")


def test_patterns_of_gaps() -> None:
    gap = np.arange(N) % 4 == 0
    values = np.random.default_rng(0).normal(size=(3, N))
    features = [number(name, np.where(gap, np.nan, row)) for name, row in zip("ab", values, strict=False)]
    shown = figures(page(dataset(*features, number("c", values[2]))))
    table, matrix = shown["missing-patterns"].spec, shown["missing-together"].spec
    assert isinstance(table, Table)
    assert isinstance(matrix, Matrix)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["nothing", "0", "675", "75 %"],
        ["a, b", "2", "225", "25 %"],
    ]
    assert matrix.values[0, 1] == pytest.approx(1)


def test_rows_of_train_in_test_and_labels_that_contradict() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 300))
    values[:, 290:] = values[:, :10]
    y = rng.integers(0, 2, 300)
    y[290:] = y[:10]
    y[290:293] = 1 - y[:3]
    split = np.repeat([0, 2], [250, 50])
    features = [number(f"x{k}", row) for k, row in enumerate(values)]
    shown = page(dataset(*features, category("y", y, "ab"), split=split, splits=("train", "val", "test"), target="y"))
    said = insights(shown)
    assert said["leakage"].severity == "serious"
    assert said["leakage"].text.startswith("7 of 50 test rows (14 %) have a copy in train")
    assert said["contradictions"].text.startswith("6 of 300 rows (2 %) have the same cells as a row with another “y”")
    assert "at least 3 of them (1 %)" in said["contradictions"].text
    table = figures(shown)["contradictions"].spec
    assert isinstance(table, Table)
    assert len(table.rows) == 6
    matrix = figures(shown)["duplicates"].spec
    assert isinstance(matrix, Matrix)
    assert matrix.values[2].tolist() == [7, 0, 0]


def test_groups_and_periods_that_splits_share() -> None:
    rng = np.random.default_rng(0)
    patient = np.concatenate([rng.integers(0, 30, 200), rng.integers(25, 50, 100)])
    when = 1.7e9 + 86_400.0 * np.concatenate([np.arange(200), np.arange(190, 290)])
    shown = page(
        dataset(
            category("patient", patient, [f"p{k}" for k in range(50)]),
            Feature("when", "time", when),
            number("x", rng.normal(size=300)),
            split=np.repeat([0, 1], [200, 100]),
            splits=("train", "test"),
            group="patient",
            time="when",
        )
    )
    said = insights(shown)
    shared = np.isin(patient[200:], patient[:200]).sum()
    assert said["group-leakage"].text.startswith(f"{shared} of 100 test rows")
    assert said["group-leakage"].severity == "serious"
    assert said["time-overlap"].text.startswith("By “when”, 9 of 100 test rows (9 %) are earlier")
    assert {"groups", "periods"} <= set(figures(shown))


def test_clusters_are_named_by_what_they_share() -> None:
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], [400, 200])
    found = dataset(
        number("size", rng.normal(size=600) + 8 * kind),
        number("weight", rng.normal(size=600) - 8 * kind),
        number("noise", rng.normal(size=600)),
        category("colour", np.where(rng.random(600) < 0.9, kind, 1 - kind), ("red", "blue")),
        category("y", kind, ("small", "large")),
        target="y",
    )
    shown = page(found)
    table = figures(shown)["rows-clusters"].spec
    assert isinstance(table, Table)
    assert len(table.rows) == 2
    first, second = (" ".join(cell.text for cell in row) for row in table.rows)
    assert "low “size”" in first
    assert "high “weight”" in first
    assert "“noise”" not in first + second
    assert "large (100 %)" in second
    assert "2 clusters" in insights(shown)["clusters"].text
    assert "“y”" not in insights(shown)["clusters"].text


def test_a_wrong_label_and_a_far_row_are_found_among_real_rows() -> None:
    found = real("iris", split=False)
    codes = found.features[-1].values.copy()
    codes[3] = 2
    far = found.features[0].values.astype(float).copy()
    far[60] = 40.0
    made = dataset(
        number("sepal", far), *found.features[1:4], category("y", codes, found.features[-1].levels), target="y"
    )
    shown = figures(page(made))
    assert "row 3" in " ".join(texts_of(shown["rows-doubtful-labels"]))
    assert "row 60" in " ".join(texts_of(shown["rows-outlying-rows"]))
    rows = shown["outliers-rows"].spec
    assert isinstance(rows, Table)
    assert rows.rows[0][0].text == "row 60"
    assert "sepal = 40" in " ".join(cell.text for cell in rows.rows[0])
