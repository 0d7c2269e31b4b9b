"""Which reader takes which file: what is a log is taken by one of them, and what is none is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlviz_docs.registry import load_readers

READERS = load_readers({})[0]

# Name, content, who takes it (None: nobody).
TABLES = (
    ("metrics.csv", "epoch,step,val_loss\n0,9,0.5\n", "lightning_csv"),
    ("metrics.csv", "step,loss\n0,9\n", "table"),
    ("training.log", "epoch,acc,loss\n0,0.5,1.5\n", "keras_csv"),
    ("history.csv", "epoch,accuracy,loss,lr,val_accuracy,val_loss\n0,0.5,1.5,0.1,0.5,1.5\n", "keras_csv"),
    ("history.csv", "epoch;loss;val_loss\n0;0.5;NA\n", "keras_csv"),
    ("summary.csv", "epoch,train_loss,eval_loss,eval_top1\n0,1.5,1.25,50\n", "table"),
    ("results.csv", "   epoch,   train/box_loss\n   0,  0.25\n", "table"),
    ("loss.tsv", "step\tloss\n1\t0.5\n", "table"),
    ("scores.csv", "Step,loss\n1.0,0.5\n", "table"),
    ("train.csv", "sepal_length,sepal_width,species\n5.1,3.5,setosa\n", None),
    ("train.csv", "step,label,x1\n1,0,0.5\n2,1,0.25\n", None),
    ("predictions.csv", "step,value\n1,0.5\n", None),
    ("test_labels.csv", "frame,x,y\n1,2,3\n", None),
    ("submission.csv", "id,prob\n1,0.5\n", None),
    ("preds.csv", "id,label,prob\n1,0,0.5\n", None),
    ("walks.csv", "date,steps,calories\n2026-01-01,9000,300\n2026-01-02,4000,200\n2026-01-03,3000,100\n", None),
    ("answers.csv", "epoch,prompt,response\n1,Hello,Hi\n", None),
    ("names.csv", "step,name\na,b\n", None),
    ("losses.csv", ",loss,val_loss\n0,0.9,1.0\n1,0.5,0.6\n", "table"),  # pandas
    ("losses.csv", "train_loss,val_loss,lr\n0.9,1.0,0.1\n0.5,0.6,0.1\n", "table"),
    ("losses.csv", "train_loss,val_loss,city\n0.9,1.0,0.1\n0.5,0.6,0.1\n", None),
    ("results.csv", "accuracy,f1\n0.9,0.8\n0.8,0.7\n", None),  # of two models
    ("results.csv", "loss,accuracy\n0.9,0.8\n0.8,0.7\n", None),
    ("results.csv", "train_loss,val_loss\n0.9,0.8\n", None),  # final numbers
    ("folds.csv", ",loss,accuracy\n0,0.9,0.8\n2,0.8,0.7\n", None),
    ("log.csv", "epoch,train_acc\n1,85.5%\n", "table"),
    ("log.csv", "Epoch #,Loss (train)\n1,0.5\n", "table"),
    ("verlauf.csv", "Epoche;Verlust\n1;0,5\n", "table"),
    ("one_column.csv", "step\n1\n2\n", None),
    ("empty.csv", "", None),
    ("binary.csv", "step,loss\n\0\0\0", None),
    ("notes.log", "Epoch 1: loss 0.5\n", None),
    ("requirements.txt", "step,loss\n1,2\n", None),
)

DOCUMENTS = (
    ("metrics.json", '{"iteration": 19, "loss": 0.5}\n{"iteration": 39, "loss": 0.25}\n', "json_metrics"),
    ("log.jsonl", '{"step": 1, "loss": NaN}\n', "json_metrics"),
    ("log.jsonl", '{"note": "begin"}\n{"step": 1, "loss": 0.5}\n', "json_metrics"),
    ("any.json", '{"loss": [1.5, 1.0], "val_loss": [2.0, null]}', "json_metrics"),
    ("any.json", '[{"epoch": 1, "loss": 0.5}]', "json_metrics"),
    ("metrics.json", '{"loss": {"steps": [0], "values": [1.5]}}', "json_metrics"),
    ("metrics.json", '{"step": 214, "eval": {"loss": 0.5}}', "json_metrics"),
    ("metrics.json", '{"accuracy": 0.9, "f1": 0.8}', None),
    ("summary.json", '{"step": 214, "loss": 0.5}', None),
    ("results.json", '[{"image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]', None),
    ("instances.json", '{"images": [{"id": 1}], "annotations": [{"id": 1, "image_id": 1}]}', None),
    ("pr.json", '{"precision": [0.5, 1.0], "recall": [1.0, 0.5], "thresholds": [0.1]}', None),
    ("history.json", '{"loss": [1.5, 1.0], "classes": ["a", "b"], "confusion": [[1, 0], [0, 1]]}', "json_metrics"),
    ("history.json", '{"history": {"loss": [1.5, 1.0]}, "epoch": [0, 1], "params": {"epochs": 2}}', "json_metrics"),
    ("history.json", '{"loss": {"0": 1.5, "1": 1.0}, "val_loss": {"0": 2.0, "1": 1.5}}', "json_metrics"),
    ("folds.json", '{"a": {"loss": 1.5}, "b": {"loss": 1.0}}', None),
    ("log.txt", '{"train_loss": 1.5, "epoch": 0}\n{"train_loss": 1.0, "epoch": 1}\n', "json_metrics"),
    (
        "log.json",
        '{"config": {"lr": 1}, "epochs": [{"epoch": 1, "loss": 1.5}, {"epoch": 2, "loss": 1.0}]}',
        "json_metrics",
    ),
    ("log.json", '[{"train_loss": 1.5, "val_loss": 2.0}, {"train_loss": 1.0, "val_loss": 1.5}]', "json_metrics"),
    ("models.json", '[{"loss": 1.5, "accuracy": 0.5}, {"loss": 1.0, "accuracy": 0.6}]', None),
    ("train_losses.json", "[1.5, 1.0, 0.5]", "json_metrics"),
    ("ids.json", "[1, 2, 3]", None),
    ("notes.txt", '{"name": "x"}\n', None),
    ("labels.json", '{"labels": [0, 1, 2]}', None),
    ("vocab.json", '{"hello": 0, "world": 1}', None),
    ("points.json", '{"x": [1, 2], "y": [3, 4]}', None),
    ("package.json", '{"name": "x", "version": "1.0.0"}', None),
    ("tsconfig.json", '{"compilerOptions": {"strict": true}}', None),
    ("analysis.ipynb", '{"cells": []}', None),
    ("preds.jsonl", '{"step": 1, "prediction": 3, "label": 4}\n', None),
    ("chat.jsonl", '{"messages": [{"role": "user"}]}\n', None),
    ("trainer_state.json", "{}", "hf_trainer"),
)

SETTINGS = (
    *((name, "{}", "hparams") for name in ("hparams.yaml", "config.json", "params.yaml", "args.yml", "opt.yaml")),
    *((name, "", "hparams") for name in ("hyp.yaml", "config.toml", "settings.yml", "cfg.yaml", "training_args.json")),
    ("hyperparameters.json", "{}", "hparams"),
    (".hydra/config.yaml", "a: 1", "hparams"),
    (".hydra/overrides.yaml", "- a=1", "hparams"),
    (".hydra/hydra.yaml", "a: 1", None),
    ("mkdocs.yml", "a: 1", None),
    ("dvc.yaml", "a: 1", None),
    ("docker-compose.yml", "a: 1", None),
    ("tokenizer_config.json", '{"a": 1}', None),
    ("config.py", "a = 1", None),
)

CHECKPOINTS = (
    *((name, "", "checkpoint") for name in ("last.ckpt", "model.pt", "a.pth", "a.th", "m.safetensors", "m.keras")),
    *((name, "", "checkpoint") for name in ("m.onnx", "w.tflite", "checkpoint-1.pth.tar", "rl_model_1_steps.zip")),
    *((name, "", "checkpoint") for name in ("pytorch_model.bin", "weights.h5", "trained_models/tiny.hdf5")),
    *((name, "", "checkpoint") for name in ("ckpt-4.index", "ckpt-4.data-00000-of-00001", "saved_model.pb")),
    ("mnist.h5", "", None),
    ("images.zip", "", None),
    ("embedding.bin", "", None),
    ("evaluations.npz", "", "evaluations"),  # what is left of one: told, not passed by
    ("features.npz", "", None),
    ("search.index", "", None),
    ("trace.pb", "", None),
)


@pytest.mark.parametrize(("name", "content", "taker"), [*TABLES, *DOCUMENTS, *SETTINGS, *CHECKPOINTS])
def test_who_takes_it(name: str, content: str, taker: str | None, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    assert next((found for found, reader in READERS.items() if reader.matches(path)), None) == taker


def test_matching_looks_at_few_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n" + "1,0.5\n" * 100_000)
    sizes: list[int] = []
    original = Path.open

    def counting(self: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        file = original(self, mode, *args, **kwargs)  # type: ignore[call-overload]
        read = file.read

        class Counted:
            def __enter__(self) -> Counted:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def read(self, size: int = -1) -> object:
                sizes.append(size)
                return read(size)

        return Counted()

    monkeypatch.setattr(Path, "open", counting)
    assert any(reader.matches(path) for reader in READERS.values())
    assert sizes
    assert all(0 < size <= 8192 for size in sizes)


def test_nobody_opens_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "epoch=1.ckpt"
    path.write_bytes(b"\x80\x02cos\nsystem\n")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    reader = READERS["checkpoint"]
    assert reader.matches(path)
    assert reader.read(path).artifacts[0].size == 13
