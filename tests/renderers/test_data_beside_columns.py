"""Rows that are more than their columns: two pictures of one class are no copies, two equal series are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_tables import category, dataset, figures, insights, page, texts_of

from dlviz_docs.model import Pictures

N = 60
LABEL = category("label", np.arange(N) % 3, ("a", "b", "c"))
RNG = np.random.default_rng(0)


def duplicate_rows(shown: list[Any]) -> str:
    texts = texts_of(figures(shown)["data-facts"])
    return texts[texts.index("Duplicate rows") + 1] if "Duplicate rows" in texts else ""


def test_pictures_are_not_described_by_their_label() -> None:
    pictures = Pictures(tuple(map(str, range(N))), array=RNG.integers(0, 255, (N, 8, 8), np.uint8))
    shown = page(dataset(LABEL, target="label", pictures=pictures))
    assert duplicate_rows(shown) == ""
    assert not {"copies", "contradictions"} & set(insights(shown))


@pytest.mark.parametrize("kind", ["embeddings", "series"])
@pytest.mark.parametrize("copies", [0, 2])
def test_numbers_beside_the_columns_count(kind: str, copies: int) -> None:
    values = RNG.normal(size=(N, 50))
    for row in range(copies):
        values[3 + row] = values[row]
    shown = page(dataset(LABEL, target="label", **{kind: values}))
    assert duplicate_rows(shown) == (f"{copies} (3.3 %)" if copies else "none")
