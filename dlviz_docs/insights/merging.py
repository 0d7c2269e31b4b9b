"""What many runs have in common, said once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlviz_docs import names, words
from dlviz_docs.model import Insight, Run, Severity

__all__ = ["merge"]

_ORDER: Mapping[Severity, int] = {"serious": 0, "warning": 1, "info": 2}
_TOGETHER: Mapping[str, str] = {
    "nonfinite": "have values that are not finite",
    "divergence": "diverge or collapse",
    "overfitting": "overfit",
    "underfitting": "learn little",
    "stopped-early": "were still improving when they stopped",
    "plateau": "make no progress for a long last part",
    "spikes": "have spikes",
    "noisy-validation": "have noisy validation",
    "resumed": "were resumed or started again",
    "schedule": "follow a learning-rate schedule",
}
_WITH_ONSET = {"nonfinite", "divergence", "overfitting", "plateau"}
_SCHEDULES = 3  # so few different ones are told one by one


def merge(runs: Sequence[Run]) -> Iterator[Insight]:
    """The insights of all runs, most serious first; one sentence where the same holds for several runs."""
    if len(runs) == 1:
        yield from sorted(runs[0].insights, key=lambda insight: _ORDER[insight.severity])
        return
    groups: dict[tuple[str, ...], list[tuple[Run, Insight]]] = defaultdict(list)
    one_scale = len({run.task for run in runs}) < 2  # the best return of several tasks is that of the largest scale
    schedules = {insight.text for run in runs for insight in run.insights if insight.kind == "schedule"}
    for run in runs:
        for insight in run.insights:
            if insight.kind == "best" and not one_scale:
                continue
            told_apart = insight.text if insight.kind == "schedule" and len(schedules) <= _SCHEDULES else ""
            groups[insight.kind, insight.metric, told_apart].append((run, insight))
    merged = [(len(group), _together(group, len(runs))) for group in groups.values()]
    merged.sort(key=lambda pair: (_ORDER[pair[1].severity], -pair[0]))
    yield from (insight for _, insight in merged)


def _together(group: Sequence[tuple[Run, Insight]], runs: int) -> Insight:
    run, insight = group[0]
    if insight.kind == "best":
        return _best(group)
    if len(group) == 1:
        return replace(insight, text=f"{run.name}: {insight.text}")
    every = "Both runs" if runs == 2 else f"All {runs:,} runs"
    share = every if len(group) == runs else f"{len(group):,} of {runs:,} runs"
    values = {"runs": float(len(group)), "of_runs": float(runs)}
    severity = min((one.severity for _, one in group), key=lambda one: _ORDER[one])
    if len({one.text for _, one in group}) == 1:
        return replace(insight, text=f"{share}: {insight.text}", severity=severity, values={**insight.values, **values})
    onset = insight.kind in _WITH_ONSET and all(one.step is not None for _, one in group)
    first, told = min(group, key=lambda pair: pair[1].step or 0.0) if onset else group[0]
    which = "Earliest" if onset else "For example"
    phrase = _TOGETHER.get(insight.kind, "show the same")
    text = f"{share} {phrase} ({insight.metric}). {which}, {first.name}: {told.text}"
    return replace(told, text=text, severity=severity, values={**told.values, **values})


def _best(group: Sequence[tuple[Run, Insight]]) -> Insight:
    """The best of all runs, and how far the others' best values are from it."""
    metric = group[0][1].metric
    choose = min if names.direction(metric) == "min" else max
    run, insight = choose(group, key=lambda pair: pair[1].values["best"])
    values = [one.values["best"] for _, one in group]
    text = f"{run.name}: {insight.text}"
    if min(values) < max(values):
        between = f"{words.number(min(values))} and {words.number(max(values))}"
        text += f" The best values of {len(group):,} runs lie between {between}."
    elif len(group) > 1:
        text += f" {len(group):,} runs reach this value."
    return replace(
        insight, text=text, values={**insight.values, "lowest_best": min(values), "highest_best": max(values)}
    )
