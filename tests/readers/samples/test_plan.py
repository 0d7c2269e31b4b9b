"""Which files are data sets, which predictions, and which are left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_files import found_in, lone_dataset, lone_predictions, samples_of, write

from dlviz_docs.readers.samples import DataEntry, ResultEntry, plan

RNG = np.random.default_rng(0)
N = 40
Y = RNG.integers(0, 3, N)
P = RNG.dirichlet(np.ones(3), N)
SAID = P.argmax(axis=1)
X = RNG.normal(size=(N, 4))
EMB = RNG.normal(size=(N, 64))

ARRAYS: dict[str, dict[str, Any]] = {
    "side by side": {"y_true.npy": Y, "y_prob.npy": P},
    "in a run": {"runs/a/y_true.npy": Y, "runs/a/y_pred.npy": SAID, "runs/a/y_score.npy": P},
    "named for the split": {"test_labels.npy": Y, "test_probs.npy": P},
    "a folder for each role": {"labels/mnist.npy": Y, "probs/mnist.npy": P},
    "long names": {
        "original_test_labels/digits_test_set_original_labels.npy": Y,
        "cross_validated_predicted_probabilities/digits_test_set_pyx.npy": P,
        "cross_validated_predicted_labels/digits_test_set_pyx_argmax_predicted_labels.npy": SAID,
    },
    "one folder for all": {"predictions/targets.npy": Y, "predictions/logits.npy": np.log(P) * 3},
    "camel case": {"out/yTrue.npy": Y, "out/yPred.npy": SAID, "out/probabilities.npy": P},
    "texts": {"results/labels.csv": "label\n" + "\n".join(map(str, Y)), "results/pred_probs.npy": P},
    "with embeddings": {"eval/gt.npy": Y, "eval/preds.npy": P, "eval/embeddings.npy": EMB},
    "labels of the data": {"data/y_test.npy": Y, "outputs/test_predictions.npy": P},
    "hyphens": {"final-test-targets.npy": Y, "final-test-softmax.npy": P},
    "one number a row": {"outputs/truth.npy": Y[:, None], "outputs/predicted_labels.npy": SAID[:, None]},
}


@pytest.mark.parametrize("layout", ARRAYS)
def test_arrays_that_belong_together_are_one(layout: str, tmp_path: Path) -> None:
    told = lone_predictions(samples_of(write(tmp_path, ARRAYS[layout])))
    assert told.task == "classification"
    assert told.length == N
    assert told.truth is not None
    assert told.truth.tolist() == Y.tolist()
    assert told.predicted is not None
    assert told.predicted.tolist() == SAID.tolist()
    assert (told.probabilities is not None) == any("y_pred" not in n for n in ARRAYS[layout] if _is_probability(n))
    assert (told.embeddings is not None) == (layout == "with embeddings")
    assert told.problems == ()


def _is_probability(name: str) -> bool:
    return any(word in name for word in ("prob", "score", "pyx", "logits", "softmax", "/preds", "test_predictions"))


def test_models_side_by_side_share_the_truth(tmp_path: Path) -> None:
    write(tmp_path, {"labels.npy": Y, "probs_forest.npy": P, "probs_linear.npy": P[:, ::-1]})
    told = samples_of(tmp_path).predictions
    assert [one.name for one in told] == ["forest", "linear"]
    assert all(one.truth is not None and one.truth.tolist() == Y.tolist() for one in told)


V = RNG.integers(0, 3, 25)
Q = RNG.dirichlet(np.ones(3), 25)
OF_SPLITS: dict[str, dict[str, Any]] = {
    "names": {"val_preds.npy": Q, "test_preds.npy": P, "val_labels.npy": V, "test_labels.npy": Y},
    "behind": {"probs_test.npy": P, "probs_val.npy": Q, "y_test.npy": Y, "y_val.npy": V},
    "other words for the same": {"valid_pred.npy": Q, "test_preds.npy": P, "y_valid.npy": V, "y_test.npy": Y},
    "folders": {"o/val/logits.npy": Q, "o/test/logits.npy": P, "o/test/targets.npy": Y}
    | {"o/val/targets.npy": V},
    "truth elsewhere": {"data/y_val.npy": V, "data/y_test.npy": Y, "outputs/val_preds.npy": Q}
    | {"outputs/test_preds.npy": P},
    "in a run": {f"runs/a/{split}_{part}.npy": values for split, one, two in (("val", V, Q), ("test", Y, P))
                 for part, values in (("targets", one), ("probabilities", two))},
}  # fmt: skip


@pytest.mark.parametrize("layout", OF_SPLITS)
def test_arrays_of_two_splits_are_of_one_model(layout: str, tmp_path: Path) -> None:
    told = lone_predictions(samples_of(write(tmp_path, OF_SPLITS[layout])))
    assert told.splits == ("val", "test")
    assert told.split is not None
    assert told.split.tolist() == [0] * 25 + [1] * N
    assert told.truth is not None
    assert told.truth.tolist() == [*V.tolist(), *Y.tolist()]
    assert told.predicted is not None
    assert told.predicted.tolist() == [*Q.argmax(axis=1).tolist(), *SAID.tolist()]
    assert told.probabilities is not None
    assert told.problems == ()


def test_two_models_on_two_splits_are_two(tmp_path: Path) -> None:
    files = {f"{split}_{model}_preds.npy": said for split, said in (("val", Q), ("test", P)) for model in ("a", "b")}
    told = samples_of(write(tmp_path, files | {"val_labels.npy": V, "test_labels.npy": Y})).predictions
    assert [(one.name, one.length, one.splits) for one in told] == [
        ("a", 25 + N, ("val", "test")),
        ("b", 25 + N, ("val", "test")),
    ]


def test_a_split_whose_truth_is_not_there_is_not_judged(tmp_path: Path) -> None:
    files = {"val_preds.npy": Q, "test_preds.npy": P, "val_labels.npy": V}
    told = lone_predictions(samples_of(write(tmp_path, files)))
    assert told.truth is not None
    assert told.truth.tolist() == [*V.tolist(), *[-1] * N]


def test_arrays_that_hold_other_things_are_not_of_one_model(tmp_path: Path) -> None:
    files = {"val_probs.npy": Q, "test_preds.npy": SAID, "val_labels.npy": V, "test_labels.npy": Y}
    assert len(samples_of(write(tmp_path, files)).predictions) == 2


def test_sets_in_one_folder_stay_apart(tmp_path: Path) -> None:
    write(tmp_path, {"p/a_labels.npy": Y, "p/a_probs.npy": P, "p/b_labels.npy": Y[:9], "p/b_probs.npy": P[:9]})
    told = samples_of(tmp_path).predictions
    assert [(one.name, one.length) for one in told] == [("a", N), ("b", 9)]


def test_published_predictions_have_their_published_accuracy(corpora: Path) -> None:
    told = samples_of(corpora / "preds_label_errors/data").predictions
    right = {one.name: float((one.truth == one.predicted).mean()) for one in told if one.truth is not None}
    assert right == {"cifar10": 0.9294, "imdb": 0.89576, "mnist": 0.9913}
    assert all(one.problems == () and one.splits == ("test",) for one in told)


def test_answers_of_two_models_to_the_same_prompts(corpora: Path) -> None:
    told = samples_of(corpora / "dvclive_falcon/data").predictions
    assert [(one.name, one.task, one.length) for one in told] == [("pretrained", "text", 6), ("finetuned", "text", 6)]
    assert told[0].inputs[0] == "Who are you?"
    assert told[1].generated[4] is not None
    assert "Je suis un étudiant" in told[1].generated[4]
    assert told[0].references == ()
    assert told[0].attributes == ()


CSV = "age,city,label\n" + "".join(f"{20 + i % 7},{'rome' if i % 3 else 'oslo'},{i % 2}\n" for i in range(30))


@pytest.mark.parametrize(
    "names",
    [
        ["train.csv", "val.csv", "test.csv"],
        ["iris_train.csv", "iris_valid.csv", "iris_test.csv"],
        ["data/train/part.csv", "data/dev/part.csv", "data/test/part.csv"],
        ["dataset/training-set.csv", "dataset/validation-set.csv", "dataset/testing-set.csv"],
        ["data/raw/TrainData.csv", "data/raw/ValData.csv", "data/raw/TestData.csv"],
    ],
)
def test_splits_are_one_data_set(names: list[str], tmp_path: Path) -> None:
    data = lone_dataset(samples_of(write(tmp_path, dict.fromkeys(names, CSV))))
    assert data.splits == ("train", "val", "test")
    assert data.length == 90
    assert data.split is not None
    assert np.bincount(data.split).tolist() == [30, 30, 30]
    assert data.target == "label"
    assert [feature.kind for feature in data.features] == ["number", "category", "category"]


def test_labels_that_a_test_set_keeps_to_itself(tmp_path: Path) -> None:
    hidden = "\n".join(line.rpartition(",")[0] for line in CSV.splitlines())
    data = lone_dataset(samples_of(write(tmp_path, {"train.csv": CSV, "test.csv": hidden})))
    label = data.get("label")
    assert label is not None
    assert label.missing == 30
    assert label.levels == ("0", "1")


def test_a_table_that_lies_around_is_left_with_a_reason(tmp_path: Path) -> None:
    write(tmp_path, {"notes.csv": "a,b\n1,2\n", "train_log.csv": "a,b\n1,2\n", "words.txt": "one\ntwo\n"})
    write(tmp_path, {"data/test_reward.csv": "env_step,reward\n1,2\n"})
    made = plan(found_in(tmp_path))
    assert made.datasets == made.predictions == ()
    assert [path for path, _ in made.left] == ["data/test_reward.csv", "notes.csv", "train_log.csv", "words.txt"]
    assert all(why for _, why in made.left)


def test_what_the_user_names_wins(tmp_path: Path) -> None:
    write(tmp_path, {"notes.csv": CSV, "data/train.csv": "x,label\n1,2\n3,4\n"})
    entry = DataEntry(path="notes.csv", name="People", target="city", group="age")
    data = samples_of(tmp_path, data=(entry,)).datasets
    assert [(one.name, one.target, one.group) for one in data] == [("People", "city", "age"), ("train", "label", "")]


def test_a_name_that_leads_out_of_the_experiment_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"secret.csv": CSV, "experiment/a.csv": "a,b\n1,2\n"})
    samples = samples_of(tmp_path / "experiment", data=(DataEntry(path="../secret.csv"),))
    assert [problem.code for problem in samples.problems] == ["outside"]
    assert samples.datasets == ()


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"secret/a.csv": CSV, "experiment/README.md": ""})
    (tmp_path / "experiment/a.csv").symlink_to(tmp_path / "secret/a.csv")
    (tmp_path / "experiment/data").symlink_to(tmp_path / "secret")
    named = (DataEntry(path="a.csv"), DataEntry(path="data/a.csv"))
    samples = samples_of(tmp_path / "experiment", data=named)
    assert samples.datasets == ()
    assert [problem.what.split(",")[0] for problem in samples.problems] == ["is reached by a symbolic link"] * 2


def test_any_text_may_be_named_as_a_table(tmp_path: Path) -> None:
    write(tmp_path, {"iris.data": CSV, "people.txt": CSV})
    data = samples_of(tmp_path, data=(DataEntry(path="iris.data"), DataEntry(path="people.txt"))).datasets
    assert [(one.name, one.length) for one in data] == [("iris", 30), ("people", 30)]


def test_a_folder_may_be_named(tmp_path: Path) -> None:
    write(tmp_path, {"tables/train.csv": CSV, "tables/test.csv": CSV})
    data = lone_dataset(samples_of(tmp_path, data=(DataEntry(path="tables", target="city"),)))
    assert (data.name, data.splits, data.target) == ("tables", ("train", "test"), "city")


def test_a_name_of_nothing_is_said(tmp_path: Path) -> None:
    samples = samples_of(tmp_path, data=(DataEntry(path="gone.csv"),), results=(ResultEntry(path="gone.npz"),))
    assert [(problem.code, problem.path) for problem in samples.problems] == [
        ("missing-file", "gone.csv"),
        ("missing-file", "gone.npz"),
    ]


def test_a_column_that_is_not_there_is_said_with_the_near_miss(tmp_path: Path) -> None:
    write(tmp_path, {"a.csv": CSV})
    data = lone_dataset(samples_of(tmp_path, data=(DataEntry(path="a.csv", target="lable"),)))
    assert [problem.code for problem in data.problems] == ["no-column"]
    assert "Did you mean 'label'?" in data.problems[0].what


def test_the_users_results_in_three_files(tmp_path: Path) -> None:
    ids = "id,label\n" + "".join(f"s{row},{Y[row]}\n" for row in reversed(range(N)))
    out = "id,guess\n" + "".join(f"s{row},{SAID[row]}\n" for row in range(N))
    write(tmp_path, {"a.csv": out, "b.csv": ids})
    entry = ResultEntry(path="a.csv", truth="b.csv", prediction="guess", classes=("ant", "bee", "cat"))
    told = lone_predictions(samples_of(tmp_path, results=(entry,)))
    assert told.classes == ("ant", "bee", "cat")
    assert told.truth is not None
    assert told.truth.tolist() == Y.tolist()
    assert told.predicted is not None
    assert told.predicted.tolist() == SAID.tolist()


RESULT = "id,y_true,y_pred\n" + "".join(f"s{row},{Y[row]},{SAID[row]}\n" for row in range(N))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("runs/a/predictions.csv", RESULT),
        ("eval/whatever.csv", RESULT),
        ("anything.csv", RESULT.replace("y_true", "ground_truth").replace("y_pred", "predicted")),
        ("runs/a/test_results.tsv", RESULT.replace(",", "\t")),
        ("runs/a/out.csv", RESULT.replace("y_true", "Target").replace("y_pred", "Predicted Label")),
        ("runs/a/semicolons.csv", RESULT.replace(",", ";")),
    ],
)
def test_tables_that_show_truth_and_prediction(path: str, text: str, tmp_path: Path) -> None:
    runs = {"runs/a": "a"}
    told = lone_predictions(samples_of(write(tmp_path, {path: text}), runs=runs))
    assert told.run == ("a" if path.startswith("runs/a/") else "")
    assert told.truth is not None
    assert told.predicted is not None
    assert (told.truth == told.predicted).mean() == (Y == SAID).mean()
    assert told.ids[:2] == ("s0", "s1")
    assert told.attributes == ()


def test_models_in_columns_of_their_own(tmp_path: Path) -> None:
    rows = "".join(f"{Y[row]},{SAID[row]},{(Y[row] + 1) % 3},{row / 7:.3f}\n" for row in range(N))
    told = samples_of(write(tmp_path, {"results.csv": "label,pred_forest,pred_linear,width\n" + rows})).predictions
    assert [one.name for one in told] == ["forest", "linear"]
    assert all([a.name for a in one.attributes] == ["width"] for one in told)


def test_predictions_are_called_like_their_run_or_else_their_folder(tmp_path: Path) -> None:
    write(tmp_path, {"runs/a/predictions.csv": RESULT, "runs/b/predictions.csv": RESULT})
    told = samples_of(tmp_path, runs={"runs/a": "a-1", "runs/b": "b-2"}).predictions
    assert [(one.name, one.run) for one in told] == [("a", "a-1"), ("b", "b-2")]
    told = samples_of(tmp_path).predictions
    assert [(one.name, one.run) for one in told] == [("runs/a/predictions", ""), ("runs/b/predictions", "")]


def test_a_whole_beside_its_splits_is_not_told_twice(tmp_path: Path) -> None:
    write(tmp_path, {"data/iris.csv": CSV, "data/train.csv": CSV, "data/test.csv": CSV})
    made = plan(found_in(tmp_path))
    assert [one.files for one in made.datasets] == [(("data/train.csv", "table"), ("data/test.csv", "table"))]
    assert [path for path, _ in made.left] == ["data/iris.csv"]


def test_shards_of_a_split_are_one(tmp_path: Path) -> None:
    names = ["data/train-00000-of-00002.csv", "data/train-00001-of-00002.csv", "data/test-00000-of-00001.csv"]
    data = lone_dataset(samples_of(write(tmp_path, dict.fromkeys(names, CSV))))
    assert data.split is not None
    assert np.bincount(data.split).tolist() == [60, 30]


def test_features_and_labels_in_files_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, {"X_train.npy": X, "y_train.npy": Y, "X_test.npy": X[:9], "y_test.npy": Y[:9]})
    data = lone_dataset(samples_of(write(tmp_path, {})))
    assert data.splits == ("train", "test")
    assert data.target == "y"
    assert [feature.name for feature in data.features] == ["y", "x0", "x1", "x2", "x3"]
    assert data.length == N + 9


def test_splits_by_lists_beside_the_data(tmp_path: Path) -> None:
    rows = "id,age,label\n" + "".join(f"p{row},{row},{row % 2}\n" for row in range(20))
    write(tmp_path, {"data/people.csv": rows, "data/train_ids.txt": "p0\np1\np5\n", "data/test_ids.txt": "p7\n"})
    data = lone_dataset(samples_of(tmp_path))
    assert data.splits == ("train", "test", "other")
    assert data.split is not None
    assert np.flatnonzero(data.split == 0).tolist() == [0, 1, 5]
    assert np.flatnonzero(data.split == 1).tolist() == [7]


def test_splits_by_json_of_places(tmp_path: Path) -> None:
    write(tmp_path, {"data/d.csv": CSV, "data/splits.json": '{"train": [0, 1, 2], "validation": [3, 99999]}'})
    data = lone_dataset(samples_of(tmp_path))
    assert data.splits == ("train", "val", "other")
    assert data.split is not None
    assert data.split.tolist()[:5] == [0, 0, 0, 1, 2]


def test_a_data_set_of_questions_and_answers_is_no_result(tmp_path: Path) -> None:
    line = '{"prompt": "What is the capital of the country?", "response": "It is a town by the sea, it seems."}\n'
    samples = samples_of(write(tmp_path, {"data/train.jsonl": line * 5, "data/test.jsonl": line * 2}))
    assert samples.predictions == ()
    assert lone_dataset(samples).splits == ("train", "test")
