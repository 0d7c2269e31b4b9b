"""Scores of classifiers against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from dlviz_docs.stats import classify


def answers(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    said = np.where(rng.random(n) < 0.7, truth, rng.integers(0, k, n))
    return truth.astype(np.int32), said.astype(np.int32)


@pytest.mark.parametrize(("n", "k"), [(500, 2), (1000, 7), (3000, 60), (2000, 3000)])
def test_scores_are_those_of_scikit_learn(n: int, k: int) -> None:
    truth, said = answers(n, k)
    found = {name: float(values[0]) for name, values in classify.scores(classify.confusion(truth, said, k)).items()}
    present = np.isin(np.arange(k), truth)
    recall = metrics.recall_score(truth, said, labels=np.arange(k)[present], average="macro", zero_division=0)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["balanced accuracy"] == pytest.approx(recall)
    assert found["macro F1"] == pytest.approx(metrics.f1_score(truth, said, average="macro", zero_division=0))
    assert found["weighted F1"] == pytest.approx(metrics.f1_score(truth, said, average="weighted", zero_division=0))
    assert found["MCC"] == pytest.approx(metrics.matthews_corrcoef(truth, said))


def test_the_table_is_the_same_counted_in_whole_and_in_part() -> None:
    truth, said = answers(400, 30)
    dense = classify.confusion(truth, said, 30)
    assert np.array_equal(dense.dense(), metrics.confusion_matrix(truth, said, labels=range(30)))
    sparse = classify.confusion(truth, said, 3000)
    assert np.array_equal(sparse.dense(np.arange(30)), dense.dense())
    assert (sparse.total, sparse.support.sum(), sparse.hits.sum()) == (400, 400, (truth == said).sum())


def test_scores_of_classes_and_what_is_not_defined() -> None:
    truth, said = np.array([0, 0, 0, 1, 2], np.int32), np.array([0, 0, 1, 1, 1], np.int32)
    table = classify.confusion(truth, said, 4)
    found = classify.class_scores(table)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, said, labels=range(4), zero_division=np.nan
    )
    assert found["precision"][0] == pytest.approx(precision, nan_ok=True)
    assert found["recall"][0] == pytest.approx(recall, nan_ok=True)
    assert found["F1"][0] == pytest.approx(f1, nan_ok=True)
    assert np.isnan(found["precision"][1][[2, 3]]).all()
    assert np.isnan(found["F1"][1][3])


def test_the_interval_of_f1_is_what_drawing_rows_gives() -> None:
    truth, said = answers(1000, 4)
    table = classify.confusion(truth, said, 4)
    _, low, high = classify.class_scores(table)["F1"]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, 1000, 1000)
        drawn.append(metrics.f1_score(truth[rows], said[rows], average=None))
    assert low == pytest.approx(np.quantile(drawn, 0.025, axis=0), abs=0.012)
    assert high == pytest.approx(np.quantile(drawn, 0.975, axis=0), abs=0.012)


def test_one_class_has_no_correlation() -> None:
    table = classify.confusion(np.zeros(9, np.int32), np.zeros(9, np.int32), 1)
    found = classify.scores(table)
    assert found["accuracy"][0] == 1
    assert np.isnan(found["MCC"][0])
    assert np.isnan(classify.scores(classify.confusion(*(np.zeros(0, np.int32),) * 2, 3))["accuracy"][0])


def test_resampled_scores_surround_the_score() -> None:
    truth, said = answers(2000, 5)
    table = classify.confusion(truth, said, 5)
    drawn = classify.scores(table, classify.resampled(table))["accuracy"]
    share = float((truth == said).mean())
    assert drawn.mean() == pytest.approx(share, abs=0.002)
    assert drawn.std() == pytest.approx(np.sqrt(share * (1 - share) / 2000), rel=0.1)
    groups = np.repeat(np.arange(200), 10)
    apart = classify.scores(table, classify.resampled(table, (truth, said), groups))["accuracy"]
    assert apart.std() == pytest.approx(drawn.std(), rel=0.15)  # groups that have nothing in common


@pytest.mark.parametrize("k", [2, 5])
def test_losses_are_those_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(0)
    probabilities, truth = rng.dirichlet(np.ones(k), 300), rng.integers(0, k, 300)
    own = probabilities[np.arange(300), truth]
    assert classify.loss_of_rows(own).mean() == pytest.approx(metrics.log_loss(truth, probabilities))
    brier = classify.brier_of_rows(probabilities, own).mean()
    expected = metrics.brier_score_loss(truth, probabilities[:, 1] if k == 2 else probabilities, labels=range(k))
    assert brier == pytest.approx(expected)
    for top in range(1, k):
        share = (classify.rank_of_truth(probabilities, own) <= top).mean()
        if k > 2:
            assert share == pytest.approx(metrics.top_k_accuracy_score(truth, probabilities, k=top, labels=range(k)))


def test_equal_probabilities_are_no_answer() -> None:
    assert (classify.rank_of_truth(np.full((4, 10), 0.1), np.full(4, 0.1)) == 10).all()


def test_classes_that_are_confused_stand_together() -> None:
    order = np.random.default_rng(0).permutation(12)
    mixed = np.zeros((12, 12))
    for one in range(11):
        mixed[order[one], order[one + 1]] = 5  # a chain
    found = classify.spectral_order(mixed)
    assert np.array_equal(found, order) or np.array_equal(found[::-1], order)
    assert np.array_equal(classify.spectral_order(np.eye(5)), np.arange(5))
