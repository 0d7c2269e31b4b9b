"""JSON lines whose keys tell who wrote them, where that tells more than the keys: mmengine, mmcv, LLaMA-Factory,
and Dopamine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlviz_docs.agent_names import RETURN
from dlviz_docs.model import BoolArray, Reading
from dlviz_docs.names import is_learning_rate
from dlviz_docs.readers._curves import curves
from dlviz_docs.readers._frame import Column, Frame
from dlviz_docs.readers._text import clean

__all__ = ["trainer_name", "written"]


def written(frame: Frame, name: str) -> Reading | None:
    """The rows as their writer means them; None for any other writer."""
    if (validation := _mmengine_validation(frame)) is not None:
        return _mmengine(frame, validation, name)
    if {"current_steps", "total_steps"} <= set(frame.numbers):
        return _llama_factory(frame, name)
    if set(frame.numbers) == {"Iteration", "Value"} and set(frame.words) == {"Agent"}:
        found = curves(frame, "Iteration", source=name)
        # One is a training phase of hundreds of thousands of steps, and an evaluation.
        returns = tuple(replace(one, name=RETURN, axis="iteration") for one in found.series)
        return Reading("Dopamine", returns, found.hparams)
    if {"epoch", "iter", "lr"} <= set(frame.numbers) and "mode" in frame.words:
        # mmcv 1 counts within the epoch, always: nothing is wrong with its logs.
        found = curves(frame, "iter", source=name)
        return Reading("mmcv", found.series, found.hparams)
    return None


# --- Hugging Face Trainer ---------------------------------------------------------------------------------------------


def trainer_name(key: str) -> str:
    """As the Trainer's own TensorBoard callback names it: what is not of an evaluation is of the training."""
    for prefix, split in (("eval_", "val"), ("test_", "test"), ("train_", "train")):
        if key.startswith(prefix):
            return clean(f"{split}/{key.removeprefix(prefix)}")
    return clean(f"train/{key}")


def _llama_factory(frame: Frame, name: str) -> Reading:
    """trainer_log.jsonl repeats trainer_state.json, with how far the training is."""
    kept = {key: column for key, column in frame.numbers.items() if key not in ("total_steps", "percentage")}
    found = curves(Frame(frame.length, kept, frame.words), "current_steps", source=name)
    series = tuple(
        replace(one, name=trainer_name("learning_rate" if one.name == "lr" else one.name)) for one in found.series
    )
    return Reading("LLaMA-Factory", series, found.hparams, problems=found.problems)


# --- mmengine ---------------------------------------------------------------------------------------------------------


def _mmengine_validation(frame: Frame) -> BoolArray | None:
    """Which rows are of a validation, if mmengine wrote them: they have a "step" but, unlike the others, no "iter"."""
    if not {"iter", "epoch", "step", "data_time"} <= set(frame.numbers):
        return None
    validation = np.ones(frame.length, bool)
    validation[frame.numbers["iter"].rows] = False
    steps, iters = (frame.numbers[name].dense(frame.length) for name in ("step", "iter"))
    return validation if np.array_equal(steps[~validation], iters[~validation]) else None


def _mmengine(frame: Frame, validation: BoolArray, name: str) -> Reading:
    """Training by step and validation by epoch: that is what its "step" counts there (log_metric_by_epoch)."""
    training = curves(_only(frame, ~validation, {}), "step", source=name)
    judged = (
        curves(_only(frame, validation, {"step": "epoch"}), "epoch", source=name).series if validation.any() else ()
    )
    named = [
        *(
            one if is_learning_rate(one.name) else replace(one, name=f"train/{one.name}")
            for one in training.series
            if one.name != "iter"
        ),
        *(replace(one, name=f"val/{one.name}") for one in judged),
    ]
    return Reading("mmengine", tuple(named), problems=training.problems)


def _only(frame: Frame, kept: BoolArray, renamed: Mapping[str, str]) -> Frame:
    """The rows of `kept` alone."""
    columns = {}
    for name, column in frame.numbers.items():
        chosen = kept[column.rows]
        if chosen.any():
            columns[renamed.get(name, name)] = Column(column.rows[chosen], column.values[chosen])
    return Frame(frame.length, columns)
