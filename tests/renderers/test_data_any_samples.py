"""Pictures, annotations, texts and series of any numbers: no exception, no warning, and sentences with a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from made_pictures import dataset, measured, soft
from numpy.typing import NDArray
from test_data_texts import WORDS, column

from dlviz_docs.model import Boxes, Dataset, Feature, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data.boxes import boxes
from dlviz_docs.renderers.data.embedding import embedding
from dlviz_docs.renderers.data.near_copies import near_copies
from dlviz_docs.renderers.data.pictures import pictures
from dlviz_docs.renderers.data.series import series
from dlviz_docs.renderers.data.texts import texts
from dlviz_docs.view import Figure, Gallery, Shown

GENERATORS = (pictures, near_copies, boxes, texts, series, embedding)


def numbers(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    values = rng.normal(size=shape)
    if rng.random() < 0.2:
        values = values * 10.0 ** rng.integers(-300, 300, shape)
    kind = rng.random(shape)
    for place, odd in enumerate((np.nan, np.inf, -np.inf)):
        values[(kind >= place * 0.05) & (kind < place * 0.05 + 0.05)] = odd
    return values


def some_pictures(rng: np.random.Generator, n: int) -> Pictures:
    grey = soft(n, seed=int(rng.integers(99)))
    if rng.random() < 0.5:
        grey[rng.integers(0, n, n // 3)] = grey[0]
    if rng.random() < 0.2:
        grey[:] = 7
    files = [f"p{one % 7}_{one}.png" for one in range(n)] if rng.random() < 0.7 else []
    made = measured(grey, files)
    if rng.random() < 0.4:
        made = replace(made, measures={name: numbers(rng, n) for name in made.measures})
    if files and rng.random() < 0.5:
        sizes = rng.integers(0, 2000, (n, 2)).astype(np.int32)
        sizes[rng.random(n) < 0.3] = 0
        sources = tuple(file if rng.random() < 0.6 else "" for file in files)
        made = replace(made, sizes=sizes, sources=sources, modes=tuple(rng.choice(["", "RGB", "L"], n).tolist()))
    return made


def some_boxes(rng: np.random.Generator, n: int) -> Boxes:
    m = int(rng.choice([0, 1, 5, 200]))
    xywh = rng.uniform(-50, 400, (m, 4))
    xywh[rng.random((m, 4)) < 0.05] = np.nan
    area = numbers(rng, m) if rng.random() < 0.3 else None
    return Boxes(rng.integers(0, n, m).astype(np.int32), rng.integers(-1, 9, m).astype(np.int32), xywh, area=area)


def some_texts(rng: np.random.Generator, n: int) -> Iterator[str | None]:
    for _ in range(n):
        kind = rng.random()
        if kind < 0.7:
            yield " ".join(rng.choice(WORDS, int(rng.integers(0, 9))))
        else:
            yield None if kind < 0.8 else str(rng.choice(["", "  ", "é\ufffd", "\N{GRINNING FACE}\n\t", "同じ"]))


@cache
def anything(seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    n, classes = int(rng.choice([0, 1, 2, 3, 20, 21, 60, 150])), int(rng.choice([0, 1, 2, 5, 10_000]))
    found = some_pictures(rng, n) if n and rng.random() < 0.7 else None
    labels = rng.integers(-1, classes, n) if classes else np.zeros(0, int)
    features = [
        column(list(some_texts(rng, n))),
        Feature("t", "time" if rng.random() < 0.5 else "number", np.arange(float(n)) if seed % 2 else numbers(rng, n)),
        Feature("x", "number", numbers(rng, n)),
    ]
    if classes:
        names = tuple(f"class {one}" for one in range(classes))
        features.append(Feature("label", "category", labels.astype(np.int32), names))
    return dataset(
        found,
        splits=rng.integers(-1, 3, n) if rng.random() < 0.7 else (),
        features=tuple(features),
        target="label" if classes else "",
        length=n,
        time="t",
        boxes=some_boxes(rng, n) if found else None,
        classes=tuple("abcdefgh"[: int(rng.integers(0, 9))]),
        embeddings=numbers(rng, n, int(rng.integers(1, 5))) if rng.random() < 0.5 else None,
        series=numbers(rng, n, int(rng.integers(1, 40))) if rng.random() < 0.5 else None,
    )


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("samples", [True, False])
def test_anything(generator: Callable[[Dataset, Place, bool], Iterator[Shown]], samples: bool) -> None:
    for seed in range(40):
        shown = list(generator(anything(seed), Place("a b"), samples))
        figures = {one.id: one for one in shown if isinstance(one, Figure)}
        assert len(figures) == sum(isinstance(one, Figure) for one in shown)
        assert all(figure.id.startswith("a-b-") and figure.caption for figure in figures.values())
        assert {one.figure for one in shown if not isinstance(one, Figure)} <= {"", *figures}
        assert samples or not any(isinstance(figure.spec, Gallery) for figure in figures.values())
