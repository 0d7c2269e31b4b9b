"""The optimiser's health: a small chart for each metric, with a sentence that depends on its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.agent_names import HEALTH, LENGTH, RETURN
from dlviz_docs.insights.rl_health import Vital, highest_value, judge, replay
from dlviz_docs.model import Insight, Run
from dlviz_docs.renderers.rl._curves import Bundle, bundle, curve_layers, curve_plot
from dlviz_docs.renderers.rl._trials import Cell, Task
from dlviz_docs.renderers.rl.returns import figure_of, place_of
from dlviz_docs.view import Figure, Shown

__all__ = ["entropy_at", "health"]

_GROUP = "Optimiser"
_TITLES = {
    "entropy": "Entropy of the policy",
    "entropy_loss": "Entropy loss",
    "approx_kl": "Size of updates (KL)",
    "clip_fraction": "Clipped share",
    "explained_variance": "Explained variance",
    "q_value": "Action values",
    "exploration_rate": "Exploration",
    "ent_coef": "Weight of entropy",
    "td_error": "TD error",
    "value_loss": "Value loss",
    "policy_loss": "Policy loss",
    "td_loss": "TD loss",
}
_LEFT_TO_TRAINING = frozenset({"learning_rate", "policy_loss", "td_loss", "value_loss"})
"""Curves that say little by their level: the training page has them."""
_BUFFERS = ("buffer_size", "replay_size", "memory_size", "replay_buffer_size", "replay_capacity")
_STARTS = ("learning_starts", "min_replay_history", "start_steps", "warmup_steps")
_GAMMAS = ("gamma", "discount", "discount_factor")
SPOKEN = 4
"""Algorithms with a sentence of their own in a caption."""


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """One algorithm's metric, and what is said of it."""

    bundle: Bundle
    vital: Vital


def health(task: Task, *, several: bool) -> Iterator[Shown]:
    """Figures of one task, and what to look at."""
    metrics = [metric for metric in HEALTH if metric not in _LEFT_TO_TRAINING]
    if _has(task, "train/entropy"):
        metrics.remove("entropy_loss")
    for metric in metrics:
        said = list(_said(task, metric))
        if said:
            yield from _insights(task, metric, said, several)
            yield _figure(task, metric, said, several)


def entropy_at(cell: Cell, step: float) -> tuple[float, float] | None:
    """The policy's entropy at the start, and near a step; None where it is not told, or differential."""
    one = bundle(cell, "train/entropy")
    if one is None or one.middle[0] <= 0 or one.middle.min() < 0:
        return None
    return float(one.middle[0]), float(np.interp(step, one.x, one.middle))


def _has(task: Task, name: str) -> bool:
    return any(trial.series(name) for cell in task.cells for trial in cell.trials)


def _said(task: Task, metric: str) -> Iterator[_Said]:
    for cell in task.cells:
        one = bundle(cell, f"train/{metric}") or bundle(cell, metric)
        if one is not None:
            yield _Said(one, judge(metric, one.middle, _most(cell) if metric == "q_value" else None))


def _figure(task: Task, metric: str, said: Sequence[_Said], several: bool) -> Figure:
    plot = curve_plot(task, list(curve_layers([one.bundle for one in said])), up=metric, height=170)
    lone = len(task.cells) == 1
    told = [
        one.vital.text if lone else f"{one.bundle.cell.algorithm}: {_small(one.vital.text)}" for one in said[:SPOKEN]
    ]
    more = f" And {words.count(len(said) - SPOKEN, 'more algorithm')}." if len(said) > SPOKEN else ""
    extra = f" {text}" if metric == _beside_replay(task) and (text := _replay(task)) else ""
    caption = f"{' '.join(told)}{more}{extra}"
    return figure_of(
        task, names.slug(metric), _TITLES.get(metric, metric), caption, plot, several=several, group=_GROUP
    )


def _small(text: str) -> str:
    return text if text.startswith("PPO") else text[0].lower() + text[1:]


def _insights(task: Task, metric: str, said: Sequence[_Said], several: bool) -> Iterator[Insight]:
    """What crosses a bound: one sentence a kind, of the first algorithm that does."""
    told: dict[str, list[tuple[str, Insight]]] = {}
    for one in said:
        if one.vital.told:
            told.setdefault(one.vital.told.kind, []).append((one.bundle.cell.algorithm, one.vital.told))
    for (algorithm, first), *others in told.values():
        who = f"{algorithm}: " if len(task.cells) > 1 else ""
        where = f"{task.name}: " if several and task.name else ""
        more = f" The same holds for {words.count(len(others), 'more algorithm')}." if others else ""
        place = place_of(task, names.slug(metric), several=several)
        yield replace(first, text=f"{where}{who}{first.text}{more}", figure=place, metric=f"train/{metric}")


# --- settings ---------------------------------------------------------------------------------------------------------


def _most(cell: Cell) -> float | None:
    """The largest value that the agent's episodes allow."""
    returns, lengths = [], []
    for trial in cell.trials:
        for split in ("train", "val"):
            found, beside = trial.run.get(f"{split}/{RETURN}"), trial.run.get(f"{split}/{LENGTH}")
            if found is not None:
                returns.append(found.values)
                lengths.append(beside.values if beside is not None and len(beside) == len(found) else None)
    gammas = {value for trial in cell.trials if (value := _setting(trial.run, _GAMMAS)) is not None}
    gamma = gammas.pop() if len(gammas) == 1 else None
    known = [one for one in lengths if one is not None]
    whole = np.concatenate(known) if known and len(known) == len(returns) else None
    return highest_value(np.concatenate(returns), whole, gamma) if returns else None


def _beside_replay(task: Task) -> str:
    """The figure that tells of the buffer, too."""
    return "q_value" if _has(task, "train/q_value") else "exploration_rate"


def _replay(task: Task) -> str:
    """One sentence on the buffer, where all runs of the task have the same."""
    runs = [trial.run for cell in task.cells for trial in cell.trials]
    sizes = {_setting(run, _BUFFERS) for run in runs}
    if len(sizes) != 1 or (size := sizes.pop()) is None or task.axis not in ("step", "frame"):
        return ""
    starts = {_setting(run, _STARTS) for run in runs}
    return replay(size, task.end, starts.pop() if len(starts) == 1 else None)


def _setting(run: Run, keys: Sequence[str]) -> float | None:
    for key, value in run.hparams.items():
        if key.rpartition(".")[2].lower() in keys and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
