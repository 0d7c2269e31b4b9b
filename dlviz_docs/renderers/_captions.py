"""What a chart of one metric shows, in one computed sentence."""

from __future__ import annotations

from collections.abc import Sequence

from dlviz_docs import words
from dlviz_docs.model import Direction, Experiment
from dlviz_docs.renderers._judged import Curve, Judgement, best_curve

__all__ = ["choice", "course"]


def course(curves: Sequence[Curve], judged: Judgement) -> str:
    """How the best curve runs, in one sentence, and how many runs there are."""
    subject = [curve for curve in curves if curve.series.split == judged.split and len(curve.finite)]
    runs = len({curve.run.slug for curve in curves})
    among = f"; {runs:,} runs" if runs > 1 else ""
    name = (subject or curves)[0].series.name
    if not subject:
        return f"{name} has no finite value{among}."
    if judged.direction is None:
        return f"{_neutral(name, subject)}{among}."
    return f"{_to_best(name, best_curve(subject, judged.direction), judged.direction, runs > 1)}{among}."


def _to_best(name: str, curve: Curve, direction: Direction, several: bool) -> str:
    place, start = curve.best_place(direction), int(curve.finite[0])
    if place is None:
        return f"{name} has no finite value"
    best, first = words.number(float(curve.y[place])), words.number(float(curve.y[start]))
    whose = f", {curve.run.name}" if several else ""
    where = f"{curve.series.axis} {words.number(float(curve.x['step'][place]))}"
    if best == first:
        return f"{name} never betters its first value, {first}{whose and ' (' + whose[2:] + ')'}"
    return f"{name} {'falls' if direction == 'min' else 'rises'} from {first} to {best} (best{whose}) at {where}"


def _neutral(name: str, curves: Sequence[Curve]) -> str:
    """Ends and range, without a judgement."""
    ends = [(float(c.y[c.finite[0]]), float(c.y[c.finite[-1]])) for c in curves]
    if len(ends) == 1:
        first, last = (words.number(value) for value in ends[0])
        values = curves[0].y[curves[0].finite]
        if values.min() == values.max():
            return f"{name} stays at {first}"
        low, high = words.number(float(values.min())), words.number(float(values.max()))
        between = "" if {first, last} == {low, high} else f", between {low} and {high}"
        return f"{name} goes from {first} to {last}{between}"
    low, high = words.number(min(last for _, last in ends)), words.number(max(last for _, last in ends))
    return f"{name} ends at {low} in all runs" if low == high else f"{name} ends between {low} and {high}"


def choice(experiment: Experiment, runs: int, best: int, band: bool, shown: Sequence[Curve]) -> str:
    """Which of many runs are drawn, and how."""
    by = f" by {experiment.objective.metric}" if experiment.objective else ""
    which = f"the best {best}{by}" if by else f"the first {best}"
    others = ", the others thin" if len({curve.run.slug for curve in shown}) == runs else ""
    around = ", over the median and the middle 80 % of all" if band else ""
    return f" Drawn of {runs:,} runs: {which}{others}{around}."
