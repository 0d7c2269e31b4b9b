"""Folders as widely used tools leave them: what they are is told by their conventions alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_files import found_in, lone_dataset, lone_predictions, samples_of, write

from dlviz_docs.readers.samples import plan

RNG = np.random.default_rng(0)
N = 60
Y = RNG.integers(0, 3, N)
SAID = np.where(RNG.random(N) < 0.7, Y, RNG.integers(0, 3, N))
P = RNG.dirichlet(np.ones(3), N)
P[np.arange(N), SAID] += 1
P /= P.sum(axis=1, keepdims=True)
TRUE = RNG.normal(size=N)
GUESS = TRUE + RNG.normal(size=N) / 2
WORDS = np.array(["ash", "beech", "fir"])


def table(columns: dict[str, Any], *, mark: str = ",") -> str:
    rows = zip(*columns.values(), strict=True)
    return mark.join(columns) + "\n" + "".join(mark.join(map(str, row)) + "\n" for row in rows)


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def by_class(prefix: str, values: Any = P) -> dict[str, Any]:
    return {f"{prefix}{place}": values[:, place] for place in range(3)}


# --- predictions ------------------------------------------------------------------------------------------------------

CLASSIFIED: dict[str, dict[str, Any]] = {
    "percentages": {"label": Y, "pred": SAID, **by_class("prob_", (100 * P).round(2))},
    "numbered columns": {"actual": Y + 1, "predicted": SAID + 1, "p1": P[:, 0], "p2": P[:, 1], "p3": P[:, 2]},
    "lists as text": {"label": Y, "pred": SAID, "probs": ['"' + str(row.tolist()) + '"' for row in P]},
    "arrays as text": {"label": Y, "pred": SAID, "logits": ['"' + str(np.log(row)) + '"' for row in P]},
    "scalars of NumPy": {"label": Y, "probs": ['"' + str([np.float64(one) for one in row]) + '"' for row in P]},
    "a score called after what is scored": {"stars": Y, "predicted_stars": SAID},
    "another ending": {"stars": Y, "stars_predicted": SAID},
}


@pytest.mark.parametrize("columns", CLASSIFIED.values(), ids=CLASSIFIED)
def test_classes_and_probabilities_however_they_are_written(columns: dict[str, Any], tmp_path: Path) -> None:
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert told.truth is not None
    assert told.predicted is not None
    assert (told.truth.tolist(), told.predicted.tolist()) == (Y.tolist(), SAID.tolist())
    if "stars" not in columns:
        assert told.probabilities is not None
        assert np.allclose(told.probabilities, P, atol=1e-3)
    assert (told.problems, told.attributes) == ((), ())


@pytest.mark.parametrize("scale", [1, 100])
def test_one_number_a_row_may_be_a_percentage(scale: int, tmp_path: Path) -> None:
    label, share = (Y > 0).astype(int), np.where(SAID > 0, 0.9, 0.2)
    columns = {"label": label, "pred": (share > 0.5).astype(int), "probability": share * scale}
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert told.probabilities is not None
    assert np.allclose(told.probabilities[:, 1], share)
    assert told.attributes == ()


@pytest.mark.parametrize("folders", [True, False])
def test_a_label_beside_its_confidence_is_what_was_predicted(folders: bool, tmp_path: Path) -> None:
    names = [f"{WORDS[y]}/{row}.jpg" if folders else f"{row}.jpg" for row, y in enumerate(Y)]
    columns = {"filename": names, "label": WORDS[SAID], "index": SAID, "prob": P.max(axis=1)}
    told = lone_predictions(samples_of(write(tmp_path, {"results.csv": table(columns)})))
    assert told.predicted is not None
    assert [told.classes[code] for code in told.predicted] == WORDS[SAID].tolist()
    if folders:
        assert told.truth is not None
        assert [told.classes[code] for code in told.truth] == WORDS[Y].tolist()
    else:
        assert told.truth is None
    assert [problem.code for problem in told.problems] == ["truth-by-folder"] * folders


def test_labels_beside_the_probability_of_the_second_class_are_the_truth(tmp_path: Path) -> None:
    columns = {"id": np.arange(N) * 3, "label": (Y > 0).astype(int), "score": np.where(SAID > 0, 0.9, 0.2)}
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert told.truth is not None
    assert told.truth.tolist() == (Y > 0).astype(int).tolist()


INTERVALS: dict[str, tuple[dict[str, Any], float | None]] = {
    "quantiles": ({"y_true": TRUE, "y_pred": GUESS, "q05": GUESS - 1, "q95": GUESS + 1}, 0.9),
    "Prophet": ({"y": TRUE, "yhat": GUESS, "yhat_lower": GUESS - 1, "yhat_upper": GUESS + 1}, None),
    "AutoGluon": ({"y": TRUE, "0.1": GUESS - 1, "0.5": GUESS, "0.9": GUESS + 1}, 0.8),
    "Nixtla": ({"y": TRUE, "AutoETS": GUESS, "AutoETS-lo-90": GUESS - 1, "AutoETS-hi-90": GUESS + 1}, 0.9),
    "percent": ({"actual": TRUE, "prediction": GUESS, "lower_95": GUESS - 1, "upper_95": GUESS + 1}, 0.95),
    "plain": ({"target": TRUE, "prediction": GUESS, "lower": GUESS - 1, "upper": GUESS + 1}, None),
}


@pytest.mark.parametrize(("columns", "nominal"), INTERVALS.values(), ids=INTERVALS)
def test_intervals_and_what_they_promise(columns: dict[str, Any], nominal: float | None, tmp_path: Path) -> None:
    told = lone_predictions(samples_of(write(tmp_path, {"forecast.csv": table(columns)})))
    assert (told.task, told.nominal) == ("regression", nominal)
    assert told.predicted is not None
    assert np.allclose(told.predicted, GUESS)
    assert told.intervals is not None
    assert np.allclose(told.intervals, np.stack([GUESS - 1, GUESS + 1], axis=1))
    assert told.attributes == ()


def test_prices_are_no_interval(tmp_path: Path) -> None:
    columns = {"y_true": TRUE, "y_pred": GUESS, "low": TRUE - 1, "high": TRUE + 1}
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert told.intervals is None
    assert [one.name for one in told.attributes] == ["low", "high"]


def test_a_score_makes_no_classes_of_a_regression(tmp_path: Path) -> None:
    columns = {"y_true": TRUE, "y_pred": GUESS, "score": P[:, 0]}
    assert lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)}))).task == "regression"


OUTPUTS: dict[str, dict[str, Any]] = {
    "columns": {"preds.csv": table({"true_a": TRUE, "true_b": 2 * TRUE, "pred_a": GUESS, "pred_b": 2 * GUESS})},
    "suffixes": {"preds.csv": table({"a_true": TRUE, "b_true": 2 * TRUE, "a_pred": GUESS, "b_pred": 2 * GUESS})},
    "bare": {"preds.csv": table({"a": TRUE, "b": 2 * TRUE, "a_pred": GUESS, "b_pred": 2 * GUESS})},
    "arrays": {"y_test.npy": np.stack([TRUE, 2 * TRUE], 1), "y_pred.npy": np.stack([GUESS, 2 * GUESS], 1)},
    "archive": {"preds.npz": {"y_true": np.stack([TRUE, 2 * TRUE], 1), "y_pred": np.stack([GUESS, 2 * GUESS], 1)}},
}


@pytest.mark.parametrize("files", OUTPUTS.values(), ids=OUTPUTS)
def test_every_output_has_a_truth_of_its_own(files: dict[str, Any], tmp_path: Path) -> None:
    told = samples_of(write(tmp_path, files)).predictions
    assert [one.task for one in told] == ["regression"] * 2
    for factor, one in enumerate(told, start=1):
        assert one.truth is not None
        assert one.predicted is not None
        assert np.allclose(one.truth, factor * TRUE)
        assert np.allclose(one.predicted, factor * GUESS)
        assert one.attributes == ()
    assert [one.name for one in told] == (["a", "b"] if "preds.csv" in files else ["output 1", "output 2"])


def test_labels_that_may_be_several_are_judged_one_by_one(tmp_path: Path) -> None:
    true = (RNG.random((N, 4)) < 0.4).astype(int)
    write(tmp_path, {"y_true.npy": true, "y_prob.npy": np.where(true == 1, 0.8, 0.3)})
    told = samples_of(tmp_path).predictions
    assert [(one.name, one.task) for one in told] == [(f"label {place}", "classification") for place in range(1, 5)]
    for place, one in enumerate(told):
        assert one.truth is not None
        assert one.truth.tolist() == true[:, place].tolist()
        assert one.predicted is not None
        assert one.predicted.tolist() == true[:, place].tolist()


@pytest.mark.parametrize("named", [True, False])
def test_models_under_one_another(named: bool, tmp_path: Path) -> None:
    ids = {"id": np.tile([f"r{row}" for row in range(N)], 2)} if named else {}
    columns = {"model": ["a"] * N + ["b"] * N, **ids, "label": np.tile(Y, 2), "pred": np.concatenate([SAID, Y])}
    told = samples_of(write(tmp_path, {"predictions.csv": table(columns)})).predictions
    right = {one.name: float((one.truth == one.predicted).mean()) for one in told if one.truth is not None}
    assert right == {"a": pytest.approx((SAID == Y).mean()), "b": 1.0}
    assert [problem for one in told for problem in one.problems] == []


def test_a_model_of_each_row_is_no_model_of_predictions(tmp_path: Path) -> None:
    columns = {"id": [f"car{row}" for row in range(N)], "model": WORDS[Y], "label": Y, "pred": SAID}
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert (told.length, [one.name for one in told.attributes]) == (N, ["model"])


def test_splits_in_files_of_their_own_are_one_model(tmp_path: Path) -> None:
    for split, rows in (("train", slice(0, 40)), ("test", slice(40, N))):
        write(tmp_path, {f"{split}_predictions.csv": table({"label": Y[rows], "pred": SAID[rows]})})
    told = lone_predictions(samples_of(tmp_path))
    assert (told.name, told.splits, told.length) == ("predictions", ("train", "test"), N)
    assert told.split is not None
    assert told.truth is not None
    assert told.truth[told.split == 1].tolist() == Y[40:].tolist()


NAMES: dict[str, dict[str, Any]] = {
    "classes.txt": {"classes.txt": "\n".join(WORDS)},
    "numbered lines": {"labels.txt": "".join(f"{place} {word}\n" for place, word in enumerate(WORDS))},
    "a list": {"class_names.json": json.dumps(WORDS.tolist())},
    "numbers by name": {"class_to_idx.json": json.dumps({word: place for place, word in enumerate(WORDS)})},
    "names by number": {"id2label.json": json.dumps(dict(enumerate(WORDS)))},
    "a table": {"labels.csv": table({"id": range(3), "name": WORDS})},
}


@pytest.mark.parametrize("case", NAMES)
def test_classes_have_the_names_that_a_file_beside_gives(case: str, tmp_path: Path) -> None:
    files = NAMES[case] | {"predictions.csv": table({"label": Y, "pred": SAID}), "data.csv": table({"x": TRUE, "y": Y})}
    samples = samples_of(write(tmp_path, files))
    assert lone_predictions(samples).classes == tuple(WORDS)
    assert lone_dataset(samples).classes == tuple(WORDS)


def test_names_of_other_classes_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"classes.txt": "a\nb\nc\nd\n", "predictions.csv": table({"label": Y, "pred": SAID})})
    assert lone_predictions(samples_of(tmp_path)).classes == ("0", "1", "2")


# --- competitions and AutoML ------------------------------------------------------------------------------------------


def competition(tmp_path: Path, *, labelled: bool = False) -> Path:
    train = {"id": np.arange(100, 140), "x": TRUE[:40], "kind": WORDS[Y[:40]]}
    test = {"id": np.arange(200, 220), "x": TRUE[40:]} | ({"kind": WORDS[Y[40:]]} if labelled else {})
    said = {"id": np.arange(200, 220), "kind": WORDS[SAID[40:]]}
    example = {"id": np.arange(200, 220), "kind": ["ash"] * 20}
    files = {"train.csv": train, "test.csv": test, "submission.csv": said, "sample_submission.csv": example}
    return write(tmp_path, {name: table(columns) for name, columns in files.items()})


def test_a_competition_keeps_its_test_labels(tmp_path: Path) -> None:
    samples = samples_of(competition(tmp_path))
    data, told = lone_dataset(samples), lone_predictions(samples)
    assert (data.name, data.target, data.splits) == (tmp_path.name, "kind", ("train", "test"))
    assert told.truth is None
    assert told.predicted is not None
    assert [told.classes[code] for code in told.predicted] == WORDS[SAID[40:]].tolist()


def test_a_submission_is_judged_where_the_labels_are_known(tmp_path: Path) -> None:
    samples = samples_of(competition(tmp_path, labelled=True))
    told = lone_predictions(samples)
    assert lone_dataset(samples).target == "kind"
    assert told.truth is not None
    assert float((told.truth == told.predicted).mean()) == pytest.approx((Y[40:] == SAID[40:]).mean())


def test_the_form_of_a_submission_names_the_target(tmp_path: Path) -> None:
    write(tmp_path, {"train.csv": table({"PassengerId": range(1, N + 1), "x": TRUE, "Survived": Y % 2})})
    write(tmp_path, {"gender_submission.csv": "PassengerId,Survived\n892,0\n893,1\n"})
    samples = samples_of(tmp_path)
    assert (lone_dataset(samples).target, samples.predictions) == ("Survived", ())


def test_labels_and_probabilities_in_two_tables(tmp_path: Path) -> None:
    proba = {"": range(N), **dict(zip(WORDS, P.T, strict=True))}
    write(tmp_path, {"test.csv": table({"x": TRUE, "kind": WORDS[Y]}), "test_pred_proba.csv": table(proba)})
    write(tmp_path, {"test_predictions.csv": table({"": range(N), "kind": WORDS[SAID]})})
    told = lone_predictions(samples_of(tmp_path))
    assert (told.task, told.classes) == ("classification", tuple(WORDS))
    assert told.predicted is not None
    assert told.predicted.tolist() == SAID.tolist()
    assert told.probabilities is not None
    assert np.allclose(told.probabilities, P)
    assert told.truth is not None
    assert told.truth.tolist() == Y.tolist()


@pytest.mark.parametrize("named", [True, False])
def test_the_target_is_what_the_predictions_say(named: bool, tmp_path: Path) -> None:
    ids = {"id": [f"s{row}" for row in range(N)]} if named else {}
    write(tmp_path, {"data/all.csv": table(ids | {"x": TRUE, "site": WORDS[RNG.integers(0, 3, N)], "kind": WORDS[Y]})})
    write(tmp_path, {"runs/a/predictions.csv": table(ids | {"label": WORDS[Y], "pred": WORDS[SAID]})})
    data = lone_dataset(samples_of(tmp_path, runs={"runs/a": "a"}))
    assert (data.target, data.classes) == ("kind", tuple(WORDS))


def test_one_row_says_nothing_of_a_target(tmp_path: Path) -> None:
    write(tmp_path, {"train.csv": table({"x": [1], "label": [0]}), "predictions.csv": "y_true,y_pred\n1,1\n"})
    assert lone_predictions(samples_of(tmp_path)).attributes == ()


def test_labels_of_a_test_set_serve_data_and_predictions(tmp_path: Path) -> None:
    write(tmp_path, {"X_train.npy": RNG.normal(size=(40, 3)), "y_train.npy": Y[:40]})
    write(tmp_path, {"X_test.npy": RNG.normal(size=(20, 3)), "y_test.npy": Y[40:], "y_pred.npy": SAID[40:]})
    samples = samples_of(tmp_path)
    data = lone_dataset(samples)
    target = data.get(data.target)
    assert target is not None
    assert (target.missing, data.name) == (0, tmp_path.name)
    assert lone_predictions(samples).length == 20


def test_the_only_column_of_the_same_classes_is_the_truth_and_that_is_said(tmp_path: Path) -> None:
    columns = {"is_ripe": Y > 0, "predicted": SAID > 0, "heavy": TRUE > 0}
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert told.truth is not None
    assert told.truth.tolist() == (Y > 0).astype(int).tolist()
    assert [one.name for one in told.attributes] == ["heavy"]
    assert [problem.code for problem in told.problems] == ["truth-by-classes"]
    assert "'is_ripe'" in told.problems[0].what


def test_a_column_that_agrees_by_chance_is_no_truth(tmp_path: Path) -> None:
    columns = {"predicted": SAID > 0, "heavy": TRUE > 0}
    told = lone_predictions(samples_of(write(tmp_path, {"predictions.csv": table(columns)})))
    assert (told.truth, told.problems) == (None, ())


# --- texts ------------------------------------------------------------------------------------------------------------

SENTENCES = [f"the film number {row} was {'good' if row % 2 else 'bad'} from start to end" for row in range(20)]
CHAT = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}]
SHAREGPT = [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because."}]
QUESTIONS = [
    {"id": f"q{row}", "question": f"Which of all films is number {row}?", "answers": [{"text": "that"}]}
    for row in range(20)
]
PARAGRAPHS = [{"context": s, "qas": [q]} for s, q in zip(SENTENCES, QUESTIONS, strict=True)]

DATA: dict[str, tuple[dict[str, Any], list[str]]] = {
    "Alpaca": (
        {"alpaca_data.json": json.dumps([{"instruction": "Sum up.", "input": s, "output": "x"} for s in SENTENCES])},
        ["instruction", "input", "output"],
    ),
    "JSON lines in a .json": ({"train.json": lines([{"text": s, "label": 1} for s in SENTENCES])}, ["text", "label"]),
    "texts alone": ({"data/train.jsonl": lines([{"text": one} for one in SENTENCES])}, ["text"]),
    "messages": (
        {"data/train.jsonl": lines([{"messages": [*CHAT, {"role": "assistant", "content": s}]} for s in SENTENCES])},
        ["system", "user", "assistant", "turns"],
    ),
    "ShareGPT": (
        {"data/chat.json": json.dumps([{"id": f"c{row}", "conversations": SHAREGPT} for row in range(20)])},
        ["user", "assistant", "turns"],
    ),
    "SQuAD": (
        {"data/dev-v1.1.json": json.dumps({"data": [{"title": "t", "paragraphs": PARAGRAPHS}]})},
        ["title", "context", "question", "answer"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "names"), DATA.values(), ids=DATA)
def test_texts_to_learn_are_data(files: dict[str, Any], names: list[str], tmp_path: Path) -> None:
    samples = samples_of(write(tmp_path, files))
    data = lone_dataset(samples)
    assert (data.length, [one.name for one in data.features]) == (20, names)
    assert samples.predictions == ()


def test_conversations_in_parquet(tmp_path: Path) -> None:
    import polars as pl

    rows = [[*CHAT, {"role": "assistant", "content": one}] for one in SENTENCES]
    pl.DataFrame({"messages": rows}).write_parquet(tmp_path / "train.parquet")
    data = lone_dataset(samples_of(tmp_path))
    assert [one.name for one in data.features] == ["system", "user", "assistant", "turns"]
    assert data.problems == ()


def test_answers_by_question_are_texts_with_what_was_wanted(tmp_path: Path) -> None:
    write(tmp_path, DATA["SQuAD"][0])
    write(tmp_path, {"eval_predictions.json": json.dumps({f"q{row}": f"this {row}" for row in range(20)})})
    told = lone_predictions(samples_of(tmp_path))
    assert (told.task, told.generated[3], told.references[3]) == ("text", "this 3", "that")
    assert told.inputs[3] == "Which of all films is number 3?"


def test_generated_lines_stand_beside_their_data(tmp_path: Path) -> None:
    write(tmp_path, {"generated_predictions.txt": "\n".join(one[:20] for one in SENTENCES)})
    write(tmp_path, {"test.jsonl": lines([{"document": f"{one} and so on", "summary": one} for one in SENTENCES])})
    told = lone_predictions(samples_of(tmp_path))
    assert (told.task, told.generated[2], told.references[2]) == ("text", SENTENCES[2][:20], SENTENCES[2])
    assert told.inputs[2] == f"{SENTENCES[2]} and so on"


def test_lines_of_predictions_beside_lines_of_labels(tmp_path: Path) -> None:
    write(tmp_path, {"out/predictions.txt": "\n".join(map(str, SAID)), "out/labels.txt": "\n".join(map(str, Y))})
    told = lone_predictions(samples_of(tmp_path))
    assert told.truth is not None
    assert (told.task, told.truth.tolist()) == ("classification", Y.tolist())


def test_predictions_of_the_trainer(tmp_path: Path) -> None:
    said = table({"index": range(20), "prediction": ["bad", "good"] * 10}, mark="\t")
    write(tmp_path, {"predict_results.txt": said})
    write(tmp_path, {"data/test.jsonl": lines([{"text": one, "label": one.split()[5]} for one in SENTENCES])})
    told = lone_predictions(samples_of(tmp_path))
    assert told.truth is not None
    assert told.truth.tolist() == (told.predicted.tolist() if told.predicted is not None else [])


def test_a_short_answer_that_was_wanted_is_the_truth(tmp_path: Path) -> None:
    rows = [{"input": one, "ideal": ["no", "yes"][row % 2], "output": "yes"} for row, one in enumerate(SENTENCES)]
    told = lone_predictions(samples_of(write(tmp_path, {"samples.jsonl": lines(rows)})))
    assert told.truth is not None
    assert float((told.truth == told.predicted).mean()) == 0.5


def test_answers_that_are_numbers_are_texts(tmp_path: Path) -> None:
    rows = [{"question": f"What is {n}+{n}?", "answer": str(2 * n), "response": str(2 * n)} for n in range(20)]
    told = lone_predictions(samples_of(write(tmp_path, {"eval/results.jsonl": lines(rows)})))
    assert (told.task, told.inputs[3], told.references[3], told.generated[3]) == ("text", "What is 3+3?", "6", "6")


def test_translations_beside_their_references(tmp_path: Path) -> None:
    said = [f"this is line number {row % 5}" for row in range(20)]
    write(tmp_path, {"hypotheses.txt": "\n".join(said), "references.txt": "\n".join(SENTENCES)})
    told = lone_predictions(samples_of(tmp_path))
    assert (told.task, told.generated, told.references) == ("text", tuple(said), tuple(SENTENCES))


def test_sentences_that_repeat_are_no_classes(tmp_path: Path) -> None:
    said = [f"this is line number {row % 5}" for row in range(20)]
    assert lone_predictions(samples_of(write(tmp_path, {"generated_predictions.txt": "\n".join(said)}))).task == "text"


LEFT = {
    "tagged words": ("predictions.txt", "EU B-ORG B-ORG\nrejects O O\ncalls O O\n"),
    "numbers of nobody": ("predict_result.txt", "0.1\n0.9\n0.3\n"),
    "a list of metrics": ("all_results.json", '{"epoch": 3.0, "eval_loss": 0.4}'),
    "an evaluation harness": ("samples.jsonl", lines([{"target": "a", "resps": [["b"]], "filtered_resps": ["b"]}] * 3)),
    "settings": ("config.json", '{"model": "x", "path": "y"}'),
}


@pytest.mark.parametrize(("name", "content"), LEFT.values(), ids=LEFT)
def test_what_says_nothing_is_left_alone(name: str, content: str, tmp_path: Path) -> None:
    planned = plan(found_in(write(tmp_path, {name: content})))
    assert (planned.datasets, planned.predictions) == ((), ())
    assert [path for path, _ in planned.left] == [name]


# --- tables -----------------------------------------------------------------------------------------------------------


def test_thousands_of_columns(tmp_path: Path) -> None:
    names = ["sample", *(f"ENSG{place:011d}" for place in range(5_000))]
    rows = [",".join([f"T-{row}", *["0.25"] * 5_000]) for row in range(12)]
    data = lone_dataset(samples_of(write(tmp_path, {"data.csv": "\n".join([",".join(names), *rows])})))
    assert (data.length, len(data.features), data.ids) == (12, 5_000, tuple(f"T-{row}" for row in range(12)))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"iris.csv": "a,b,species\n1,2,x\n"}, 1),
        ({"ETTh1.csv": "date,a,b\n2020-01-01,1,2\n"}, 1),
        ({"iris.csv": "a,b,species\n1,2,x\n", "wine.csv": "c,d,kind\n1,2,x\n"}, 0),
        ({"leaderboard.csv": "model,accuracy,loss\na,0.9,0.1\n"}, 0),
        ({"results.csv": "model,accuracy,loss\na,0.9,0.1\n"}, 0),
        ({"curve.csv": "step,a,b\n1,2,3\n"}, 0),
    ],
)
def test_the_only_table_of_a_folder_is_its_data(files: dict[str, str], found: int, tmp_path: Path) -> None:
    assert len(samples_of(write(tmp_path, files)).datasets) == found


@pytest.mark.parametrize("stem", ["scores", "test_probs", "logits"])
def test_labels_beside_a_score_are_predictions_where_the_file_says_so(stem: str, tmp_path: Path) -> None:
    columns = {"id": [f"s{row}" for row in range(N)], "label": Y % 2, "score": np.where(SAID % 2, 0.9, 0.2)}
    samples = samples_of(write(tmp_path, {f"{stem}.csv": table(columns)}))
    assert (lone_predictions(samples).length, samples.datasets) == (N, ())


@pytest.mark.parametrize("names", [[f"pixel{n}" for n in range(64)], [f"{a}x{b}" for a in range(8) for b in range(8)]])
def test_columns_of_pixels_are_pictures(names: list[str], tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = digits.data[:N].astype(int)
    columns = {"label": digits.target[:N], **dict(zip(names, pixels.T, strict=True))}
    data = lone_dataset(samples_of(write(tmp_path, {"train.csv": table(columns)})))
    assert [one.name for one in data.features] == ["label"]
    assert data.pictures is not None
    assert data.pictures.array is not None
    assert np.array_equal(data.pictures.array, digits.images[:N])


HEADERS: dict[str, tuple[str, list[str], int]] = {
    "counted by pandas": ("0,1,2\n1.5,2,3\n4,5,6\n", ["0", "1", "2"], 2),
    "none, numbers": ("5.1,3.5\n4.9,3.0\n", ["column 1", "column 2"], 2),
    "none, with a class": ("5.1,3.5,a\n4.9,3.0,b\n5.0,3.3,a\n", ["column 1", "column 2", "column 3"], 3),
    "quantiles": ("item,0.1,0.5,0.9\na,1,2,3\nb,1,2,3\n", ["0.1", "0.5", "0.9"], 2),
}


@pytest.mark.parametrize(("content", "names", "length"), HEADERS.values(), ids=HEADERS)
def test_first_lines_that_are_headers_or_not(content: str, names: list[str], length: int, tmp_path: Path) -> None:
    data = lone_dataset(samples_of(write(tmp_path, {"data.csv": content})))
    assert [one.name for one in data.features][-len(names) :] == names
    assert data.length == length


MOMENT = "2024-01-31T13:05:00"
TIMES = {
    "31/01/2024 13:05": MOMENT,
    "01/31/2024 01:05 PM": MOMENT,
    "31.01.2024 13:05:00": MOMENT,
    "2024/01/31 13:05": MOMENT,
    "Jan 31, 2024": "2024-01-31",
    "January 31, 2024": "2024-01-31",
    "31-Jan-2024": "2024-01-31",
    "31.01.24": "2024-01-31",
    "2024-01": "2024-01-01",
    "1706706300": MOMENT,
    "1706706300000": MOMENT,
    "20240131": "2024-01-31",
}


@pytest.mark.parametrize(("cell", "moment"), TIMES.items())
def test_moments_however_they_are_spelled(cell: str, moment: str, tmp_path: Path) -> None:
    content = "timestamp;x\n" + f"{cell};1\n" * 3
    data = lone_dataset(samples_of(write(tmp_path, {"data.csv": content})))
    assert data.time == "timestamp"
    assert data.features[0].values.tolist() == [np.datetime64(moment, "s").astype(np.int64)] * 3


def test_a_day_that_may_be_a_month_is_no_time(tmp_path: Path) -> None:
    data = lone_dataset(samples_of(write(tmp_path, {"data.csv": "day,x\n03/04/2024,1\n05/06/2024,2\n"})))
    assert data.time == ""


def test_a_name_that_is_not_there_is_told_with_what_was_meant(tmp_path: Path) -> None:
    from dlviz_docs.readers.samples import DataEntry

    write(tmp_path, {"table.csv": "a,b\n1,2\n"})
    (problem,) = samples_of(tmp_path, data=(DataEntry(path="tabel.csv"),)).problems
    assert problem.what == "is not there. Did you mean 'table.csv'?"
