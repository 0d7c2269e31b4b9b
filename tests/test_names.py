from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs import names


@pytest.mark.parametrize(
    ("raw", "split", "expected"),
    [
        (["loss", "val_loss", "lr"], "", ["train/loss", "val/loss", "lr"]),  # Keras
        (["epoch_loss", "epoch_learning_rate"], "train", ["train/loss", "train/learning_rate"]),  # Keras, train/
        (["evaluation_loss_vs_iterations"], "val", ["val/loss"]),  # Keras, validation/
        (["evaluation_loss_vs_iterations", "epoch_loss"], "val", ["val/loss_vs_iterations", "val/loss"]),
        (["Loss", "loss_epoch", "loss"], "val", ["val/Loss", "val/loss", "val/loss (2)"]),
        (
            ["train_loss_step", "train_loss_epoch", "val_acc"],
            "",
            ["train/loss_step", "train/loss", "val/acc"],
        ),  # Lightning
        (["train_loss_step"], "", ["train/loss"]),
        (["eval_loss", "loss", "grad_norm"], "", ["val/loss", "train/loss", "grad_norm"]),  # HF
        (["train/reward", "test/reward", "loss"], "", ["train/reward", "test/reward", "loss"]),  # Tianshou
        (["valid_loss", "train_loss"], "", ["val/loss", "train/loss"]),  # fastai
        (["metrics/mAP50(B)", "val/box_loss"], "", ["metrics/mAP50(B)", "val/box_loss"]),  # Ultralytics
        (["Loss/train", "Loss/val"], "", ["train/Loss", "val/Loss"]),  # the PyTorch tutorial
        (["training_step_time"], "", ["train/step_time"]),
        (["value", "retrain"], "", ["value", "retrain"]),  # words that only begin like a split
        (["train", "val"], "", ["train", "val"]),
        (["loss", "testLoss", "valAcc", "trainAcc"], "", ["train/loss", "test/loss", "val/acc", "train/acc"]),
        (["valIoU", "accVal", "testLossMean"], "", ["val/IoU", "val/acc", "test/lossMean"]),
        (["trainable", "evaluate", "testimony", "test1"], "", ["trainable", "evaluate", "testimony", "test1"]),
        (["Loss (train)", "Loss (val)", "Acc [%] [test]"], "", ["train/Loss", "val/Loss", "test/Acc [%]"]),
        (["Verlust (Training)", "Verlust (Validierung)"], "", ["train/Verlust", "val/Verlust"]),
        (["acc/val/top1", "acc/train/top1"], "", ["val/acc/top1", "train/acc/top1"]),
        (
            ["avg_train_loss", "best_val_acc", "Mean Test Loss"],
            "",
            ["train/avg_loss", "val/best_acc", "test/Mean Loss"],
        ),
        (
            ["q_val", "q_val_1", "max_q_val", "interval_length"],
            "",
            ["q_val", "q_val_1", "max_q_val", "interval_length"],
        ),
        (["ray/tune/episode_reward_mean", "ray/tune/evaluation/x"], "", ["episode_reward_mean", "val/x"]),
        (
            ["test/env_step", "save/gradient_step", "training_iteration", "global_step"],
            "",
            ["test/env_step", "save/gradient_step", "training_iteration", "global_step"],
        ),  # counters: nothing in them is a rhythm or a split
        (
            ["batch_acc", "epoch_acc", "epoch_val_acc"],
            "",
            ["train/batch_acc", "train/acc", "val/acc"],
        ),  # Keras of TensorFlow 1
    ],
)
def test_canonical(raw: list[str], split: str, expected: list[str]) -> None:
    assert list(names.canonical(raw, split).values()) == expected


@given(st.lists(st.text(min_size=1), unique=True), st.sampled_from(["", "train", "val"]))
def test_names_stay_distinct(raw: list[str], split: str) -> None:
    named = names.canonical(raw, split)
    assert list(named) == raw
    assert len(set(named.values())) == len(raw)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("loss", "min"), ("val/loss", "min"), ("box_loss", "min"), ("rmse", "min"), ("perplexity", "min"),
        ("wer", "min"),
        ("accuracy", "max"), ("val/acc", "max"), ("f1", "max"), ("mAP50(B)", "max"), ("ep_rew_mean", "max"),
        ("episodic_return", "max"), ("roc_auc", "max"), ("top5", "max"), ("error", "min"), ("val_accuracy", "max"),
        ("lr", None), ("epoch", None), ("grad_norm", None),
        ("loss/approxkl", None), ("reward_std", None), ("kl_loss", "min"),
        ("eprewmean", "max"), ("blossom", None), ("samples", None),
        ("testAcc", "max"), ("LossPi", "min"), ("AverageEpRet", "max"), ("StdEpRet", None), ("train/lossMean", "min"),
        ("Genauigkeit", "max"), ("val/Verlust", "min"), ("stdLoss", None), ("std_loss", None), ("EpLen", None),
    ],
)  # fmt: skip
def test_direction(metric: str, expected: str | None) -> None:
    assert names.direction(metric) == expected


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("loss", "Loss"), ("accuracy", "Quality"), ("lr", "Learning rate"), ("lr-Adam/pg1", "Learning rate"),
        ("learning_rate", "Learning rate"), ("grad_norm", "Gradients and weights"), ("reward", "Reward"),
        ("eprewmean", "Reward"), ("eplenmean", "Reward"), ("rollout/ep_rew_mean", "Reward"),
        ("f1_score", "Quality"), ("AverageEpRet", "Reward"), ("EpLen", "Reward"), ("testAcc", "Quality"),
        ("runtime", "Speed and system"), ("epoch", "Progress"), ("something", "Other metrics"),
    ],
)  # fmt: skip
def test_group(metric: str, expected: str) -> None:
    assert names.group(metric) == expected


@given(st.text())
def test_slugs_are_plain(text: str) -> None:
    slug = names.slug(text)
    assert slug.isascii()
    assert slug == slug.lower()
    assert 0 < len(slug) < 80
    assert not set(slug) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


@given(st.lists(st.text(), unique=True, max_size=8))
def test_unique_slugs_and_exact_slugs_differ_even_without_case(texts: list[str]) -> None:
    assert len({slug.casefold() for slug in names.unique_slugs(texts)}) == len(texts)
    assert len({names.exact_slug(text).casefold() for text in texts}) == len(texts)


def test_a_plain_name_is_its_own_slug() -> None:
    assert names.slug("digits-cnn") == names.exact_slug("digits-cnn") == "digits-cnn"
    assert names.slug("Digits CNN") == "digits-cnn"
    assert names.exact_slug("Digits CNN") != "digits-cnn"


def test_natural_order() -> None:
    assert sorted(["run-10", "run-9", "a", "run-1"], key=names.natural) == ["a", "run-1", "run-9", "run-10"]
    rates = ["lr0.5-seed1", "lr0.003-seed1", "lr0.003-seed0", "lr0.0003-seed1", "lr0.01-seed0"]
    assert sorted(rates, key=names.natural) == [rates[3], rates[2], rates[1], rates[4], rates[0]]
