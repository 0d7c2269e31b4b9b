"""What a model said, in the many ways it is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_files import lone_predictions, samples_of, write

from dlviz_docs.model import MISSING, Predictions
from dlviz_docs.readers.samples import ResultEntry
from dlviz_docs.readers.samples._probabilities import check, of_one_class

RNG = np.random.default_rng(1)
N = 60
Y = np.arange(N) % 3
P = RNG.dirichlet(np.ones(3), N)


def told(tmp_path: Path, content: Any, name: str = "predictions.npz", **entry: Any) -> Predictions:
    write(tmp_path, {name: content})
    results = (ResultEntry(path=name, **entry),) if entry else ()
    return lone_predictions(samples_of(tmp_path, results=results))


def codes(result: Predictions) -> list[str]:
    return [problem.code for problem in result.problems]


# --- probabilities ----------------------------------------------------------------------------------------------------


def test_rows_that_sum_to_one_are_kept() -> None:
    found = check(P.astype(np.float32))
    assert not found.from_logits
    assert found.normalised == 0
    np.testing.assert_allclose(found.values, P, atol=1e-6)
    assert check(P * 1.00001).normalised == 0


def test_logits_go_through_a_softmax() -> None:
    logits = np.log(P) + RNG.normal(size=(N, 1)) * 5
    logits[0, 0] = -np.inf
    found = check(logits)
    assert found.from_logits
    np.testing.assert_allclose(found.values[1:], P[1:])
    assert found.values[0, 0] == 0
    assert np.allclose(found.values.sum(axis=1), 1)
    assert np.allclose(check(np.full((3, 4), 1e300)).values, 0.25)


def test_weights_are_divided_and_rows_of_no_use_marked() -> None:
    table = P.copy()
    table[:5] *= 0.5
    table[5] = np.nan
    table[6] = 0.0
    found = check(table)
    assert found.normalised == 5
    assert np.flatnonzero(~found.usable).tolist() == [5, 6]
    np.testing.assert_allclose(found.values[:5], P[:5])


def test_one_broken_row_makes_no_logits_of_probabilities() -> None:
    table = P.copy()
    table[0] = [-1.0, 1.0, 1.0]
    table[1] = [40.0, 0.0, 0.0]
    table[2] = [0.0, -np.inf, 0.0]
    table[3] *= 0.5
    found = check(table)
    assert not found.from_logits
    assert np.flatnonzero(~found.usable).tolist() == [0, 1, 2]
    assert found.normalised == 1
    np.testing.assert_allclose(found.values[3:], P[3:])


def test_one_number_a_row() -> None:
    np.testing.assert_allclose(of_one_class(np.array([0.2, 1.0])), [[0.8, 0.2], [0.0, 1.0]])
    np.testing.assert_allclose(of_one_class(np.array([0.0, -900.0, 900.0])), [[0.5, 0.5], [1, 0], [0, 1]])


def test_probabilities_through_a_file(tmp_path: Path) -> None:
    table = P.copy()
    table[3:5] = np.nan
    result = told(tmp_path, {"y_true": Y, "probs": table, "weight": np.arange(N)})
    assert codes(result) == ["probabilities-missing"]
    assert result.problems[0].what.startswith("2 rows")
    assert result.length == N - 2
    assert result.truth is not None
    assert result.truth.tolist() == np.delete(Y, [3, 4]).tolist()
    assert result.attributes[0].values.tolist() == np.delete(np.arange(N), [3, 4]).tolist()
    assert result.probabilities is not None
    assert np.allclose(result.probabilities.sum(axis=1), 1)


def test_weights_and_logits_through_a_file(tmp_path: Path) -> None:
    assert codes(told(tmp_path / "a", {"y_true": Y, "probs": P / 2})) == ["probabilities-sum"]
    logits = told(tmp_path / "b", {"y_true": Y, "logits": np.log(P)})
    assert logits.from_logits
    assert codes(logits) == []


# --- classes ----------------------------------------------------------------------------------------------------------


def test_classes_named_by_the_columns_of_probabilities(tmp_path: Path) -> None:
    names = ["Great Dane", "cat", "axolotl"]
    rows = "".join(
        f"{k}.png,{names[Y[k]]},{names[P[k].argmax()]}," + ",".join(f"{p:.17g}" for p in P[k]) + "\n" for k in range(N)
    )
    head = "image,label,prediction," + ",".join(f"prob_{name}" for name in names) + "\n"
    result = told(tmp_path, head + rows, "predictions.csv")
    assert result.classes == tuple(names)
    assert result.truth is not None
    assert result.truth.tolist() == Y.tolist()
    assert result.predicted is not None
    assert result.predicted.tolist() == P.argmax(axis=1).tolist()
    assert result.ids[:2] == ("0.png", "1.png")
    assert codes(result) == []


def test_named_labels_beside_probabilities_without_names(tmp_path: Path) -> None:
    names = np.array(["b", "a", "c"])
    assumed = told(tmp_path / "a", {"y_true": names[Y], "probs": P})
    assert assumed.classes == ("a", "b", "c")
    assert codes(assumed) == ["class-order"]
    ordered = np.array(["a", "b", "c"])
    borne_out = told(tmp_path / "b", {"y_true": ordered[Y], "y_pred": ordered[P.argmax(axis=1)], "probs": P})
    assert codes(borne_out) == []
    given = told(tmp_path / "c", {"y_true": names[Y], "probs": P, "classes": names})
    assert given.classes == ("b", "a", "c")
    assert given.truth is not None
    assert given.truth.tolist() == Y.tolist()


def test_classes_counted_from_one(tmp_path: Path) -> None:
    result = told(tmp_path, {"y_true": Y + 1, "probs": P})
    assert result.classes == ("1", "2", "3")
    assert result.truth is not None
    assert result.truth.tolist() == Y.tolist()


def test_a_class_that_never_occurs(tmp_path: Path) -> None:
    result = told(tmp_path, {"y_true": Y % 2, "probs": P})
    assert result.classes == ("0", "1", "2")
    assert codes(result) == []


def test_labels_outside_the_classes(tmp_path: Path) -> None:
    labels = Y.copy()
    labels[:4] = [-1, 99, 7, 50]
    result = told(tmp_path, {"y_true": labels, "probs": P})
    assert result.truth is not None
    assert result.truth[:4].tolist() == [MISSING] * 4
    assert codes(result) == ["labels-outside"]


def test_probabilities_of_other_classes_than_the_labels(tmp_path: Path) -> None:
    labels = np.array(["a", "b", "c", "d"])[np.arange(N) % 4]
    result = told(tmp_path, {"y_true": labels, "y_pred": labels[::-1], "probs": P})
    assert result.probabilities is None
    assert result.predicted is not None
    assert codes(result) == ["classes-differ"]


def test_one_in_a_row_is_a_label(tmp_path: Path) -> None:
    result = told(tmp_path, {"y_true": np.eye(3)[Y], "probs": P})
    assert result.truth is not None
    assert result.truth.tolist() == Y.tolist()


def test_one_probability_of_two_classes(tmp_path: Path) -> None:
    p = RNG.random(N)
    result = told(tmp_path / "a", {"y_true": Y % 2, "y_prob": p})
    assert result.probabilities is not None
    np.testing.assert_allclose(result.probabilities[:, 1], p)
    assert result.predicted is not None
    assert result.predicted.tolist() == (p > 0.5).astype(int).tolist()
    threshold = told(tmp_path / "b", {"y_true": Y % 2, "y_pred": (p > 0.3).astype(int), "y_prob": p})
    assert threshold.probabilities is not None
    assert threshold.predicted is not None
    assert threshold.predicted.tolist() == (p > 0.3).astype(int).tolist()
    called = told(tmp_path / "c", {"y_true": Y % 2, "y_pred": p})
    assert called.task == "classification"
    assert called.probabilities is not None


def test_the_confidence_in_what_was_predicted_is_no_probability_of_class_one(tmp_path: Path) -> None:
    p = RNG.random(N)
    said = (p > 0.5).astype(int)
    result = told(tmp_path, {"y_true": Y % 2, "y_pred": said, "score": np.maximum(p, 1 - p)})
    assert result.probabilities is None
    assert [attribute.name for attribute in result.attributes] == ["score"]


# --- regression and texts ---------------------------------------------------------------------------------------------


def test_numbers_predicted_as_numbers(tmp_path: Path) -> None:
    truth = RNG.normal(size=N)
    arrays = {"target": truth, "prediction": truth + 0.1, "lower": truth - 1, "upper": truth + 1, "site": Y}
    result = told(tmp_path, arrays)
    assert result.task == "regression"
    assert result.truth is not None
    assert result.truth.tolist() == truth.tolist()
    assert result.intervals is not None
    assert result.intervals.shape == (N, 2)
    assert result.group == "site"


def test_counts_predicted_as_fractions_are_a_regression(tmp_path: Path) -> None:
    result = told(tmp_path, {"y_true": np.arange(N) % 30, "y_pred": np.arange(N) % 30 + 0.25})
    assert result.task == "regression"


def test_texts_with_references(tmp_path: Path) -> None:
    rows = "".join(
        f'{{"question": "Which river flows through city {k}?", "answer": "river {k}", "prediction": "the river {k}",'
        f' "topic": "t{k % 2}"}}\n'
        for k in range(30)
    )
    result = told(tmp_path, rows, "outputs.jsonl")
    assert result.task == "text"
    assert (result.inputs[3], result.references[3], result.generated[3]) == (
        "Which river flows through city 3?",
        "river 3",
        "the river 3",
    )
    assert [attribute.name for attribute in result.attributes] == ["topic"]


def test_texts_without_references(tmp_path: Path) -> None:
    rows = "".join(f'{{"prompt": "Say {k} in a few words", "response": "{k} it is"}}\n' for k in range(30))
    result = told(tmp_path, rows, "outputs.jsonl")
    assert (result.task, result.references, result.length) == ("text", (), 30)


def test_what_record_leaves_behind(tmp_path: Path) -> None:
    from dlviz_docs import record

    record.predictions(tmp_path / "runs/a", truth=Y, logits=np.log(P), classes=["x", "y", "z"], age=np.arange(N))
    record.texts(tmp_path / "runs/b", generated=["a b c d e f"] * 3, references=["a b c d e g"] * 3, inputs=["q"] * 3)
    first, second = samples_of(tmp_path, runs={"runs/a": "a", "runs/b": "b"}).predictions
    assert (first.run, first.classes, first.from_logits) == ("a", ("x", "y", "z"), True)
    assert [attribute.name for attribute in first.attributes] == ["age"]
    assert (second.run, second.task, second.references[0]) == ("b", "text", "a b c d e g")


# --- what else is known -----------------------------------------------------------------------------------------------


def test_splits_groups_and_embeddings(tmp_path: Path) -> None:
    arrays = {
        "y_true": Y,
        "y_pred": Y,
        "split": np.array(["val", "test"])[np.arange(N) % 2],
        "patient": np.array([f"p{k % 9}" for k in range(N)]),
        "embeddings": RNG.normal(size=(N, 8)),
    }
    result = told(tmp_path, arrays)
    assert result.splits == ("val", "test")
    assert result.split is not None
    assert result.split.tolist() == [k % 2 for k in range(N)]
    assert result.group == "patient"
    assert result.embeddings is not None
    assert result.embeddings.shape == (N, 8)


def test_duplicate_names_are_said(tmp_path: Path) -> None:
    result = told(tmp_path, {"y_true": Y, "y_pred": Y, "path": np.array([f"{k % 58}.png" for k in range(N)])})
    assert codes(result) == ["duplicate-ids"]


def test_labels_of_another_length_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"y_true.csv": "label\n1\n2\n", "y_pred.csv": "prediction\n1\n2\n1\n"})
    result = lone_predictions(samples_of(tmp_path))
    assert result.truth is None
    assert result.length == 3
    assert codes(result) == ["length"]


def test_nothing_predicted_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": "x,label\n1,2\n3,4\n"})
    samples = samples_of(tmp_path, results=(ResultEntry(path="a.csv", prediction="guess"),))
    assert samples.predictions == ()
    assert [problem.code for problem in samples.problems] == ["no-column", "no-prediction"]


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(rows: int, tmp_path: Path) -> None:
    write(tmp_path, {"predictions.csv": "y_true,y_pred\n" + "1,2\n" * rows})
    samples = samples_of(tmp_path)
    assert [one.length for one in samples.predictions] == [1] * rows
    assert len(samples.problems) == 1 - rows
