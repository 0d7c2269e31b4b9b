"""Several models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from dlviz_docs.model import Experiment, Insight
from dlviz_docs.model.samples import MISSING, Predictions, Samples
from dlviz_docs.renderers.results import Results
from dlviz_docs.renderers.results.compare import compared, same_items
from dlviz_docs.view import Fact, Figure, Gallery, Matrix, Shown, Table

NAMES = ("a", "b", "c", "d")


def truth(n: int = 1000) -> np.ndarray:
    return np.random.default_rng(99).integers(0, 4, n).astype(np.int32)


def model(name: str, skill: float, *, n: int = 1000, seed: int = 0, ids: bool = True) -> Predictions:
    rng, true = np.random.default_rng(seed), truth(n)
    said = np.where(rng.random(n) < skill, true, (true + rng.integers(1, 4, n)) % 4).astype(np.int32)
    keys = tuple(f"img{i}" for i in range(n)) if ids else ()
    return Predictions(name, name, (f"{name}.csv",), "classification", n, NAMES, true, said, ids=keys)


def page(predictions: Sequence[Predictions], *, samples: str = "shown") -> tuple[Mapping[str, Figure], list[Insight]]:
    experiment = Experiment("e", "e", "e", samples=Samples(predictions=tuple(predictions)))
    results = Results(samples="shown" if samples == "shown" else "none")
    found: list[Shown] = list(results(experiment))
    figures = [one for one in found if isinstance(one, Figure)]
    assert len({figure.id for figure in figures}) == len(figures)
    insights = [one for one in found if isinstance(one, Insight)]
    assert all(not one.figure or one.figure in {figure.id for figure in figures} for one in insights)
    return {figure.id: figure for figure in figures}, insights


def test_two_models_are_tested_in_pairs() -> None:
    one, other = model("one", 0.9, seed=1), model("other", 0.8, seed=2)
    figures, insights = page([other, one])
    assert insights[0].kind == "model-comparison"
    right = [each.predicted == each.truth for each in (one, other)]
    b, c = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    assert insights[0].values["p"] == pytest.approx(stats.binomtest(b, b + c).pvalue)
    assert insights[0].values["difference"] == pytest.approx((b - c) / 1000)
    assert insights[0].values["low"] > 0
    assert insights[0].text.startswith("other is 0.")
    table = figures["models"].spec
    assert isinstance(table, Table)
    assert [row[0].text for row in table.rows] == ["one", "other"]
    agreement = figures["agreement"].spec
    assert isinstance(agreement, Matrix)
    assert agreement.values[0, 1] == pytest.approx((~right[0] & ~right[1]).mean())
    assert {figure.page for figure in figures.values()} == {"", "one", "other"}


def test_models_that_are_level_are_called_level() -> None:
    _, insights = page([model("one", 0.85, seed=1), model("other", 0.85, seed=2)])
    assert "not significant" in insights[0].text
    same = model("one", 0.85)
    _, insights = page([same, replace(same, name="two")])
    assert insights[0].text.startswith("two and one are level")


def test_rows_are_tied_by_their_names() -> None:
    one, other = model("one", 0.9, seed=1), model("other", 0.8, seed=2)
    assert other.truth is not None
    assert other.predicted is not None
    order = np.random.default_rng(0).permutation(1000)[:900]
    mixed = replace(
        other,
        length=900,
        truth=other.truth[order],
        predicted=other.predicted[order],
        ids=tuple(other.ids[row] for row in order),
    )
    models = compared([one, mixed])
    assert models is not None
    assert models.right.shape == (2, 900)
    kept = np.sort(order)
    assert np.array_equal(models.right[0], (one.predicted == one.truth)[kept])
    assert np.array_equal(models.right[1], (other.predicted == other.truth)[kept])
    figures, _ = page([one, mixed])
    assert "100 rows are not in all of them" in figures["models"].caption


def test_classes_in_another_order_are_the_same_classes() -> None:
    one, other = model("one", 0.9, seed=1), model("other", 0.8, seed=2)
    turned = np.array([3, 2, 1, 0], np.int32)
    assert other.truth is not None
    assert other.predicted is not None
    other_way = replace(
        other, classes=NAMES[::-1], truth=turned[other.truth], predicted=turned[other.predicted.astype(np.intp)]
    )
    expected, found = compared([one, other]), compared([one, other_way])
    assert expected is not None
    assert found is not None
    assert np.array_equal(found.right, expected.right)
    assert np.array_equal(found.said, expected.said)


def test_a_class_that_only_one_model_knows_is_an_answer() -> None:
    one, other = model("one", 0.9, seed=1), model("other", 0.8, seed=2)
    assert other.predicted is not None
    said = other.predicted.copy()
    said[:100] = 4
    models = compared([one, replace(other, classes=(*NAMES, "e"), predicted=said)])
    assert models is not None
    assert models.right.shape[1] == 1000
    assert not models.right[1, :100].any()


def test_what_cannot_be_compared_stands_alone() -> None:
    one = model("one", 0.9, ids=False)
    assert one.truth is not None
    others = [
        replace(one, name="truth", truth=((one.truth + 1) % 4).astype(np.int32)),
        replace(one, name="unknown", truth=None),
        model("length", 0.9, n=700, ids=False),
        replace(model("rows", 0.9), ids=tuple(f"z{i}" for i in range(1000))),
        replace(one, name="classes", classes=("w", "x", "y", "z")),
    ]
    assert same_items([one, *others, model("named", 0.9)]) != []
    assert same_items([one, others[0], others[1], others[2]]) == []
    figures, _ = page([one, *others[:3]])
    assert "models" not in figures
    assert {figure.page for figure in figures.values()} == {"one", "truth", "unknown", "length"}


def test_rows_that_all_get_wrong() -> None:
    models = [model(f"m{seed}", 0.9, seed=seed) for seed in range(4)]
    hard = np.arange(40)
    for each in models:
        assert each.predicted is not None
        each.predicted[hard] = (truth()[hard] + 1) % 4
    figures, insights = page(models)
    found = next(one for one in insights if one.kind == "all-wrong")
    wrong = np.all([each.predicted != each.truth for each in models], axis=0)
    assert found.values["rows"] == wrong.sum()
    assert found.values["same"] >= 40
    gallery = figures["hardest"].spec
    assert isinstance(gallery, Gallery)
    assert {item.title for item in gallery.items[:40]} <= {f"img{row}" for row in range(1000)}
    assert dict(gallery.items[0].facts)["answers"].endswith("× 4")
    assert "hardest" not in page(models, samples="none")[0]


def test_different_mistakes() -> None:
    one, other = model("one", 1.0), model("other", 1.0)
    for each, rows in ((one, slice(0, 100)), (other, slice(100, 200))):
        assert each.predicted is not None
        each.predicted[rows] = (truth()[rows] + 1) % 4
    _, insights = page([one, other])
    assert any(one.kind == "different-mistakes" and "both are wrong on 0 %" in one.text for one in insights)


def test_fifty_models() -> None:
    models = [model(f"m{i}", 0.7 + 0.004 * i, seed=i) for i in range(50)]
    figures, insights = page(models)
    table = figures["models"].spec
    assert isinstance(table, Table)
    assert len(table.rows) == 50
    shares = [float(row[1].sort or 0) for row in table.rows]
    assert shares == sorted(shares, reverse=True)
    assert "best 3 have figures of their own" in figures["models"].caption
    best = {row[0].text for row in table.rows[:3]}
    assert {figure.page for figure in figures.values()} == {"", *best}
    assert "of 50 in accuracy" in insights[0].text


def test_the_best_is_said_once_on_the_front_page() -> None:
    experiment = Experiment("e", "e", "e", samples=Samples(predictions=(model("x", 0.7), model("y", 0.9, seed=3))))
    facts = [one for one in Results()(experiment) if isinstance(one, Fact)]
    assert [fact.label for fact in facts] == ["Best accuracy"]
    assert facts[0].text.endswith(": y")


def test_models_of_one_name_have_places_of_their_own() -> None:
    figures, _ = page([model("same", 0.9, seed=seed) for seed in range(3)])
    assert {figure.page for figure in figures.values()} == {"", "same", "same (2)", "same (3)"}
    figures, _ = page([model("a b", 0.9), replace(model("a-b", 0.8, seed=1), ids=())])
    assert len({figure.page for figure in figures.values()} - {""}) == 2


def test_too_few_common_rows() -> None:
    one, other = model("one", 0.9, n=12), model("other", 0.8, n=12, seed=2)
    assert other.truth is not None
    lost = other.truth.copy()
    lost[3:] = MISSING
    figures, _ = page([one, replace(other, truth=lost)])
    assert "models" not in figures


def test_numbers_are_compared_by_their_errors() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=500)
    near, far = (
        Predictions(name, "", ("p.csv",), "regression", 500, truth=true, predicted=true + rng.normal(scale=s, size=500))
        for name, s in (("near", 0.1), ("far", 0.5))
    )
    figures, insights = page([far, near])
    table = figures["models"].spec
    assert isinstance(table, Table)
    assert [row[0].text for row in table.rows] == ["near", "far"]
    assert near.predicted is not None
    assert table.rows[0][1].sort == pytest.approx(np.abs(near.predicted - true).mean())
    assert any(one.text.startswith("near has the lowest mean absolute error") for one in insights)


def test_nothing_to_show() -> None:
    assert page([]) == ({}, [])


def test_outputs_of_one_model_on_the_same_rows_are_not_compared() -> None:
    one = model("height", 0.9)
    assert one.truth is not None
    other = replace(model("weight", 0.9), truth=(one.truth + 1).astype(np.int32) % 4)
    assert same_items([one, other]) == []
    corrected = one.truth.copy()
    corrected[:50] = (corrected[:50] + 1) % 4
    assert len(same_items([one, replace(model("relabelled", 0.8), truth=corrected)])) == 1


def facts(*predictions: Predictions) -> dict[str, str]:
    found = Results()(Experiment("e", "e", "e", samples=Samples(predictions=predictions)))
    return {one.label: one.text for one in found if isinstance(one, Fact)}


def numbers(name: str, *, n: int = 400, noise: float = 1.0, seed: int = 0) -> Predictions:
    rng = np.random.default_rng(n)
    true = rng.normal(size=n)
    said = true + noise * np.random.default_rng(seed).normal(size=n)
    return Predictions(name, name, (f"{name}.csv",), "regression", n, truth=true, predicted=said)


def test_each_model_that_stands_alone_says_what_it_comes_to() -> None:
    one, other, third = model("one", 0.9), model("other", 0.8, n=700, ids=False), numbers("third")
    found = facts(one, other, third)
    assert list(found) == ["Accuracy “one”", "Accuracy “other”", "MAE “third”"]
    low, high = stats.binomtest(int((one.predicted == one.truth).sum()), 1000).proportion_ci(method="wilson")
    value = float((one.predicted == one.truth).mean())  # type: ignore[union-attr]
    assert found["Accuracy “one”"] == f"{value:.3f} [{low:.3f}, {high:.3f}] (n = 1,000)"
    assert found["MAE “third”"].endswith(" (n = 400)")
    assert ", R² " in found["MAE “third”"]


def test_of_models_that_are_compared_the_best_one_does() -> None:
    assert list(facts(model("one", 0.9, seed=1), model("other", 0.8, seed=2))) == ["Best accuracy"]
    near, far = numbers("near", noise=0.5, seed=1), numbers("far", noise=2.0, seed=2)
    (label, text), *others = facts(far, near).items()
    assert not others
    assert label == "Lowest MAE"
    assert text.endswith(" (n = 400): near")
    both = facts(near, far, model("one", 0.9, seed=1), model("other", 0.8, seed=2))
    assert list(both) == ["Lowest MAE", "Best accuracy"]


def test_several_comparisons_of_one_kind_are_told_apart() -> None:
    pairs = [model(f"m{n}-{seed}", 0.9, n=n, seed=seed, ids=False) for n in (300, 500) for seed in (1, 2)]
    assert list(facts(*pairs)) == ["Best accuracy, set 1", "Best accuracy, set 2"]


def test_where_too_few_rows_are_common_each_stands_for_itself() -> None:
    few = [model(f"m{seed}", 0.9, n=6, seed=seed) for seed in (1, 2)]
    assert list(facts(*few)) == ["Accuracy “m1”", "Accuracy “m2”"]


def test_what_one_model_alone_comes_to_needs_no_name() -> None:
    assert list(facts(model("one", 0.9))) == ["Accuracy"]
    assert list(facts(numbers("one"))) == ["MAE"]
    constant = numbers("one")
    fixed = facts(replace(constant, truth=np.zeros(400)))
    assert list(fixed) == ["MAE"]
    assert "R²" not in fixed["MAE"]
