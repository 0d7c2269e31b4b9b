"""Several segmentations of the same pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from dlviz_docs.model import Experiment, Insight, Pictures, Predictions
from dlviz_docs.model.samples import Masks, Samples
from dlviz_docs.renderers.results import Results
from dlviz_docs.renderers.results._aligned import aligned_masks
from dlviz_docs.renderers.results.compare import same_items
from dlviz_docs.view import Figure, Gallery, Shown, Table

CLASSES = ("sky", "road", "sign")
N = 40


def model(name: str, right: tuple[float, float, float], seed: int = 0, n: int = N) -> Predictions:
    """Shares of the pixels of each class that are right; the others are called by the next class."""
    true = np.random.default_rng(99).integers(500, 2000, (n, 3))
    rng = np.random.default_rng(seed)
    tables = np.zeros((n, 3, 3), np.int64)
    for k, share in enumerate(right):
        hits = (true[:, k] * np.clip(share + rng.normal(0, 0.03, n), 0, 1)).astype(np.int64)
        tables[:, k, k] = hits
        tables[:, k, (k + 1) % 3] = true[:, k] - hits
    keys = tuple(f"{row}.png" for row in range(n))
    return Predictions(
        name,
        name,
        ("p",),
        "segmentation",
        n,
        CLASSES,
        ids=keys,
        confusions=tables,
        pictures=Pictures(keys, keys, sizes=np.full((n, 2), 100, np.int32)),
        true_masks=Masks(tuple(f"truth/{key}" for key in keys)),
        masks=Masks(tuple(f"{name}/{key}" for key in keys)),
    )


def page(predictions: Sequence[Predictions], *, samples: str = "shown") -> tuple[Mapping[str, Figure], list[Insight]]:
    results = Results(samples="shown" if samples == "shown" else "none")
    found: list[Shown] = list(results(Experiment("e", "e", "e", samples=Samples(predictions=tuple(predictions)))))
    figures = [one for one in found if isinstance(one, Figure)]
    assert len({figure.id for figure in figures}) == len(figures)
    insights = [one for one in found if isinstance(one, Insight)]
    assert all(not one.figure or one.figure in {figure.id for figure in figures} for one in insights)
    return {figure.id: figure for figure in figures}, insights


GOOD, POOR = (0.95, 0.9, 0.9), (0.95, 0.9, 0.4)


def test_the_better_one_and_its_class() -> None:
    figures, insights = page([model("poor", POOR, 1), model("good", GOOD, 2)])
    assert insights[0].text.startswith("good is better than poor by 0.")
    assert insights[0].text.endswith("paired over 40 pictures, p < 0.001.")
    assert "gains most over poor on “sign”" in next(one for one in insights if one.kind == "class-differences").text
    table = figures["models"].spec
    assert isinstance(table, Table)
    iou = [float(row[1].sort or 0) for row in table.rows]
    assert insights[0].values["difference"] == pytest.approx(iou[0] - iou[1])
    own = figures["good-segmentation-scores"].spec
    assert isinstance(own, Table)
    assert own.rows[0][1].sort == pytest.approx(iou[0])
    assert {figure.page for figure in figures.values()} == {"", "good", "poor"}


def test_the_same_model_twice_is_level() -> None:
    one = model("one", GOOD)
    _, insights = page([one, replace(one, name="two", run="two")])
    assert insights[0].text == "one and two are level in mean IoU (n = 40 pictures)."


def test_pictures_that_differ_have_the_masks_of_both() -> None:
    poor = model("poor", GOOD, 1)
    assert poor.confusions is not None
    poor.confusions[7] = np.roll(poor.confusions[7], 1, axis=1)
    figures, _ = page([model("good", GOOD, 2), poor])
    gallery = figures["models-differ"].spec
    assert isinstance(gallery, Gallery)
    first = gallery.items[0]
    assert first.title == "7.png"
    assert [thumb.key for thumb in first.pictures] == [
        "7.png", "mask:truth/7.png", "mask:good/7.png", "mask:poor/7.png"
    ]  # fmt: skip
    assert "models-differ" not in page([model("good", GOOD, 2), poor], samples="none")[0]


def test_only_pictures_with_the_same_truth_are_compared() -> None:
    one, other = model("one", GOOD, 1), model("other", POOR, 2)
    assert other.confusions is not None
    order = np.random.default_rng(0).permutation(N)
    tables = other.confusions[order]
    tables[3, 0, 0] += 1
    mixed = replace(other, confusions=tables, ids=tuple(other.ids[row] for row in order.tolist()))
    same, left = aligned_masks([one, mixed])
    assert left == 1
    a, b = (each.confusions for each in same)
    assert a is not None
    assert b is not None
    assert np.array_equal(a.sum(2), b.sum(2))
    assert same[1].masks is not None
    assert len(same_items([one, model("first", GOOD, n=12)])) == 1
    assert same_items([one, replace(other, ids=tuple(f"z{row}" for row in range(N)))]) == []


def test_a_class_that_only_one_predicts() -> None:
    one, other = model("one", GOOD, 1), model("other", POOR, 2)
    assert other.confusions is not None
    wider = np.zeros((N, 4, 4), np.int64)
    wider[:, :3, :3] = other.confusions
    wider[:, 0, 3], wider[:, 0, 0] = wider[:, 0, 0], 0
    figures, insights = page([one, replace(other, classes=(*CLASSES, "wolf"), confusions=wider)])
    assert "models" in figures
    assert insights[0].text.startswith("one is better than other")


def test_odd_counts_break_nothing() -> None:
    for tables in (np.zeros((0, 2, 2)), np.zeros((3, 2, 2)), np.ones((1, 1, 1)), np.ones((12, 2, 2))):
        given = [
            Predictions(name, "", ("p",), "segmentation", len(tables), confusions=tables.astype(np.int64))
            for name in ("one", "two")
        ]
        figures, _ = page(given)
        assert ("models" in figures) == bool(tables.sum())
