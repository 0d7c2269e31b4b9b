"""The part of the results page about one classifier: real predictions, made ones, and odd ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import det_curve

from dlviz_docs.model import Insight
from dlviz_docs.model.samples import MISSING, Feature, Pictures, Predictions, Texts
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results.classification import classification
from dlviz_docs.view import Figure, Gallery, Matrix, Plot, Shown, Sweep, Table

SETS = ("cifar10", "mnist", "imdb")


def shown(one: Predictions, *, samples: bool = True, place: str = "") -> tuple[Mapping[str, Figure], list[Insight]]:
    found: list[Shown] = list(classification(one, Place(place), samples))
    figures = [each for each in found if isinstance(each, Figure)]
    assert len({figure.id for figure in figures}) == len(figures)
    for figure in figures:
        check(figure)
    insights = [each for each in found if isinstance(each, Insight)]
    ids = {figure.id for figure in figures}
    assert all(not insight.figure or insight.figure in ids for insight in insights), [i.figure for i in insights]
    return {figure.id: figure for figure in figures}, insights


def check(figure: Figure) -> None:
    """What every figure has to hold, whatever went in."""
    spec = figure.spec
    assert figure.title
    assert figure.caption
    if isinstance(spec, Table):
        assert all(len(row) == len(spec.columns) for row in spec.rows)
        for cell in (cell for row in spec.rows for cell in row):
            assert "nan" not in cell.text.lower()
            assert cell.bar is None or cell.bar[0] <= cell.bar[1] <= cell.bar[2], cell
    elif isinstance(spec, Matrix):
        assert spec.values.shape == (len(spec.rows), len(spec.columns))
    elif isinstance(spec, Plot):
        for layer in spec.layers:
            n = len(layer.x)
            assert len(layer.y) == n
            assert all(each is None or len(each) == n for each in (layer.low, layer.high, layer.x2, layer.y2))
            assert not layer.notes or len(layer.notes) == n
            assert not layer.picks or len(layer.picks) == n
    elif isinstance(spec, Sweep):
        assert len(spec.thresholds) <= 201
        for curve in [*spec.curves.values(), *spec.counts.values()]:
            assert len(curve) == len(spec.thresholds)
        assert all(0 <= place < len(spec.thresholds) for _, place in spec.marks)
    elif isinstance(spec, Gallery):
        assert len(spec.items) - spec.aside <= spec.total


def cells(figure: Figure) -> dict[str, str]:
    """The second column of a table by the first."""
    assert isinstance(figure.spec, Table)
    return {row[0].text: row[1].text for row in figure.spec.rows}


def of(insights: Iterable[Insight], kind: str) -> Insight:
    return next(insight for insight in insights if insight.kind == kind)


@lru_cache(maxsize=3)
def real(folder: Path, name: str) -> Predictions:
    truth = np.load(folder / f"original_test_labels/{name}_test_set_original_labels.npy").astype(np.int32)
    probabilities = np.load(folder / f"cross_validated_predicted_probabilities/{name}_test_set_pyx.npy").astype(float)
    return Predictions(
        name,
        "",
        (f"{name}.npy",),
        "classification",
        len(truth),
        tuple(str(c) for c in range(probabilities.shape[1])),
        truth,
        probabilities.argmax(axis=1).astype(np.int32),
        probabilities,
    )


@pytest.fixture
def label_errors(corpora: Path) -> Path:
    return corpora / "preds_label_errors"


@pytest.mark.parametrize("name", SETS)
def test_real_predictions(label_errors: Path, name: str) -> None:
    facts: dict[str, Any] = json.loads((label_errors / "facts.json").read_text())["headline"][name]
    one = real(label_errors / "data", name)
    figures, insights = shown(one)
    scores = cells(figures["scores"])
    headline = of(insights, "accuracy")
    assert headline.values["accuracy"] == pytest.approx(facts["accuracy"])
    assert float(scores["accuracy"].split()[0]) == pytest.approx(facts["accuracy"], abs=5e-4)
    assert float(scores["log loss"].split()[0]) == pytest.approx(facts["nll"], abs=5e-3)
    matrix = figures["confusion"].spec
    assert isinstance(matrix, Matrix)
    assert np.array_equal(matrix.values, facts["confusion"])
    calibration = figures["calibration"].spec
    assert isinstance(calibration, Table)
    error = next(row[1].sort for row in calibration.rows if row[0].text == "ECE")
    assert one.probabilities is not None
    beyond = float((one.probabilities.max(axis=1) > 1).mean())  # rounding; the reference leaves such rows out
    assert error == pytest.approx(facts["ece15"], abs=1e-9 + beyond)


@pytest.mark.parametrize("name", SETS)
def test_real_labels_that_may_be_wrong(label_errors: Path, name: str) -> None:
    import warnings

    from cleanlab.filter import find_label_issues

    one = real(label_errors / "data", name)
    assert one.probabilities is not None
    assert one.truth is not None
    sums = one.probabilities / one.probabilities.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = find_label_issues(
            one.truth.astype(np.int64),
            sums,
            filter_by="prune_by_noise_rate",
            return_indices_ranked_by="self_confidence",
            n_jobs=1,
        )
    figures, insights = shown(one)
    gallery = figures["labels"].spec
    assert isinstance(gallery, Gallery)
    assert gallery.total == len(expected)
    assert [item.title for item in gallery.items[:50]] == [f"row {row:,}" for row in expected[:50]]
    assert of(insights, "label-errors").values["count"] == len(expected)


# --- made predictions -------------------------------------------------------------------------------------------------


def made(n: int = 1000, k: int = 4, *, skill: float = 2.5, heat: float = 1.0, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n).astype(np.int32)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), truth] += skill
    weights = np.exp((logits - logits.max(axis=1, keepdims=True)) * heat)
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    names = tuple(f"class {c}" for c in range(k))
    said = probabilities.argmax(axis=1).astype(np.int32)
    return Predictions("m", "run-1", ("preds.npz",), "classification", n, names, truth, said, probabilities)


def test_order_and_places_of_the_page() -> None:
    figures, insights = shown(made(heat=3.0), place="Model A")
    assert next(iter(figures)) == "model-a-scores"
    assert all(figure.startswith("model-a-") for figure in figures)
    assert all(insight.text.startswith("Model A: ") and insight.run == "run-1" for insight in insights)


def test_over_confidence_and_its_temperature() -> None:
    one = made(20_000, 4, skill=1.5, heat=3.0)
    _, insights = shown(one)
    found = of(insights, "over-confident")
    assert found.text.startswith("Over-confident: says 0.")
    assert found.values["ece_after"] < 0.3 * found.values["ece"]
    assert f"T = {found.values['temperature']:.2g}" in found.text
    assert found.severity == "warning"


def test_what_is_true_of_the_classes_is_said() -> None:
    one = made(2000, 5, skill=4.0)
    assert one.predicted is not None
    assert one.truth is not None
    said = one.predicted.copy()
    said[(one.truth == 3) & (np.arange(2000) % 10 < 7)] = 1
    _, insights = shown(replace(one, predicted=said, probabilities=None))
    pair = of(insights, "confused-pair")
    assert "class 3 → class 1" in pair.text
    weak = of(insights, "weak-class")
    assert weak.text.startswith("class 3 is found least")
    said[said == 3] = 1
    assert "class 3" in of(shown(replace(one, predicted=said, probabilities=None))[1], "never-predicted").text


def test_two_classes_that_are_taken_for_each_other() -> None:
    one = made(2000, 5, skill=5.0)
    assert one.predicted is not None
    assert one.truth is not None
    said, turned = one.predicted.copy(), np.arange(2000) % 5 == 0
    said[turned & (one.truth == 2)] = 4
    said[turned & (one.truth == 4)] = 2
    found = of(shown(replace(one, predicted=said, probabilities=None))[1], "confused-pair")
    assert "class 2 and class 4 taken for each other" in found.text
    wrong = said != one.truth
    among = np.isin(one.truth, (2, 4)) & np.isin(said, (2, 4)) & wrong
    assert found.values["share"] == pytest.approx(among.sum() / wrong.sum())


def test_confident_mistakes_are_weighed_against_what_was_said() -> None:
    calm = of(shown(made(20_000, 4, skill=2.0, heat=2.0))[1], "confident-and-wrong")
    loud = of(shown(made(20_000, 4, skill=2.5, heat=4.0))[1], "confident-and-wrong")
    assert (calm.severity, loud.severity) == ("info", "warning")
    assert loud.values["count"] > 1.5 * loud.values["expected"]


def test_worse_than_no_model() -> None:
    truth = np.zeros(500, np.int32)
    truth[:50] = 1
    said = (np.random.default_rng(0).random(500) < 0.5).astype(np.int32)
    one = Predictions("m", "", ("p.csv",), "classification", 500, ("no", "yes"), truth, said)
    assert of(shown(one)[1], "below-baseline").severity == "serious"


def test_rows_that_training_has_seen() -> None:
    one = made()
    assert one.truth is not None
    seen = np.zeros(1000, np.bool_)
    seen[:70] = True
    said = one.predicted.copy() if one.predicted is not None else None
    assert said is not None
    said[:70] = one.truth[:70]
    one = replace(one, leaked=seen, predicted=said)
    figures, insights = shown(one)
    right = said == one.truth
    leak = of(insights, "leakage")
    assert leak.values["without"] == pytest.approx(right[70:].mean())
    assert "without the 70 rows that are also in the training split" in leak.text
    assert "accuracy without leaked rows" in cells(figures["scores"])
    assert of(shown(replace(one, leaked=np.ones(1000, np.bool_)))[1], "leakage").severity == "serious"
    assert not [i for i in shown(replace(one, leaked=np.zeros(1000, np.bool_)))[1] if i.kind == "leakage"]


def test_rows_that_training_has_nearly_seen() -> None:
    one = made()
    same, nearly = np.arange(1000) < 30, np.arange(1000) < 100
    one = replace(one, leaked=same, nearly_leaked=nearly)
    figures, insights = shown(one)
    leak = of(insights, "leakage")
    assert (leak.values["leaked"], leak.values["nearly"]) == (100, 70)
    assert leak.values["without"] == pytest.approx((one.predicted == one.truth)[100:].mean())  # type: ignore[index]
    assert "without the 100 rows that are also in the training split, 70 of them nearly alike" in leak.text
    assert "accuracy without leaked rows" in cells(figures["scores"])
    none = np.zeros(1000, np.bool_)
    only = of(shown(replace(one, leaked=none))[1], "leakage")
    assert "without the 100 rows that are nearly alike in the training split too" in only.text
    every = of(shown(replace(one, nearly_leaked=~none))[1], "leakage")
    assert every.text.startswith("All 1,000 rows are in the training split too, 970 of them nearly alike:")
    assert not [i for i in shown(replace(one, leaked=none, nearly_leaked=none))[1] if i.kind == "leakage"]


def test_splits_of_one_file() -> None:
    train, test = made(3000, skill=6.0), made(1000, skill=2.0, seed=1)
    parts = [(train.truth, test.truth), (train.predicted, test.predicted), (train.probabilities, test.probabilities)]
    truth, said, probabilities = (np.concatenate([a, b]) for a, b in parts if a is not None and b is not None)
    split = np.repeat([0, 1], [3000, 1000]).astype(np.int32)
    one = replace(
        test,
        length=4000,
        truth=truth,
        predicted=said,
        probabilities=probabilities,
        split=split,
        splits=("train", "test"),
    )
    figures, insights = shown(one)
    assert of(insights, "accuracy").values["n"] == 1000
    assert of(insights, "accuracy").text.startswith("Accuracy on test ")
    assert of(insights, "generalisation-gap").values["gap"] > 0.05
    assert list(cells(figures["splits"])) == ["train", "test"]
    assert not [i for i in shown(replace(one, split=split * 0))[1] if i.kind == "label-errors"]  # of rows it learned


def test_a_slice_where_it_fails() -> None:
    one = made(3000, skill=5.0)
    assert one.truth is not None
    assert one.predicted is not None
    rng = np.random.default_rng(1)
    night = rng.integers(0, 3, 3000).astype(np.int32)
    said = np.where((night == 2) & (rng.random(3000) < 0.3), (one.truth + 1) % 4, one.predicted).astype(np.int32)
    attributes = (
        Feature("time of day", "category", night, ("day", "dusk", "night")),
        Feature("size", "number", rng.normal(size=3000)),
        Feature("correct", "boolean", (said == one.truth).astype(np.int32), ("False", "True")),
        Feature("note", "text", np.arange(3000, dtype=np.int32), texts=texts(["ab" * 3] * 3000)),
        Feature("key", "identifier", np.arange(3000, dtype=np.int32), texts=texts(["x"] * 3000)),
    )
    figures, insights = shown(replace(one, predicted=said, probabilities=None, attributes=attributes))
    found = of(insights, "weak-slice")
    assert found.text.startswith("time of day = night: accuracy 0.")
    table = figures["slices"].spec
    assert isinstance(table, Table)
    assert not any("correct" in row[0].text for row in table.rows)
    item = figures["mistakes"].spec.items[0] if isinstance(figures["mistakes"].spec, Gallery) else None
    assert item is not None
    assert item.passages[0].label == "note"
    assert ("time of day", "night") in item.facts or ("time of day", "day") in item.facts


def texts(strings: list[str]) -> Texts:
    lengths = np.array([len(one) for one in strings], np.int64)
    return Texts(tuple(strings), lengths, np.arange(1, len(strings) + 1, dtype=np.uint64))


def test_dark_pictures_fail() -> None:
    one = made(2000, skill=5.0)
    assert one.truth is not None
    assert one.predicted is not None
    rng = np.random.default_rng(0)
    brightness = rng.random(2000)
    said = np.where((brightness < 0.25) & (rng.random(2000) < 0.4), (one.truth + 1) % 4, one.predicted)
    pictures = Pictures(
        tuple(f"{i}.png" for i in range(2000)),
        tuple(f"{i}.png" for i in range(2000)),
        sizes=np.tile(np.array([[64, 48]], np.int32), (2000, 1)),
        measured=np.arange(2000),
        measures={"brightness": brightness},
    )
    one = replace(one, predicted=said.astype(np.int32), pictures=pictures)
    figures, insights = shown(one)
    assert of(insights, "weak-slice").text.startswith("brightness of the picture below 0.2")
    gallery = figures["mistakes"].spec
    assert isinstance(gallery, Gallery)
    thumb = gallery.items[0].pictures[0]
    assert (thumb.width, thumb.height) == (64, 48)
    of_array = replace(pictures, array=np.zeros((2000, 8, 6)), sources=(), sizes=np.zeros((0, 2), np.int32))
    gallery = shown(replace(one, pictures=of_array))[0]["mistakes"].spec
    assert isinstance(gallery, Gallery)
    assert (gallery.items[0].pictures[0].width, gallery.items[0].pictures[0].height) == (6, 8)


def test_the_gallery_has_the_worst_of_every_cell() -> None:
    figures, _ = shown(made(5000, 4, skill=1.0))
    gallery = figures["mistakes"].spec
    assert isinstance(gallery, Gallery)
    kinds: dict[tuple[str, str], int] = {}
    mistakes = gallery.items[: -gallery.aside]
    for item in mistakes:
        assert item.wrong
        kinds[item.row, item.column] = kinds.get((item.row, item.column), 0) + 1
    assert len(kinds) == 12
    assert set(kinds.values()) == {12}
    losses = [float(dict(item.facts)["loss"]) for item in mistakes]
    assert losses == sorted(losses, reverse=True)
    many = shown(made(5000, 40, skill=1.0))[0]["mistakes"].spec
    assert isinstance(many, Gallery)
    wrong = [item for item in many.items if item.wrong]
    assert len(wrong) == 600
    assert len({(item.row, item.column) for item in wrong}) == 600
    assert many.total > 600
    assert many.aside == len(many.items) - 600 == 200


def test_behind_the_diagonal_are_right_answers_that_were_not_sure() -> None:
    one = made(5000, 4, skill=1.0)
    gallery = shown(one)[0]["mistakes"].spec
    assert isinstance(gallery, Gallery)
    aside = gallery.items[-gallery.aside :]
    assert len(aside) == 4 * 8
    assert not any(item.wrong for item in aside)
    assert one.probabilities is not None
    assert one.truth is not None
    for code, name in enumerate(one.classes):
        mine = [float(dict(item.facts)["confidence"]) for item in aside if (item.row, item.column) == (name, name)]
        right = (one.truth == code) & (one.probabilities.argmax(axis=1) == code)
        assert mine == pytest.approx(np.sort(one.probabilities[right, code])[:8], abs=1e-3)
    blind = shown(replace(one, predicted=one.probabilities.argmax(axis=1), probabilities=None))[0]["mistakes"].spec
    assert isinstance(blind, Gallery)
    assert blind.aside_chosen == "right answers, in the order of the file"
    assert [item.title for item in blind.items if item.row == item.column == one.classes[0]] == [
        f"row {row:,}" for row in np.flatnonzero((one.truth == 0) & (one.probabilities.argmax(axis=1) == 0))[:8]
    ]


def test_where_nothing_is_right_nothing_stands_aside() -> None:
    one = made(60, 2)
    assert one.truth is not None
    gallery = shown(replace(one, predicted=1 - one.truth, probabilities=None))[0]["mistakes"].spec
    assert isinstance(gallery, Gallery)
    assert gallery.aside == 0
    assert len(gallery.items) == 24


def test_rows_are_not_shown_where_that_is_not_wanted() -> None:
    figures, _ = shown(made(2000, 3, skill=2.0), samples=False)
    assert not [figure for figure in figures.values() if isinstance(figure.spec, Gallery)]
    assert {"scores", "confusion", "classes", "labels"} <= set(figures)


def test_without_probabilities_the_rest_is_there() -> None:
    figures, insights = shown(replace(made(), probabilities=None))
    assert set(figures) == {"scores", "confusion", "classes", "recall", "mistakes"}
    assert "prob_class 0" in of(insights, "no-probabilities").text


def test_only_probabilities() -> None:
    one = made()
    expected, found = shown(one), shown(replace(one, predicted=None))
    assert cells(found[0]["scores"]) == cells(expected[0]["scores"])


def test_without_truth_answers_are_counted() -> None:
    one = made()
    for each in (replace(one, truth=None), replace(one, truth=np.full(1000, MISSING, np.int32))):
        figures, insights = shown(each)
        assert set(figures) == {"answers"}
        assert of(insights, "no-truth").severity == "warning"


def test_two_classes_have_a_threshold() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(3000) < 0.2).astype(np.int32)
    score = np.clip(0.25 * truth + 0.4 * rng.random(3000), 0, 1)
    probabilities = np.stack([1 - score, score], axis=1)
    said = (score >= 0.5).astype(np.int32)
    one = Predictions("m", "", ("p.csv",), "classification", 3000, ("calm", "storm"), truth, said, probabilities)
    figures, insights = shown(one)
    sweep = figures["threshold"].spec
    assert isinstance(sweep, Sweep)
    at = sweep.start
    assert sweep.thresholds[at] == 0.5
    from sklearn import metrics

    assert sweep.curves["precision"][at] == pytest.approx(metrics.precision_score(truth, said))
    assert sweep.curves["recall"][at] == pytest.approx(metrics.recall_score(truth, said))
    assert sweep.curves["accuracy"][at] == pytest.approx((truth == said).mean())
    best = dict(sweep.marks)["best F1"]
    f1 = [metrics.f1_score(truth, score >= t, zero_division=0) for t in sweep.thresholds]
    assert sweep.curves["F1"][best] == pytest.approx(max(f1))
    assert "storm" in of(insights, "threshold").text
    flat = shown(replace(one, probabilities=score[:, None]))[0]
    assert flat["threshold"].caption == figures["threshold"].caption


def test_misses_are_traded_for_false_alarms() -> None:
    one = made(2000, 2, skill=2.0)
    figures, _ = shown(one)
    plot = figures["det"].spec
    assert isinstance(plot, Plot)
    assert (plot.x.scale, plot.y.scale) == ("log", "log")
    assert one.truth is not None
    assert one.probabilities is not None
    alarms, misses, _ = det_curve(one.truth, one.probabilities[:, 1])
    line = plot.layers[1]
    apart = np.maximum(np.abs(line.x[:, None] - alarms), np.abs(line.y[:, None] - misses)).min(axis=1)
    assert len(line.x) > 50
    assert apart.max() < 2e-3
    assert line.label.startswith(f"{one.classes[1]}: equal error ")
    assert "det" not in shown(made(150, 2, skill=2.0))[0]
    sure = np.eye(2)[one.truth]
    assert "det" not in shown(replace(one, probabilities=sure, predicted=one.truth))[0]


def test_groups_widen_intervals() -> None:
    one = made(2000, 3, skill=2.0)
    assert one.truth is not None
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 50).astype(np.int32)
    said = np.where(np.repeat(rng.random(40) < 0.5, 50), one.truth, (one.truth + 1) % 3).astype(np.int32)
    patients = Feature("patient", "category", group, tuple(f"p{i}" for i in range(40)))
    one = replace(one, predicted=said, probabilities=None, attributes=(patients,))
    alone = of(shown(one)[1], "accuracy").values
    grouped = of(shown(replace(one, group="patient"))[1], "accuracy").values
    assert grouped["high"] - grouped["low"] > 4 * (alone["high"] - alone["low"])


@pytest.mark.parametrize("k", [25, 70, 300])
def test_many_classes(k: int) -> None:
    figures, _ = shown(made(4000, k, skill=3.0))
    matrix = figures["confusion"].spec
    assert isinstance(matrix, Matrix)
    assert len(matrix.rows) == (k if k <= 60 else 30)
    assert ("confused-pairs" in figures) == (k > 60)
    if k > 60:
        pairs = figures["confused-pairs"].spec
        assert isinstance(pairs, Table)
        assert len(pairs.rows) == 50
        assert all(row[2].pick == (row[0].text, row[1].text) for row in pairs.rows)
    else:
        assert sorted(matrix.rows) == sorted(f"class {c}" for c in range(k))


def odd() -> dict[str, Predictions]:
    one = made(300)
    assert one.truth is not None
    assert one.predicted is not None
    assert one.probabilities is not None
    holes = one.probabilities.copy()
    holes[::3] = np.nan
    holes[1, 0] = np.inf
    lost = one.truth.copy()
    lost[::2] = MISSING
    first = np.zeros(300, np.int32)
    return {
        "holes in the probabilities": replace(one, probabilities=holes),
        "only holes": replace(one, probabilities=np.full((300, 4), np.nan)),
        "only holes, no answer": replace(one, probabilities=np.full((300, 4), np.nan), predicted=None),
        "truth missing": replace(one, truth=lost),
        "one class in truth": replace(one, truth=first),
        "one class answered": replace(one, predicted=first, probabilities=None),
        "one class at all": replace(one, truth=first, predicted=first, classes=("a",), probabilities=np.ones((300, 1))),
        "all right": replace(one, predicted=one.truth),
        "all wrong": replace(one, predicted=((one.truth + 1) % 4).astype(np.int32)),
        "codes of no class": replace(one, truth=one.truth + 2, predicted=one.predicted - 1),
        "numbers for codes": replace(one, truth=np.where(one.truth == 0, np.nan, one.truth)),
        "no names": replace(one, classes=()),
        "another width": replace(one, probabilities=np.ones((300, 7)) / 7),
        "no rows": replace(one, length=0, truth=first[:0], predicted=first[:0], probabilities=np.zeros((0, 4))),
        "one row": replace(
            one, length=1, truth=first[:1], predicted=first[:1], probabilities=np.array([[1.0, 0, 0, 0]])
        ),
        "two rows": replace(one, length=2, truth=first[:2], predicted=first[1:3], probabilities=np.full((2, 4), 0.25)),
        "nothing": Predictions("m", "", (), "classification", 0),
        "no classes": Predictions("m", "", ("p.csv",), "classification", 5),
        "zeros and ones": replace(one, probabilities=np.eye(4)[one.predicted]),
        "equal": replace(one, probabilities=np.full((300, 4), 0.25)),
        "more than one": replace(one, probabilities=one.probabilities * 1.001),
        "less than zero": replace(one, probabilities=one.probabilities - 0.01),
        "strange names": replace(one, classes=("", " ", "<b>", "x" * 500)),
        "odd attributes": replace(
            one,
            attributes=(
                Feature("c", "number", np.ones(300)),
                Feature("n", "number", np.full(300, np.nan)),
                Feature("i", "number", np.r_[np.inf, -np.inf, np.arange(298.0)]),
                Feature("e", "category", np.full(300, MISSING, np.int32), ()),
                Feature("t", "time", np.r_[np.nan, np.arange(299.0)]),
                Feature("b", "boolean", np.full(300, MISSING, np.int32), ("False", "True")),
                Feature("s", "text", np.arange(300, dtype=np.int32), texts=texts(["s"])),
            ),
            group="missing",
        ),
        "one group": replace(one, attributes=(Feature("g", "category", first, ("x",)),), group="g"),
        "groups missing": replace(
            one, attributes=(Feature("g", "category", np.full(300, MISSING, np.int32), ()),), group="g"
        ),
        "no measured pictures": replace(one, pictures=Pictures(tuple(map(str, range(300))), ("",) * 300)),
        "split without rows": replace(one, split=first, splits=("val", "test")),
        "rows of no split": replace(one, split=np.full(300, MISSING, np.int32), splits=("train", "test")),
        "inputs": replace(one, inputs=(None, *["text"] * 299)),
    }


@pytest.mark.parametrize("samples", [True, False])
@pytest.mark.parametrize("name", odd())
def test_whatever_comes(name: str, samples: bool) -> None:
    one = odd()[name]
    if name == "odd attributes":
        short = texts(["s"])
        lengths = np.arange(300, dtype=np.int64)
        features = (*one.attributes[:-1], replace(one.attributes[-1], texts=replace(short, lengths=lengths)))
        one = replace(one, attributes=features)
    figures, insights = shown(one, samples=samples)
    again = shown(one, samples=samples)
    assert list(again[0]) == list(figures)
    assert [insight.text for insight in again[1]] == [insight.text for insight in insights]
    assert all("nan" not in insight.text.lower() for insight in insights)
    if one.length > 2 and "no answer" not in name and name != "no classes":
        assert figures


def test_ten_thousand_classes() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10_000, 20_000).astype(np.int32)
    said = np.where(rng.random(20_000) < 0.6, truth, rng.integers(0, 10_000, 20_000)).astype(np.int32)
    names = tuple(f"n{c}" for c in range(10_000))
    one = Predictions("m", "", ("p.csv",), "classification", 20_000, names, truth, said)
    figures, _ = shown(one)
    table = figures["classes"].spec
    assert isinstance(table, Table)
    assert len(table.rows) == 300
