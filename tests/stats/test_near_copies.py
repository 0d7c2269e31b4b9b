"""Exact and near copies, and stems of names."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from dlviz_docs.stats import near_copies
from dlviz_docs.stats.near_copies import copies_of, name_stem, near_pairs


def test_copies() -> None:
    assert copies_of(np.array([5, 7, 5, 0, 7, 5, 0, 9], np.uint64)).tolist() == [0, 1, 0, -1, 1, 0, -1, 7]
    assert copies_of(np.zeros(0, np.uint64)).tolist() == []


def scenes(rng: np.random.Generator, m: int) -> NDArray[np.uint8]:
    """Soft random pictures."""
    coarse = rng.random((m, 8, 8))
    return (np.kron(coarse, np.ones((4, 4))) * 255).astype(np.uint8)


def fingerprints(small: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Stand-ins for dHash and pHash: signs of differences along rows and along columns of the 8 x 8 means."""
    means = small.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4))
    sides = [(means > np.roll(means, 1, axis)).reshape(len(means), 64) for axis in (1, 2)]
    return np.stack([np.packbits(side, axis=1).view(np.uint64)[:, 0] for side in sides], axis=1)


def test_near_pairs_are_those_of_a_plain_search() -> None:
    rng = np.random.default_rng(0)
    small = scenes(rng, 600)
    small[300:340] = np.clip(small[:40].astype(int) + rng.integers(-12, 13, (40, 32, 32)), 0, 255)
    prints = fingerprints(small)
    found = near_pairs(prints, small)
    expected = set(plain(prints, small))
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert len(expected) >= 30
    assert (np.diff(found.correlation) <= 0).all()
    assert not found.capped


def plain(prints: NDArray[np.uint64], small: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    for a in range(len(small)):
        for b in range(a + 1, len(small)):
            distances = [bin(int(prints[a, side]) ^ int(prints[b, side])).count("1") for side in (0, 1)]
            r = np.corrcoef(small[a].ravel(), small[b].ravel())[0, 1]
            detail = np.corrcoef(details(small[a]), details(small[b]))[0, 1]
            if max(distances) <= 6 and ((r > 0.992 and detail > 0.5) or (r > 0.98 and detail > 0.97)):
                yield a, b


def details(small: NDArray[np.uint8]) -> NDArray[np.float64]:
    return (small - uniform_filter(small.astype(float), 3))[1:-1, 1:-1].ravel()


def test_equal_fingerprints_do_not_suffice() -> None:
    small = scenes(np.random.default_rng(0), 2)
    assert len(near_pairs(np.zeros((2, 2), np.uint64), small)) == 0
    assert len(near_pairs(np.zeros((2, 2), np.uint64), small[[0, 0]])) == 1


def test_flat_pictures_are_no_copies() -> None:
    assert len(near_pairs(np.zeros((50, 2), np.uint64), np.full((50, 32, 32), 7, np.uint8))) == 0


@pytest.mark.parametrize("m", [0, 1])
def test_of_few_pictures(m: int) -> None:
    assert len(near_pairs(np.zeros((m, 2), np.uint64), np.zeros((m, 32, 32), np.uint8))) == 0


def test_candidates_are_capped() -> None:
    small = np.repeat(scenes(np.random.default_rng(0), 1), 100, axis=0)
    found = near_pairs(np.zeros((100, 2), np.uint64), small, limit=1000)
    assert len(found) == 1000
    assert found.capped


def test_bit_counts_without_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).integers(0, 2**63, (20, 30)).astype(np.uint64)
    expected = near_copies._bit_counts(values)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert (near_copies._bit_counts(values) == expected).all()
    assert expected[0, 0] == bin(int(values[0, 0])).count("1")


def test_twenty_thousand_pictures_take_seconds_and_little_memory() -> None:
    rng = np.random.default_rng(0)
    prints = rng.integers(0, 2**63, (20_000, 2)).astype(np.uint64)
    small = rng.integers(0, 256, (20_000, 32, 32)).astype(np.uint8)
    prints[1], small[1] = prints[19_999], small[19_999]
    tracemalloc.start()
    start = time.process_time()
    found = near_pairs(prints, small)
    took = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.first.tolist(), found.second.tolist()) == ([1], [19_999])
    assert took < 8
    assert peak < 200e6


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("train/patient12_003.png", "patient12"),
        ("vid7_frame0012.jpg", "vid7_frame"),
        ("a/IMG-0001.jpeg", "img"),
        ("000123.jpg", ""),
        ("scan (3).tif", "scan"),
        ("Street_0001_jpg.rf.0a1b2c3d4e5f60718293a4b5c6d7e8f9.jpg", "street"),
        ("digits.npz#17", "digits"),
        ("", ""),
    ],
)
def test_stems(source: str, stem: str) -> None:
    assert name_stem(source) == stem
