"""How good a classifier is in one sentence, and what that number has to be seen against."""

from __future__ import annotations

from dlviz_docs.insights.results_words import brief, interval, listed, percent, score
from dlviz_docs.model import Insight

__all__ = [
    "accuracy",
    "baseline",
    "leaked",
    "left_out",
    "no_probabilities",
    "no_truth",
    "seen_rows",
    "splits_apart",
]

FEW = 100
"""Rows below which the interval of an accuracy is wider than most differences between models: ±0.1 at best."""
GAP = 0.05
"""Between the accuracies of train and test, beyond their intervals: less is usual for any model that fits."""
LEAK_EFFECT = 0.005
"""Difference that leaked rows make to the accuracy, from which on it is a warning and no fact."""


def accuracy(value: float, low: float, high: float, n: int, often: str, base: float, split: str) -> Insight:
    """The headline, beside what always answering the most frequent class would give."""
    where = f" on {brief(split)}" if split else ""
    few = " Few rows: the interval says how little that tells." if n < FEW else ""
    return Insight(
        "accuracy",
        "info",
        f"Accuracy{where} {interval(value, low, high)} (n = {n:,}); always answering {brief(often)} gives "
        f"{score(base)}.{few}",
        figure="scores",
        metric="accuracy",
        values={"accuracy": value, "low": low, "high": high, "n": n, "baseline": base, "few": FEW},
    )


def baseline(value: float, high: float, n: int, often: str, base: float, classes: int) -> Insight | None:
    """The model is no better than no model."""
    if classes < 2 or n < 30 or high > base or value >= base:
        return None
    return Insight(
        "below-baseline",
        "serious",
        f"Worse than no model: accuracy {score(value)}, while always answering {brief(often)} gives {score(base)}.",
        figure="scores",
        metric="accuracy",
        values={"accuracy": value, "high": high, "baseline": base, "n": n},
    )


def leaked(with_them: float, without: tuple[float, float, float], rows: int, nearly: int, n: int) -> Insight:
    """What the score is without test rows that the model has seen, `nearly` of the `rows` only nearly; n are left."""
    if not n:
        return _all_leaked(rows, nearly)
    value, low, high = without
    matters = with_them - value >= LEAK_EFFECT
    return Insight(
        "leakage",
        "warning" if matters else "info",
        f"Accuracy {interval(value, low, high)} without the {seen_rows(rows, nearly)}; "
        f"{score(with_them, low, high)} with them.",
        figure="scores",
        metric="accuracy",
        values={"leaked": rows, "nearly": nearly, "with": with_them, "without": value, "effect_threshold": LEAK_EFFECT},
    )


def _all_leaked(rows: int, nearly: int) -> Insight:
    """No row is left that the model has not seen."""
    same = "in the training split too" + (f", {nearly:,} of them nearly alike" if nearly else "")
    text = f"All {rows:,} rows are {same}: this accuracy says nothing about new data."
    return Insight("leakage", "serious", text, figure="scores", values={"leaked": rows, "nearly": nearly})


def seen_rows(rows: int, nearly: int) -> str:
    """Rows that are in the training split too, the same or nearly, in words."""
    them = "row that is" if rows == 1 else "rows that are"
    if nearly == rows:
        return f"{rows:,} {them} nearly alike in the training split too"
    return f"{rows:,} {them} also in the training split" + (f", {nearly:,} of them nearly alike" if nearly else "")


def splits_apart(train: tuple[float, float, float], judged: tuple[float, float, float], split: str) -> Insight | None:
    """Accuracy on the training rows is far above that on the others."""
    gap = train[0] - judged[0]
    if gap < GAP or train[1] <= judged[2]:
        return None
    return Insight(
        "generalisation-gap",
        "warning" if gap >= 2 * GAP else "info",
        f"Accuracy {interval(*train)} on train but {interval(*judged)} on {brief(split)}: {score(gap)} of it is not "
        "carried over to rows the model has not seen.",
        figure="splits",
        metric="accuracy",
        values={"train": train[0], split: judged[0], "gap": gap, "gap_threshold": GAP},
    )


def left_out(left: int, total: int) -> Insight | None:
    """Rows that nothing can be said of."""
    if not left:
        return None
    return Insight(
        "rows-left-out",
        "warning" if left >= 0.05 * total else "info",
        f"{left:,} of {total:,} rows have no truth or no prediction among the classes and are left out.",
        values={"left": left, "total": total, "share_threshold": 0.05},
    )


def no_probabilities(source: str, classes: list[str]) -> Insight:
    """Which file would unlock the rest."""
    columns = ", ".join(f"prob_{brief(name, 20)}" for name in classes[:2])
    return Insight(
        "no-probabilities",
        "info",
        f"No probabilities in {brief(source, 60)}, so no calibration, ROC curves, thresholds, top-k or label errors. A "
        f"column for each class ({columns}, …), or an array probs of shape (rows, classes) in an .npz, would unlock "
        "them.",
    )


def no_truth(source: str, n: int, most: list[tuple[str, int]]) -> Insight:
    """Predictions alone can be counted, not judged."""
    counts = listed([f"{brief(name, 30)} {percent(count / n) if n else '–'}" for name, count in most])
    said = f" Answers: {counts}." if most else ""
    return Insight(
        "no-truth",
        "warning",
        f"No truth beside the {n:,} predictions in {brief(source, 60)}: nothing can be judged.{said} A column y_true "
        "or label, or a file of labels named in experiment.yml, would unlock the rest.",
        figure="answers" if most else "",
        values={"n": n},
    )
