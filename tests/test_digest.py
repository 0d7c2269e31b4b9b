from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlviz_docs.digest import _thinned
from dlviz_docs.model import Series


def spliced(n: int) -> Series:
    """A training that went back half-way, with an extreme in either half of what was overwritten and what counts."""
    steps = np.concatenate([np.arange(n), np.arange(n // 2, n)]).astype(float)
    values = np.sin(steps)
    values[n - 7] = 100.0  # overwritten
    values[-7] = 50.0  # counts
    superseded = np.zeros(len(steps), bool)
    superseded[n // 2 : n] = True
    return Series("loss", "loss", steps, values, superseded=superseded)


def test_an_overwritten_extreme_does_not_hide_the_one_that_counts() -> None:
    thin = _thinned(spliced(10_000), 100)
    assert thin.superseded is not None
    assert thin.values[~thin.superseded].max() == 50.0
    assert thin.values[thin.superseded].max() == 100.0
    assert len(thin) <= 200
    assert not thin.superseded[[0, -1]].any()


def test_a_short_curve_is_left_whole() -> None:
    series = spliced(20)
    assert _thinned(series, 100) is series


@pytest.mark.parametrize("name", ["train/return", "val/success_rate", "train/entropy"])
def test_an_agents_curve_keeps_the_means_of_all_that_counts(name: str) -> None:
    """Extremes are left for the picture; their mean is not that of the curve."""
    whole = replace(spliced(10_000), name=name)
    thin = _thinned(whole, 100)
    assert thin.means is not None
    assert whole.superseded is not None
    live = whole.values[~whole.superseded]
    assert len(thin.means.steps) == 100
    assert thin.means.counts.sum() == len(live)
    assert np.average(thin.means.values, weights=thin.means.counts) == pytest.approx(live.mean())


def test_other_curves_and_short_ones_need_no_means() -> None:
    assert _thinned(spliced(10_000), 100).means is None
    assert _thinned(replace(spliced(20), name="train/return"), 100).means is None
