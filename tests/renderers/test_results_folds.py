"""Folds of a cross-validation: found by their paths or by a column, judged one by one and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, f1_score, matthews_corrcoef, r2_score

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.model.samples import Feature, Predictions, Samples
from dlviz_docs.renderers.results import Results
from dlviz_docs.renderers.results._folds import folds_of
from dlviz_docs.stats.folds import across, unlike
from dlviz_docs.view import Fact, Figure, Plot, Shown, Table

NAMES = ("a", "b", "c")


def answered(path: str, *, skill: float = 0.8, n: int = 200, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, n).astype(np.int32)
    said = np.where(rng.random(n) < skill, true, (true + 1) % 3).astype(np.int32)
    return Predictions(path.rpartition(".")[0], "", (path,), "classification", n, NAMES, true, said)


def measured(path: str, *, noise: float = 1.0, n: int = 150, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    true = rng.normal(size=n)
    return Predictions(path, "", (path,), "regression", n, truth=true, predicted=true + noise * rng.normal(size=n))


def page(*predictions: Predictions) -> tuple[Mapping[str, Figure], list[Insight], dict[str, str]]:
    found: list[Shown] = list(Results()(Experiment("e", "e", "e", samples=Samples(predictions=predictions))))
    figures = [one for one in found if isinstance(one, Figure)]
    assert len({figure.id for figure in figures}) == len(figures)
    insights = [one for one in found if isinstance(one, Insight)]
    assert all(not one.figure or one.figure in {figure.id for figure in figures} for one in insights)
    facts = {one.label: one.text for one in found if isinstance(one, Fact)}
    return {figure.id: figure for figure in figures}, insights, facts


def rows(figure: Figure) -> dict[str, list[float | str | None]]:
    assert isinstance(figure.spec, Table)
    return {row[0].text: [cell.sort for cell in row[1:]] for row in figure.spec.rows}


@pytest.mark.parametrize(
    "paths",
    [
        ["fold_0/preds.csv", "fold_1/preds.csv", "fold_2/preds.csv"],
        ["runs/vit-fold1/predictions.csv", "runs/vit-fold2/predictions.csv", "runs/vit-fold10/predictions.csv"],
        ["preds_fold=0.npy", "preds_fold=1.npy", "preds_fold=2.npy"],
        ["cv_1.csv", "cv_2.csv", "cv_3.csv"],
        ["kfold5/Fold 1/p.csv", "kfold5/Fold 2/p.csv", "kfold5/Fold 3/p.csv"],
    ],
)
def test_paths_tell_folds(paths: Sequence[str]) -> None:
    (found,) = folds_of([answered(path) for path in reversed(paths)])
    assert [one.sources[0] for one in found.members] == paths
    assert list(found.numbers) == sorted(found.numbers)


@pytest.mark.parametrize(
    "paths",
    [
        ["model_1/preds.csv", "model_2/preds.csv"],
        ["scaffold1/preds.csv", "scaffold2/preds.csv"],
        ["fold_0/preds.csv", "fold_1/probs.csv"],
        ["fold_0/preds.csv"],
        ["a/fold_0.csv", "b/fold_0.csv"],
        ["opencv2.csv", "opencv3.csv"],
    ],
)
def test_other_numbers_are_no_folds(paths: Sequence[str]) -> None:
    assert folds_of([answered(path) for path in paths]) == []


def test_scores_of_folds_are_those_of_their_rows() -> None:
    members = [answered(f"fold_{i}/preds.csv", n=200 + i, seed=i) for i in range(4)]
    figures, insights, facts = page(*members)
    each = rows(figures["every-fold"])
    expected = []
    for i, one in enumerate(members):
        truth, said = one.truth, one.predicted
        assert truth is not None
        assert said is not None
        expected.append(float((truth == said).mean()))
        scores = (balanced_accuracy_score(truth, said), f1_score(truth, said, average="macro"))
        assert each[f"fold {i}"] == pytest.approx([200 + i, expected[i], *scores, matthews_corrcoef(truth, said)])
    mean, deviation = float(np.mean(expected)), float(np.std(expected, ddof=1))
    (headline,) = (one for one in insights if one.kind == "folds")
    assert insights[0] is headline
    assert headline.values == pytest.approx({"mean": mean, "deviation": deviation, "folds": 4})
    assert list(facts) == ["Accuracy over 4 folds"]
    assert facts["Accuracy over 4 folds"] == f"{mean:.3f} ± {deviation:.3f} (n = 806 rows)"
    summary = rows(figures["folds"])["accuracy"]
    assert summary[:3] == pytest.approx([mean, min(expected), max(expected)])
    assert summary[3] == pytest.approx(sum(e * (200 + i) for i, e in enumerate(expected)) / 806)
    plot = figures["fold-scores"].spec
    assert isinstance(plot, Plot)
    assert plot.layers[0].x == pytest.approx(expected)
    assert not [one for one in insights if one.kind == "folds-unlike"]


def test_a_fold_that_stands_apart_is_told() -> None:
    members = [answered(f"fold_{i}.csv", skill=0.8 if i != 2 else 0.4, n=200 + i, seed=i) for i in range(4)]
    (odd,) = (one for one in page(*members)[1] if one.kind == "folds-unlike")
    right = np.array([[(m.truth == m.predicted).sum(), (m.truth != m.predicted).sum()] for m in members])  # type: ignore[union-attr]
    assert odd.values["p"] == pytest.approx(stats.chi2_contingency(right).pvalue)
    assert "fold 2 has accuracy 0." in odd.text


def test_folds_that_answer_the_same_rows_are_not_put_together() -> None:
    first = answered("fold_0/preds.csv", seed=0)
    others = [replace(answered(f"fold_{i}/preds.csv", seed=i), truth=first.truth) for i in (1, 2)]
    figures, _, facts = page(first, *others)
    table = figures["folds"].spec
    assert isinstance(table, Table)
    assert [column.label for column in table.columns] == ["Score", "Mean ± standard deviation", "Lowest", "Highest"]
    assert "the same rows" in figures["folds"].caption
    assert facts["Accuracy over 3 folds"].endswith("(the same 200 rows)")
    assert "models" in figures


def test_two_models_have_a_table_each() -> None:
    members = [answered(f"{m}/fold{i}.csv", n=150 + 10 * i + k, seed=i) for k, m in enumerate("ab") for i in range(3)]
    figures, _, facts = page(*members)
    assert list(facts) == ["Accuracy over 3 folds “a”", "Accuracy over 3 folds “b”"]
    groups = dict.fromkeys(figure.group for figure in figures.values() if figure.group.startswith("Cross-validation"))
    assert list(groups) == ["Cross-validation: a", "Cross-validation: b"]


def test_numbers_too() -> None:
    members = [measured(f"fold_{i}.csv", noise=1 + i / 4, n=150 + i, seed=i) for i in range(3)]
    figures, _, facts = page(*members)
    each = rows(figures["every-fold"])
    for i, one in enumerate(members):
        assert one.truth is not None
        assert one.predicted is not None
        error = np.abs(one.truth - one.predicted)
        expected = [150 + i, error.mean(), np.sqrt((error**2).mean()), r2_score(one.truth, one.predicted)]
        assert each[f"fold {i}"] == pytest.approx(expected)
    assert list(facts) == ["MAE over 3 folds"]


def test_a_column_tells_folds_too() -> None:
    one = answered("oof.csv", n=600)
    fold = np.arange(600) % 3
    named = Feature("fold", "number", fold.astype(float), whole=True)
    figures, insights, facts = page(replace(one, attributes=(named,)))
    assert one.predicted is not None
    right = one.truth == one.predicted
    each = rows(figures["every-fold"])
    assert [each[f"fold {i}"][1] for i in range(3)] == pytest.approx([right[fold == i].mean() for i in range(3)])
    assert list(facts) == ["Accuracy", "Accuracy over 3 folds"]
    words = Feature("cv_fold", "category", fold.astype(np.int32), ("fold_a", "fold_b", "c"))
    assert "fold c" in rows(page(replace(one, attributes=(words,)))[0]["every-fold"])
    assert insights[0].kind == "folds"
    number = measured("oof.csv", n=600)
    assert "folds" in page(replace(number, attributes=(named,)))[0]
    constant = Feature("fold", "number", np.zeros(600), whole=True)
    assert "folds" not in page(replace(one, attributes=(constant,)))[0]
    manifold = replace(named, name="manifold")
    assert "folds" not in page(replace(one, attributes=(manifold,)))[0]


def test_a_fold_without_a_truth_is_left_out() -> None:
    members = [answered(f"fold_{i}.csv", n=150 + i, seed=i) for i in range(3)]
    figures, *_ = page(*members[:2], replace(members[2], truth=None))
    assert list(rows(figures["every-fold"])) == ["fold 0", "fold 1"]
    alone, *_ = page(members[0], replace(members[2], truth=None))
    assert "folds" not in alone


def test_spread_and_chance() -> None:
    mean, deviation = across(np.array([1.0, 3.0, np.nan]))
    assert (mean, deviation) == (2.0, pytest.approx(np.sqrt(2)))
    assert np.isnan(across(np.array([np.nan]))[0])
    assert np.isnan(across(np.array([1.0]))[1])
    assert np.isnan(unlike(np.array([10.0, 9.0]), np.array([10.0, 10.0])))
    assert unlike(np.array([50.0, 50.0]), np.array([100.0, 100.0])) == 1.0
