"""Hugging Face Trainer's trainer_state.json, which TRL, Axolotl and LLaMA-Factory write, too.

`log_history` is a list of rows, each with its step and epoch: training rows (loss, grad_norm, learning_rate), rows of
an evaluation (eval_...), and at the end one summary of the whole run (train_loss, train_runtime, ...), which is no
point of any curve. Source: transformers/trainer_callback.py, transformers/trainer.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlviz_docs.errors import ReadError
from dlviz_docs.model import Direction, Hparam, Objective, Problem, Reading, Series, Status
from dlviz_docs.names import direction
from dlviz_docs.readers import _json
from dlviz_docs.readers._flatten import hparams, number
from dlviz_docs.readers._known import trainer_name
from dlviz_docs.readers._text import Damaged, clean, read_text

__all__ = ["HFTrainer"]

_WRITER = "Hugging Face Trainer"
_SUMMARY = frozenset({"train_runtime", "train_loss", "total_flos"})
"""Any of these tells the summary; where a file breaks off, the others may be missing."""
_SETTINGS = ("num_train_epochs", "train_batch_size", "max_steps", "logging_steps", "eval_steps", "save_steps")


@dataclass(frozen=True, slots=True)
class HFTrainer:
    """`trainer_state.json` of an output folder, or of one of its checkpoints."""

    makes_run: ClassVar[bool] = True
    max_bytes: int = 32_000_000

    def matches(self, path: Path) -> bool:
        return path.name == "trainer_state.json"

    def read(self, path: Path) -> Reading:
        try:
            text, problems = read_text(path, self.max_bytes)
            state, broken = _state(text, path.name)
        except ReadError as error:
            raise ReadError(error.what, error.remedy, partial=Reading(_WRITER)) from error
        series = tuple(_curves(state))
        return Reading(
            _WRITER,
            series=series,
            hparams=_settings(state),
            objective=_objective(state, series),
            status=_status(state),
            problems=(*problems, *broken),
        )


def _state(text: str, name: str) -> tuple[Mapping[str, object], tuple[Problem, ...]]:
    """The object in the file, as far as it goes; ReadError when it is not a trainer's state."""
    problems: tuple[Problem, ...] = ()
    try:
        state = _json.load(text)
    except Damaged as damage:
        state = damage.value
        problems = (Problem("cut-off", name, damage.what, "Take the state of another checkpoint, or train again."),)
    if not isinstance(state, Mapping) or not isinstance(state.get("log_history"), list):
        raise ReadError("has no log_history that could be read", "Take the state of another checkpoint.")
    return state, problems


def _rows(state: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    history = state["log_history"]
    for row in history if isinstance(history, list) else ():
        if isinstance(row, Mapping) and not _SUMMARY.intersection(row) and number(row.get("step")) is not None:
            yield row


def _curves(state: Mapping[str, object]) -> Iterator[Series]:
    points: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in _rows(state):
        step, epoch = number(row["step"]), number(row.get("epoch"))
        for key, value in row.items():
            found = number(value)
            if key not in ("step", "epoch") and found is not None and step is not None:
                points[key].append((step, np.nan if epoch is None else epoch, found))
    max_steps = number(state.get("max_steps"))
    part = "" if max_steps is None else f"max_steps={max_steps:.0f}"
    for key, triples in points.items():
        steps, epochs, values = np.array(triples).T
        told = epochs if np.isfinite(epochs).all() else None
        yield Series(trainer_name(key), clean(key), steps, values, epochs=told, part=part)


def _settings(state: Mapping[str, object]) -> dict[str, Hparam]:
    kept = {key: state[key] for key in _SETTINGS if state.get(key) is not None}
    return hparams({**kept, "trial_params": state["trial_params"]} if state.get("trial_params") else kept)


def _status(state: Mapping[str, object]) -> Status:
    """Finished when every step was made; else unknown: an earlier checkpoint of a finished run looks the same."""
    step, last = number(state.get("global_step")), number(state.get("max_steps"))
    return "finished" if step is not None and last is not None and step >= last > 0 else "unknown"


def _objective(state: Mapping[str, object], series: Sequence[Series]) -> Objective | None:
    """The metric of which `best_metric` is an extreme; the state does not say its name."""
    best = number(state.get("best_metric"))
    if best is None or not np.isfinite(best):
        return None
    for one in series:
        finite = one.values[np.isfinite(one.values)]
        if one.raw_name.startswith("eval_") and len(finite) and best in (finite.min(), finite.max()):
            either = finite.min() == finite.max()
            better: Direction = "min" if best == finite.min() else "max"
            return Objective(one.name, (direction(one.metric) or better) if either else better, "best_metric")
    return None
