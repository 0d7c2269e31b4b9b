"""Near copies of texts, against a plain comparison of all with all."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from dlviz_docs.stats.minhash import jaccard, near_texts, shingles


def plain(text: list[str]) -> set[tuple[str, ...]]:
    if not text:
        return set()
    return {tuple(text[place : place + 3]) for place in range(max(1, len(text) - 2))}


def similar(a: list[str], b: list[str]) -> float:
    one, other = plain(a), plain(b)
    return len(one & other) / len(one | other) if one | other else 0.0


def texts(seed: int, n: int = 150) -> list[list[str]]:
    """Random texts; each third is the one before it with some words changed."""
    rng = np.random.default_rng(seed)
    made: list[list[str]] = []
    for place in range(n):
        if place % 3 == 2:
            text = list(made[-1])
            for _ in range(int(rng.integers(0, 4))):
                text[int(rng.integers(len(text)))] = "changed"
        else:
            text = [f"w{word}" for word in rng.integers(0, 300, int(rng.integers(1, 80)))]
        made.append(text)
    return made


def test_jaccard_of_shingles_is_exact() -> None:
    made = [*texts(0, 40), [], ["a"], ["a"], ["a", "b"], ["b", "a"], ["a", "b", "a", "b", "a", "b"]]
    hashes, starts = shingles(made)
    for a, b in itertools.product(range(len(made)), repeat=2):
        assert jaccard(hashes, starts, a, b) == pytest.approx(similar(made[a], made[b]))


@pytest.mark.parametrize("seed", range(3))
def test_near_texts_are_those_of_a_plain_search(seed: int) -> None:
    made = texts(seed)
    first, second, found = near_texts(*shingles(made))
    expected = {(a, b): s for a, b in itertools.combinations(range(150), 2) if (s := similar(made[a], made[b])) >= 0.8}
    assert dict(zip(zip(first.tolist(), second.tolist(), strict=True), found.tolist(), strict=True)) == expected
    assert len(expected) > 10
    assert (np.diff(found) <= 0).all()


def test_many_copies_of_one_text_are_all_tied_together() -> None:
    made = [[f"w{word}" for word in range(30)]] * 500
    first, second, _ = near_texts(*shingles(made))
    assert len(set(first.tolist()) | set(second.tolist())) == 500
    assert len(first) < 5000


@pytest.mark.parametrize("made", [[], [[]], [[], []], [["a"]], [["a"], []]])
def test_of_little(made: list[list[str]]) -> None:
    first, second, found = near_texts(*shingles(made))
    assert len(first) == len(second) == len(found) == 0


def test_twenty_thousand_texts_take_seconds() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{word}" for word in range(5000)]
    made = [[words[word] for word in rng.integers(0, 5000, 40)] for _ in range(20_000)]
    made[19_999] = made[3]
    start = time.process_time()
    first, second, _ = near_texts(*shingles(made))
    assert (first.tolist(), second.tolist()) == ([3], [19_999])
    assert time.process_time() - start < 10
