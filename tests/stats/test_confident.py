"""Labels that may be wrong are those that cleanlab finds, in its order."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from dlviz_docs.stats.confident import confident_joint, label_issues, thresholds


def cleanlab_issues(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(
            find_label_issues(
                labels.astype(np.int64),
                probabilities,
                filter_by="prune_by_noise_rate",
                return_indices_ranked_by="self_confidence",
                n_jobs=1,
            )
        )


def noisy(n: int, k: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.choice(k, n, p=rng.dirichlet(np.full(k, 3.0)))
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), true] += 3
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(rng.random(n) < noise, rng.integers(0, k, n), true)
    labels[:k] = np.arange(k)
    return labels.astype(np.int32), probabilities


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("n", "k", "noise"), [(400, 2, 0.2), (2000, 5, 0.1), (3000, 30, 0.05), (150, 12, 0.3)])
def test_the_same_rows_in_the_same_order(n: int, k: int, noise: float, seed: int) -> None:
    labels, probabilities = noisy(n, k, noise, seed)
    assert np.array_equal(label_issues(labels, probabilities), cleanlab_issues(labels, probabilities))


def test_the_joint_is_calibrated_to_the_labels() -> None:
    from cleanlab.count import compute_confident_joint, get_confident_thresholds

    labels, probabilities = noisy(2000, 5, 0.1, 0)
    assert thresholds(labels, probabilities) == pytest.approx(get_confident_thresholds(labels, probabilities))
    assert np.array_equal(confident_joint(labels, probabilities), compute_confident_joint(labels, probabilities))


def test_labels_that_were_changed_are_found() -> None:
    labels, probabilities = noisy(3000, 4, 0.0, 1)
    changed = np.arange(100, 160)
    labels[changed] = (labels[changed] + 1) % 4
    found = label_issues(labels, probabilities)
    assert np.isin(changed, found).mean() > 0.8


def test_a_class_without_rows_and_too_few_rows() -> None:
    labels, probabilities = noisy(500, 4, 0.1, 2)
    kept = labels != 3
    assert len(label_issues(labels[kept], probabilities[kept])) > 0
    assert len(label_issues(labels[:1], probabilities[:1])) == 0
    assert len(label_issues(labels[:0], probabilities[:0])) == 0
    assert len(label_issues(np.zeros(9, np.int32), np.ones((9, 1)))) == 0
