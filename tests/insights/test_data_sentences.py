"""Sentences about data: the target's gaps, what sets a cluster apart, verbs that fit their number."""

from __future__ import annotations

import numpy as np
import pytest

from dlviz_docs.insights.data_clusters import traits_of
from dlviz_docs.insights.data_gaps import target_sentence
from dlviz_docs.insights.data_words import does
from dlviz_docs.model import Feature
from dlviz_docs.stats.columns import examine


@pytest.mark.parametrize(
    ("missing", "sizes", "kind", "severity"),
    [
        ([0, 30], [70, 30], "labels-kept-back", "info"),
        ([0, 0, 30], [70, 20, 30], "labels-kept-back", "info"),
        ([10, 30], [70, 30], "target-missing", "info"),
        ([50, 20], [70, 30], "target-missing", "warning"),
        ([1, 1], [70, 30], "", ""),
        ([70, 30], [70, 30], "", ""),
        ([0], [70], "", ""),
    ],
)
def test_what_is_said_of_rows_without_a_target(missing: list[int], sizes: list[int], kind: str, severity: str) -> None:
    said = list(target_sentence("y", missing, sizes, ("train", "val", "test"), "missing"))
    assert [(one.kind, one.severity) for one in said] == ([(kind, severity)] if kind else [])


def test_labels_kept_back_are_named_by_their_split() -> None:
    (said,) = target_sentence("y", [0, 30], [70, 30], ("train", "test"), "missing")
    assert said.text == "“y” is missing in all 30 rows of test and in no other: its labels are kept back."


def test_a_rare_one_is_told_by_its_mean() -> None:
    values = np.zeros(100)
    values[:9] = 1
    member = np.arange(100) < 20
    (trait,) = traits_of(member, [examine(Feature("rain", "number", values, whole=True), None, None)], np.arange(100))
    assert trait.text == "high “rain” (mean 0.45, others 0)"


@pytest.mark.parametrize(
    ("count", "verb", "said"), [(1, "lie", "lies"), (2, "lie", "lie"), (1, "are", "is"), (1, "have", "has")]
)
def test_verbs_fit_their_number(count: int, verb: str, said: str) -> None:
    assert does(count, verb) == said
