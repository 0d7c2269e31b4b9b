"""Which predictions are those of the folds of one cross-validation, and how good each fold's are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import names
from dlviz_docs.model import FloatArray
from dlviz_docs.model.samples import Feature, Predictions, Task
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._answers import Answers, answers, likely
from dlviz_docs.renderers.results._measured import Measured, measured
from dlviz_docs.stats import classify
from dlviz_docs.stats.bootstrap import mean_interval
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.regress import Estimate, explained, root_mean_square
from dlviz_docs.stats.segments import overlap

__all__ = ["MAIN", "Fold", "Folds", "folds_of", "judged_alone", "parts_of_answers", "parts_of_numbers", "pooled"]

MAIN: Mapping[Task, str] = {"classification": "accuracy", "regression": "MAE", "segmentation": "mean IoU"}
"""What folds are judged by; other tasks take too long to be judged once more."""
MOST = 50
"""Values of a column that may number folds."""
_NUMBERED = re.compile(r"(?i)(?<![a-z])(?:k?folds?|cv)[-_ .=]?(\d{1,3})(?!\d)")
_COLUMN = re.compile(r"(?i)^(?:k|cv[-_ ]?)?folds?(?:[-_ ]?(?:id|idx|no|nr|number|index))?$")


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold, judged."""

    name: str
    n: int
    """Rows, or pictures."""
    scores: Mapping[str, float]
    """The main one first."""
    ends: tuple[float, float]
    """Interval of the main one."""
    part: NDArray[np.generic]
    """What the same score of several folds together is made of: right answers, sizes of errors, pixels by class."""


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Predictions of one cross-validation, in the order of their numbers."""

    name: str
    """What they have in common beside the word for folds; "" for nothing."""
    numbers: tuple[int, ...]
    members: tuple[Predictions, ...]

    @property
    def task(self) -> Task:
        """Of all of them."""
        return self.members[0].task


def folds_of(predictions: Sequence[Predictions]) -> list[Folds]:
    """Those whose paths differ in the number of a fold alone: "fold_0/preds.csv", "preds_fold1.npy"."""
    groups: dict[tuple[Task, str], list[tuple[int, Predictions]]] = {}
    for one in predictions:
        path = next((source for source in reversed(one.sources) if _NUMBERED.search(source)), "")
        if path and one.task in MAIN:
            found = list(_NUMBERED.finditer(path))[-1]
            around = f"{path[: found.start()]}#{path[found.end() :]}"
            groups.setdefault((one.task, around), []).append((int(found[1]), one))
    together = []
    for group in groups.values():
        group.sort(key=lambda pair: pair[0])
        numbers = tuple(number for number, _ in group)
        if len(set(numbers)) == len(numbers) > 1:
            members = tuple(one for _, one in group)
            together.append(Folds(_common(members[0].name), numbers, members))
    return together


def _common(name: str) -> str:
    """A fold's name without the words for it; "" where nothing is left that tells."""
    left = _NUMBERED.sub("", name).strip("/-_. ")
    return left if names.slug(left) not in ("preds", "predictions", "pred", "results", "test", "val", "oof") else ""


# --- scores -----------------------------------------------------------------------------------------------------------


def judged_alone(found: Folds) -> Iterator[Fold]:
    """Each fold; one that cannot be judged is left out."""
    judge: Callable[[Predictions, str], Fold | None] = {
        "classification": lambda one, name: _of_answers(answers(one), name),
        "regression": lambda one, name: _of_numbers(measured(one, Place()), name),
    }.get(found.task, _of_regions)
    for number, one in zip(found.numbers, found.members, strict=True):
        if (fold := judge(one, f"fold {number}")) is not None:
            yield fold


def parts_of_answers(judged: Answers) -> list[Fold]:
    """The folds that a column of the file tells apart; nothing where there is none."""
    told = _by_column(judged.predictions.attributes, judged.rows)
    parts = [_of_answers(judged.kept(keep), name) for name, keep in told]
    return [part for part in parts if part is not None]


def parts_of_numbers(one: Measured) -> list[Fold]:
    """The same of predicted numbers."""
    parts = []
    for name, keep in _by_column(one.predictions.attributes, one.rows):
        truth, said = one.truth[keep], one.predicted[keep]
        part = Measured(one.predictions, one.place, one.rows[keep], truth, said, one.split, 0, 0)
        parts.append(_of_numbers(part, name))
    return [part for part in parts if part is not None]


def _by_column(attributes: Sequence[Feature], rows: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    feature = next((one for one in attributes if _COLUMN.match(one.name) and _is_of_few(one)), None)
    if feature is None:
        return
    values = feature.values[rows]
    for value in np.unique(values[np.isfinite(values)] if feature.kind == "number" else values[values >= 0]):
        name = f"{value:.0f}" if feature.kind == "number" else feature.levels[int(value)]
        yield name if _NUMBERED.search(name) else f"fold {name}", values == value


def _is_of_few(feature: Feature) -> bool:
    if feature.kind == "category":
        return 2 <= len(feature.levels) <= MOST
    return feature.kind == "number" and feature.whole and 2 <= len(np.unique(feature.values)) <= MOST


def _of_answers(judged: Answers, name: str) -> Fold | None:
    if not len(judged):
        return None
    table = classify.confusion(judged.truth, judged.predicted, len(judged.classes))
    found = classify.scores(table)
    scores = {metric: float(found[metric][0]) for metric in ("accuracy", "balanced accuracy", "macro F1", "MCC")}
    sure = likely(judged)
    if sure is not None and sure.own is not None:
        scores["log loss"] = float(classify.loss_of_rows(sure.own).mean())
    low, high = wilson(int(judged.right.sum()), len(judged))
    return Fold(name, len(judged), scores, (float(low), float(high)), judged.right)


def _of_numbers(one: Measured | None, name: str) -> Fold | None:
    if one is None or not len(one):
        return None
    with np.errstate(all="ignore"):
        scores = {
            "MAE": float(one.absolute.mean()),
            "RMSE": root_mean_square(one.errors)[0],
            "R²": explained(one.truth, one.errors)[0],
        }
        ends = mean_interval(one.absolute, groups=one.groups)
    return Fold(name, len(one), scores, ends, one.absolute)


def _of_regions(one: Predictions, name: str) -> Fold | None:
    told = one.confusions
    if told is None or told.ndim != 3 or not len(told) or not told.sum():
        return None
    found = overlap(told)
    scores = {"mean IoU": found.mean_iou[0], "mean Dice": found.mean_dice[0], "pixel accuracy": found.accuracy[0]}
    return Fold(name, len(told), scores, found.mean_iou[1:], told)


def pooled(task: Task, folds: Sequence[Fold]) -> Estimate:
    """The main score of all rows together, with its interval; NaN where folds have other classes."""
    if len({fold.part.shape[1:] for fold in folds}) > 1:
        return (np.nan, np.nan, np.nan)
    whole = np.concatenate([fold.part for fold in folds])
    if task == "segmentation":
        return overlap(whole.astype(np.int64)).mean_iou
    if task == "classification":
        low, high = wilson(int(np.count_nonzero(whole)), len(whole))
        return float(np.count_nonzero(whole)) / len(whole), float(low), float(high)
    sizes: FloatArray = whole.astype(np.float64)
    return (float(sizes.mean()), *mean_interval(sizes))
