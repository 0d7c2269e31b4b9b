"""What one run came to, from the exact statistics of its curves."""

from __future__ import annotations

from collections import defaultdict

from dlviz_docs.model import Axis, Experiment, Recorded, Run

__all__ = ["best", "last", "length", "metric_of", "recorded", "seconds"]


def recorded(run: Run, name: str) -> Recorded | None:
    """Statistics of the run's series of that name."""
    series = run.get(name)
    return series.recorded if series else None


def best(run: Run, experiment: Experiment) -> tuple[float | None, float | None]:
    """The run's best value of the metric the experiment is judged by, and its step."""
    objective = experiment.objective
    series = run.get(objective.metric) if objective else None
    return series.best(objective.direction) if objective and series else (None, None)


def last(run: Run, experiment: Experiment) -> float | None:
    """The run's last value of the metric the experiment is judged by; may be NaN."""
    found = recorded(run, experiment.objective.metric) if experiment.objective else None
    return found.last if found else None


def length(run: Run) -> tuple[float, Axis] | None:
    """The last step, and what it counts: the axis most curves have."""
    ends: dict[Axis, list[float]] = defaultdict(list)
    for series in run.series:
        if series.recorded and series.recorded.last_step is not None:
            ends[series.axis].append(series.recorded.last_step)
    if not ends:
        return None
    axis = max(ends, key=lambda name: len(ends[name]))
    return max(ends[axis]), axis


def seconds(run: Run) -> float | None:
    """From the first to the last recorded point."""
    if run.started is None or run.ended is None or run.ended <= run.started:
        return None
    return run.ended - run.started


def metric_of(experiment: Experiment) -> str:
    """The metric the experiment is judged by, without its split; "" when nobody says and no name tells."""
    if experiment.objective is None:
        return ""
    found = (run.get(experiment.objective.metric) for run in experiment.runs)
    return next((series.metric for series in found if series), experiment.objective.metric)
