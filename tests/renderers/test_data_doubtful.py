"""Labels that neighbours contradict: clean sets are left alone, wrong labels are found, and how well."""

from __future__ import annotations

import numpy as np
import pytest
from made_tables import category, dataset, figures, number, real
from sklearn.datasets import load_digits

from dlviz_docs.model import Dataset, Feature, Insight
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._profile import profile
from dlviz_docs.renderers.data._sample import sample_of
from dlviz_docs.renderers.data.patterns import patterns
from dlviz_docs.view import Gallery

CLEAN = ("wine", "iris", "breast_cancer", "digits")


def known(name: str) -> Dataset:
    if name != "digits":
        return real(name, split=False)
    found = load_digits()
    columns = [number(f"p{at}", found.data[:, at], whole=True) for at in range(64)]
    return dataset(*columns, category("target", found.target, [str(one) for one in range(10)]), target="target")


def flipped(made: Dataset, share: float, seed: int) -> tuple[Dataset, set[int]]:
    """With that share of the labels replaced by another class."""
    rng = np.random.default_rng(seed)
    target = made.features[-1]
    rows = rng.choice(made.length, round(share * made.length), replace=False)
    codes = target.values.copy()
    codes[rows] = (codes[rows] + rng.integers(1, len(target.levels), len(rows))) % len(target.levels)
    wrong = Feature(target.name, target.kind, codes, target.levels)
    return dataset(*made.features[:-1], wrong, target=made.target), set(rows.tolist())


def doubted(made: Dataset) -> tuple[list[Insight], set[int]]:
    found = profile(made, Place(), samples=True)
    shown = list(patterns(found, sample_of(found)))
    said = [one for one in shown if isinstance(one, Insight) and one.kind == "doubtful-labels"]
    gallery = figures(shown).get("rows-doubtful-labels")
    items = gallery.spec.items if gallery is not None and isinstance(gallery.spec, Gallery) else ()
    return said, {int(item.title.removeprefix("row ").replace(",", "")) for item in items}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_sets_have_no_warning(name: str) -> None:
    said, _ = doubted(known(name))
    assert [one.severity for one in said] in ([], ["info"])


@pytest.mark.parametrize("name", CLEAN)
def test_five_percent_of_wrong_labels_are_a_warning(name: str) -> None:
    sizes, hits, shown, warned = [], [], [], []
    for seed in range(5):
        made, wrong = flipped(known(name), 0.05, seed)
        said, rows = doubted(made)
        warned.append([one.severity for one in said] == ["warning"])
        sizes.append(len(wrong))
        hits.append(len(rows & wrong))
        shown.append(len(rows))
    precision, recall = sum(hits) / max(1, sum(shown)), sum(hits) / sum(min(size, 24) for size in sizes)
    print(f"{name}: precision {precision:.2f}, recall {recall:.2f} of the first 24, warned {sum(warned)} of 5")
    assert precision >= 0.7
    assert recall >= 0.5
    assert sum(warned) >= 4
