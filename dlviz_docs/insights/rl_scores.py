"""What learning agents came to, how sure that is, and who is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.estimates import estimate
from dlviz_docs.insights.rl_words import FEWEST_SEEDS, among, few, four, percent, seeds, three
from dlviz_docs.model import FloatArray, Insight, Severity
from dlviz_docs.stats.aggregate import Estimate

__all__ = ["better", "gap", "headline", "longer", "no_scale", "scattered", "short_runs", "too_few", "unknown_scores"]

SCATTER = 0.5
"""Of what was learned, between the best and the worst seed: chance decides as much as the algorithm."""
GAP = 0.1
"""Of what was learned, between training and evaluation."""
FEWEST_FOR_BETTER = 5
"""Runs of either algorithm, on all tasks together."""


def headline(
    who: str, what: str, value: str, amount: int, tasks: int, counted: str, point: float, ends: tuple[float, float]
) -> Insight:
    """The main number of the best algorithm: `value` is the interquartile mean as it is written, with its interval."""
    over = seeds(amount) if tasks == 1 else f"{words.count(amount, 'run')} on {tasks:,} tasks"
    doubt = few(amount) if tasks == 1 else ""
    told = f" ({doubt})" if doubt else ""
    low, high = ends
    values = {"iqm": point, "runs": float(amount), "tasks": float(tasks)}
    if np.isfinite(low):
        values |= {"low": low, "high": high}
    mean = "interquartile mean" if amount > 3 else "mean" if amount > 1 else "score"
    text = f"{who}{what}: {mean} {value} over {over}{told}, {counted}."
    return Insight("agent-score", "info", text, "aggregates", values=values)


def too_few(smallest: int, algorithms: Sequence[str]) -> Insight | None:
    """That nothing sure can be said of a handful of runs on one task, or of one on each of several."""
    if smallest >= FEWEST_SEEDS:
        return None
    whose = f" of {among(algorithms)}" if algorithms else ""
    one = "One run tells how one seed came out, and nothing of how others would"
    some = f"{seeds(smallest).capitalize()} are too few for an interval that can be trusted"
    text = f"{one if smallest == 1 else some}{whose}: train at least {FEWEST_SEEDS} seeds before comparing."
    values = {"seeds": float(smallest), "seeds_threshold": float(FEWEST_SEEDS)}
    return Insight("few-seeds", "warning", text, "aggregates", values=values)


def better(one: str, other: str, chance: Estimate, runs: tuple[int, int], tasks: int) -> Insight | None:
    """That an algorithm is better than the next, or that it cannot be told."""
    point, low, high = chance
    if min(runs) < FEWEST_FOR_BETTER or not np.isfinite(low):
        return None
    values = {"chance": point, "low": low, "high": high, "even": 0.5}
    on = "" if tasks == 1 else f" on the same task, over {tasks:,} tasks"
    told = estimate(point, low, high, 2)
    if low > 0.5 or high < 0.5:
        first, second = (one, other) if point > 0.5 else (other, one)
        told = told if point > 0.5 else estimate(1 - point, 1 - high, 1 - low, 2)
        text = f"{first} beats {second} with probability {told}{on}."
        return Insight("better-algorithm", "info", text, "improvement", values=values)
    text = (
        f"{one} and {other} cannot be told apart: a run of the one beats one of the other with probability {told}{on}, "
        "which includes 0.5."
    )
    return Insight("not-told-apart", "info", text, "improvement", values=values)


def scattered(who: str, scores: FloatArray, learned: float, where: str) -> Insight | None:
    """That seeds of one algorithm came out far apart, measured by what there was to learn."""
    spread = float(np.ptp(scores))
    if len(scores) < 3 or not learned > 0 or spread <= SCATTER * learned:
        return None
    low, high = (four(end) for end in (scores.min(), scores.max()))
    text = (
        f"The seeds of {who} disagree{where}: their scores go from {low} to {high}, {percent(spread / learned)} of "
        "what the best algorithm learned. A mean says little here; look at each."
    )
    values = {"lowest": float(scores.min()), "highest": float(scores.max()), "share": spread / learned}
    return Insight("seeds-disagree", "warning", text, "seeds", values=values | {"share_threshold": SCATTER})


def gap(who: str, split: str, trained: float, judged: float, learned: float, n: int, ends: Estimate) -> Insight | None:
    """That an agent does worse, or better, where it is judged than where it learns; `ends` is training − evaluation."""
    difference, low, high = ends
    if not learned > 0 or abs(difference) <= GAP * learned or (n >= FEWEST_SEEDS and low <= 0 <= high):
        return None
    there = "in test" if split == "test" else "in evaluation"
    why = (
        "In part it has learned the levels or starts of its training, and not the task; or it is tested otherwise."
        if split == "test"
        else "Exploration would make training the lower one: check the settings, wrappers and seeds of evaluation."
    )
    if difference < 0:
        why = "While learning it explores; what it has learned is better than its training returns say."
    told = f"{four(trained)} in training, {four(judged)} {there}, a gap of {four(abs(difference))}"
    interval = f" [{four(abs(low if difference > 0 else high))}, {four(abs(high if difference > 0 else low))}]"
    text = f"{who}: {told}{interval if n >= FEWEST_SEEDS and np.isfinite(low) else ''} over {seeds(n)}. {why}"
    values = {"gap": difference, "share": abs(difference) / learned, "share_threshold": GAP}
    severity: Severity = "warning" if difference > 0 and n > 1 else "info"
    return Insight("generalisation-gap" if split == "test" and difference > 0 else "evaluation-gap", severity, text,
                   "train-and-evaluation", values=values)  # fmt: skip


def no_scale(tasks: int, example: str) -> Insight:
    """Why returns of several tasks are not averaged."""
    text = (
        f"Returns of {tasks:,} tasks are not averaged, since each has a scale of its own. With “scores: {{{example}: "
        "[random, reference]}” for each in experiment.yml they are; ranks and the table of tasks need none."
    )
    return Insight("no-common-scale", "info", text, "tasks", values={"tasks": float(tasks)})


def unknown_scores(given: Sequence[str], tasks: Sequence[str]) -> Insight | None:
    """That experiment.yml tells scores of tasks that nobody learned: most likely, a name is spelled otherwise."""
    unknown = [name for name in given if name != "*" and name not in tasks]
    if not unknown:
        return None
    verb = "is the name of no task" if len(unknown) == 1 else "are names of no task"
    text = (
        f"experiment.yml gives scores of {among(unknown)}, which {verb}, so that they count for nothing. Tasks are "
        f"called {among([name for name in tasks if name] or ['nothing'], 8)}."
    )
    return Insight("unknown-scores", "warning", text, "aggregates", values={"unknown": float(len(unknown))})


def longer(
    task: str, end: float, ends: Mapping[str, tuple[float, float]], unit: str, figure: str, most: int = 3
) -> Insight:
    """What algorithms come to that were trained on, behind where scores end: by name, where that is, and the mean over
    the last part of it. The highest come first.
    """
    ordered = sorted(ends.items(), key=lambda item: -item[1][1])
    told = [f"{name} to {four(score)} at {three(step)}" for name, (step, score) in ordered[:most]]
    more = f"; {len(ordered) - most:,} more do, too" if len(ordered) > most else ""
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    on = f" on {task}" if task else ""
    text = (
        f"Scores{on} are those of the first {three(end)} {unit}, since some trainings end there. Others go on: "
        f"{listed} {unit}{more}."
    )
    values = {"end": end, "longest": max(step for step, _ in ends.values()), "longer": float(len(ends))}
    return Insight("trained-longer", "info", text, figure, step=end, values=values)


def short_runs(names: Sequence[str], without: int, figure: str) -> Insight | None:
    """Runs that are in no comparison."""
    if not names and not without:
        return None
    said = []
    if names:
        said.append(f"{words.count(len(names), 'run')} ended before half of the way of the others ({among(names)})")
    if without:
        said.append(f"{words.count(without, 'run has', 'runs have')} no curve of what the others are judged by")
    text = f"Not in the comparisons: {' and '.join(said)}."
    values = {"short": float(len(names)), "without": float(without), "length_threshold": 0.5}
    return Insight("runs-left-out", "warning" if names else "info", text, figure, values=values)
