from __future__ import annotations

import math

import pytest

from dlviz_docs import words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0831429, "0.08314"),
        (0.5, "0.5"),
        (97.3333, "97.33"),
        (1234.567, "1,235"),
        (123456.7, "123,457"),
        (12000.0, "12,000"),
        (-0.25, "−0.25"),
        (0.9999999, "1"),
        (0.00001234567, "1.235e-5"),
        (0.001, "0.001"),
        (1e-3 - 1e-9, "1e-3"),
        (3.5e20, "3.5e20"),
        (0.0, "0"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (None, "–"),
    ],
)
def test_number(value: float | None, shown: str) -> None:
    assert words.number(value) == shown


def test_count() -> None:
    assert [words.count(n, "run") for n in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]
    assert words.count(2, "copy", "copies") == "2 copies"


@pytest.mark.parametrize(
    ("octets", "shown"), [(1, "1 byte"), (999, "999 bytes"), (999_600, "1 MB"), (1_600_000, "1.6 MB"), (10**12, "1 TB")]
)
def test_size(octets: int, shown: str) -> None:
    assert words.size(octets) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "under 1 s"), (45, "45 s"), (60, "1 min"), (11_520, "3 h 12 min"), (86_460, "1 d"), (90_000, "1 d 1 h")],
)
def test_duration(seconds: float, shown: str) -> None:
    assert words.duration(seconds) == shown


def test_dates_are_utc_and_impossible_ones_are_not_shown() -> None:
    assert words.date(1_700_000_000) == "2023-11-14"
    assert words.date(1_700_000_000, time=True) == "2023-11-14 22:13 UTC"
    assert [words.date(x) for x in (None, 0.0, 1e18, math.nan)] == ["–"] * 4
