from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from dlviz_docs.stats.text_overlap import chrf, chrf_counts, chrf_interval, edit_distance, repetition

TEXTS = some.text(alphabet="ab cé中\U0001f600\n", max_size=40)


def slow_chrf(pairs: list[tuple[str, str]]) -> float:
    """As the paper and sacreBLEU have it, with counters."""
    precisions, recalls = [], []
    for order in range(1, 7):
        mine_total = other_total = both = 0
        for output, reference in pairs:
            mine, other = (
                Counter(text[k : k + order] for k in range(len(text) - order + 1))
                for text in ("".join(output.split()), "".join(reference.split()))
            )
            mine_total += mine.total() if other else 0
            other_total += other.total()
            both += (mine & other).total()
        if mine_total and other_total:
            precisions.append(both / mine_total)
            recalls.append(both / other_total)
    p, r = (sum(each) / len(each) if each else 0.0 for each in (precisions, recalls))
    return 5 * p * r / (4 * p + r) if p + r else 0.0


@given(some.lists(some.tuples(TEXTS, TEXTS), max_size=6))
def test_chrf_is_that_of_counters(pairs: list[tuple[str, str]]) -> None:
    counts = chrf_counts([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    assert float(chrf(counts.sum(0))) == pytest.approx(slow_chrf(pairs))
    for pair, own in zip(pairs, chrf(counts), strict=True):
        assert float(own) == pytest.approx(slow_chrf([pair]))


def test_chrf_of_the_same_is_one_and_of_nothing_zero() -> None:
    counts = chrf_counts(["the cat sat", "", "abc"], ["the cat sat", "words", "xyz"])
    assert chrf(counts).tolist() == [1, 0, 0]
    assert chrf_counts([], []).shape == (0, 6, 3)


def test_interval_of_chrf_is_that_of_texts_drawn_again() -> None:
    rng = np.random.default_rng(0)
    outputs = ["".join(rng.choice(list("abcd"), 30)) for _ in range(80)]
    references = [text if rng.random() < 0.5 else text[::-1] for text in outputs]
    counts = chrf_counts(outputs, references)
    low, high = chrf_interval(counts)
    draws = [float(chrf(counts[rng.integers(0, 80, 80)].sum(0))) for _ in range(3000)]
    wanted = np.quantile(draws, [0.025, 0.975])
    assert [low, high] == pytest.approx(wanted.tolist(), abs=0.06 * (wanted[1] - wanted[0]))
    assert np.isnan(chrf_interval(counts[:1])).all()


def slow_distance(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@given(TEXTS, TEXTS)
def test_edit_distance_is_that_of_the_table(first: str, second: str) -> None:
    assert edit_distance(first, second) == slow_distance(first, second)


def test_edit_distance_of_words_and_of_long_texts() -> None:
    assert edit_distance(["the", "cat", "sat"], ["a", "cat", "sat", "down"]) == 2
    rng = np.random.default_rng(0)
    first, second = ("".join(rng.choice(list("abcdef"), 2000)) for _ in range(2))
    before = time.process_time()
    assert 0 < edit_distance(first, second) < 2000
    assert time.process_time() - before < 0.2


def test_repetition_counts_sequences_that_occurred_before() -> None:
    assert repetition(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]) == 0
    assert repetition(["a", "b"] * 10) == pytest.approx(1 - 2 / 17)
    assert repetition(["the"] * 104) == pytest.approx(1 - 1 / 101)
    assert np.isnan(repetition(["too", "short"]))
