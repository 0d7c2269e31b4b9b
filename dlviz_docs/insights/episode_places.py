"""Where an agent goes, and what it does there, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.data_words import does, listed, percent, quoted
from dlviz_docs.model import Insight

__all__ = ["actions_sentences", "calibration_sentence", "coverage_sentence"]

NEVER = 0.01
"""Share of steps below which an action is hardly ever taken."""
ALWAYS = 0.95
SHIFT = 0.2
"""Change of a share from which on the mix of actions has changed."""
NARROWER = 0.7
"""Ratio of what is seen, from which on an agent roams less."""
OVER = 0.1
"""Share of the spread of what was got, from which on a bias is told."""
LEAST_STEPS = 200


def coverage_sentence(
    labels: Sequence[str], seen: Sequence[float], reached: int, steps: int, figure: str
) -> Iterator[Insight]:
    """How much of all that was ever reached each moment's agents saw in the same number of steps; `seen` are cells."""
    if not reached or len(seen) == 0:
        return
    told = [
        f"{percent(round(one, 2), reached)}{f' at {label}' if label else ''}"
        for label, one in zip(labels, seen, strict=True)
    ]
    joined = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    each = "" if len(seen) == 1 else f", in {steps:,} steps each"
    text = f"Of {words.count(reached, 'cell')} that any recorded episode reached, agents saw {joined}{each}."
    if len(seen) == 1:
        return
    ratio = seen[-1] / seen[0] if seen[0] else 1.0
    if ratio <= NARROWER:
        text += " What it has learnt keeps it to fewer places."
    elif ratio >= 1 / NARROWER:
        text += " What it has learnt takes it farther."
    values = {"cells": float(reached), "first": seen[0], "last": seen[-1], "steps": float(steps)}
    yield Insight(kind="coverage", severity="info", text=text, figure=figure, values=values)


def actions_sentences(
    names: Sequence[str], labels: Sequence[str], shares: Sequence[Sequence[float]], figure: str
) -> Iterator[Insight]:
    """What is done most, hardly ever, and what has changed; `shares` are of each action at each moment, in order."""
    last = np.asarray(shares[-1])
    most = int(last.argmax())
    when = f" at {labels[-1]}" if labels[-1] else ""
    if last[most] >= ALWAYS:
        told = f"in {percent(float(last[most]), 1.0)} of the steps{when}, whatever it sees"
        values = {"share": float(last[most]), "threshold": ALWAYS}
        text = f"The agent does {quoted(names[most])} {told}."
        yield Insight(kind="one-action", severity="warning", text=text, figure=figure, values=values)
    elif unused := [names[place] for place in np.flatnonzero(last < NEVER).tolist()]:
        told = f"hardly ever taken{when}, in under {percent(NEVER, 1.0)} of the steps"
        text = f"Of {words.count(len(names), 'action')}, {listed(unused)} {does(len(unused), 'are')} {told}"
        once = float(np.asarray(shares[0])[last < NEVER].sum())
        text += (
            f", and {'was' if len(unused) == 1 else 'were'} in {percent(once, 1.0)} at {labels[0]}."
            if once >= SHIFT
            else "."
        )
        values = {"actions": float(len(unused)), "threshold": NEVER}
        yield Insight(kind="unused-actions", severity="info", text=text, figure=figure, values=values)
    if len(shares) > 1:
        moved = last - np.asarray(shares[0])
        place = int(np.abs(moved).argmax())
        if abs(moved[place]) >= SHIFT and last[place] >= NEVER:  # of those hardly taken, it is told above
            text = (
                f"From {labels[0]} to {labels[-1]} the share of {quoted(names[place])} among the actions "
                f"{'grew' if moved[place] > 0 else 'fell'} from {percent(float(shares[0][place]), 1.0)} to "
                f"{percent(float(last[place]), 1.0)}."
            )
            values = {"change": float(moved[place]), "threshold": SHIFT}
            yield Insight(kind="changed-actions", severity="info", text=text, figure=figure, values=values)


def calibration_sentence(bias: float, spread: float, explained: float, steps: int, figure: str) -> Iterator[Insight]:
    """Whether the agent's own estimate is what it then got; `bias` is the mean of estimate less return to go, `spread`
    the standard deviation of the latter, `explained` the share of its variance that the estimate explains."""
    if steps < LEAST_STEPS or not np.isfinite(bias):
        return
    short = words.number(float(f"{abs(bias):.3g}"))
    explains = (
        f" It explains {percent(max(explained, 0.0), 1.0)} of the variance of what it gets."
        if np.isfinite(explained)
        else ""
    )
    if abs(bias) >= OVER * spread and spread > 0:
        how = "more" if bias > 0 else "less"
        text = f"The agent expects {short} {how} than it gets, in the mean of {steps:,} steps.{explains}"
        values = {"bias": bias, "spread": spread, "threshold": OVER}
        yield Insight(
            kind="overestimation" if bias > 0 else "underestimation",
            severity="warning" if abs(bias) > spread else "info",
            text=text,
            figure=figure,
            values=values,
        )
    else:
        text = f"What the agent expects is what it gets: the mean error is {short} over {steps:,} steps.{explains}"
        values = {"bias": bias, "spread": spread, "threshold": OVER}
        yield Insight(kind="calibrated-values", severity="info", text=text, figure=figure, values=values)
