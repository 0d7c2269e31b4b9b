"""Every pair of a table with numbers and categories, against scipy pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_wine

from dlviz_docs.model import Feature
from dlviz_docs.stats.association import cramers_v
from dlviz_docs.stats.columns import Partition, examine
from dlviz_docs.stats.relations import relations

WINE = load_wine()


def category(name: str, codes: np.ndarray, levels: int) -> Feature:
    return Feature(name, "category", codes.astype(np.int32), tuple(f"l{k}" for k in range(levels)))


def test_pairs_of_all_kinds() -> None:
    alcohol, ash = WINE.data[:, 0], WINE.data[:, 2].copy()
    ash[::9] = np.nan
    strong = (alcohol > 13).astype(int)
    strong[5] = -1
    features = [
        Feature("alcohol", "number", alcohol),
        Feature("ash", "number", ash, missing=20),
        category("kind", WINE.target, 3),
        category("strong", strong, 2),
        Feature("constant", "number", np.ones(178)),
        category("names", np.arange(178), 178),
    ]
    found = relations([examine(feature, None, None) for feature in features])
    assert found.places == (0, 1, 2, 3)
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    assert len(pairs) == 6
    known = ~np.isnan(ash)
    assert pairs[0, 1].n == known.sum()
    assert pairs[0, 1].pearson == pytest.approx(stats.pearsonr(alcohol[known], ash[known]).statistic)
    assert pairs[0, 2].measure == "correlation ratio η"
    assert pairs[0, 2].p == pytest.approx(
        stats.f_oneway(*(alcohol[WINE.target == k] for k in range(3))).pvalue, rel=1e-6
    )
    assert pairs[1, 2].n == known.sum()
    table = np.array([[((WINE.target == k) & (strong == s)).sum() for s in range(2)] for k in range(3)])
    assert pairs[2, 3].strength == pytest.approx(cramers_v(table)[0])
    assert pairs[2, 3].p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    ordered = list(found.pairs)
    assert [abs(pair.strength) for pair in ordered] == sorted((abs(p.strength) for p in ordered), reverse=True)
    assert [pair.q for pair in ordered] == pytest.approx(stats.false_discovery_control([pair.p for pair in ordered]))
    assert set(found.of(3)) == {0, 1, 2}


def test_many_columns_are_left_out_but_never_the_target() -> None:
    rng = np.random.default_rng(0)
    columns = [examine(Feature(f"x{k}", "number", rng.normal(size=50)), None, None) for k in range(12)]
    found = relations(columns, 11, most=5)
    assert found.places == (0, 1, 2, 3, 11)
    assert found.left == 7


def test_no_columns_and_no_rows() -> None:
    assert relations([]).pairs == ()
    assert relations([examine(Feature("x", "number", np.zeros(0)), None, None)]).places == ()


def test_a_column_by_its_splits() -> None:
    values = WINE.data[:, 1].copy()
    values[:7] = np.nan
    splits = Partition(WINE.target, 3)
    found = examine(Feature("malic", "number", values), splits, splits)
    assert found.missing_by_split is not None
    assert found.missing_by_split.tolist() == [7, 0, 0]
    assert found.bins is not None
    assert found.bins.counts.sum(axis=1).tolist() == [52, 71, 48]
    assert [drift.split for drift in found.drifts] == [1, 2]
    codes = np.where(np.arange(178) % 10 == 0, -1, np.arange(178) % 4)
    levels = examine(category("c", codes, 4), splits, splits)
    assert levels.table is not None
    assert levels.missing_by_split is not None
    wanted = np.array([[((WINE.target == s) & (codes == k)).sum() for k in range(4)] for s in range(3)])
    assert (levels.table == wanted).all()
    assert levels.missing_by_split.sum() == 18


def test_what_only_names_rows_has_counts_alone() -> None:
    found = examine(Feature("id", "identifier", np.array([0, 1, 0, -1], np.int32)), None, None)
    assert (found.distinct, found.missing, found.numbers, found.levels) == (2, 1, None, None)
    assert np.isnan(found.top_share)


def test_ratios_at_once_are_those_one_by_one() -> None:
    rng = np.random.default_rng(0)
    n = 20_000
    values = [rng.normal(3, 5, n), np.where(rng.random(n) < 0.1, np.nan, rng.exponential(size=n))]
    whole, gappy = rng.integers(0, 5, n), rng.integers(-1, 3, n)
    values[0] += whole
    values[1] += gappy
    features = [Feature(f"x{at}", "number", v, missing=int(np.isnan(v).sum())) for at, v in enumerate(values)]
    features.append(Feature("whole", "category", whole.astype(np.int32), tuple("abcdef")))
    features.append(Feature("gappy", "category", gappy.astype(np.int32), tuple("abc"), missing=int((gappy < 0).sum())))
    found = relations([examine(feature, None, None) for feature in features])
    for pair in found.pairs:
        if pair.first < 2 <= pair.second:
            x, codes = values[pair.first], features[pair.second].values
            known = np.isfinite(x) & (codes >= 0)
            groups = [x[known & (codes == level)] for level in range(5) if (known & (codes == level)).any()]
            within = sum(((group - group.mean()) ** 2).sum() for group in groups)
            total = ((x[known] - x[known].mean()) ** 2).sum()
            assert pair.strength == pytest.approx((1 - within / total) ** 0.5, rel=1e-9)
            assert pair.n == known.sum()
