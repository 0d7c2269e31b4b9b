"""Hyperparameters: what all runs share, and what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dlviz_docs import names, words
from dlviz_docs.model import Experiment, Hparam, Run
from dlviz_docs.renderers.overview.tabular import Columns, table
from dlviz_docs.view import Cell, Column, Figure

__all__ = ["common_settings", "differing", "differing_settings", "setting"]

VALUES_LISTED = 12
"""Of one setting; the others are counted."""
_UNSET = "not set"


def common_settings(experiment: Experiment) -> Figure | None:
    """What all runs share; of one run, everything."""
    if not experiment.runs:
        return None
    varied = set(differing(experiment.runs))
    hparams = experiment.runs[0].hparams
    keys = sorted(hparams.keys() - varied, key=names.natural)
    columns = [
        (Column("Setting"), [Cell(key) for key in keys]),
        (Column("Value"), [setting(hparams[key]) for key in keys]),
    ]
    many = len(experiment.runs) > 1
    title = "The same in all runs" if many else "Settings"
    caption = "Settings with one value in all runs." if many else "As the run wrote them down."
    return table("settings", title, caption, "Hyperparameters", columns)


def differing_settings(experiment: Experiment) -> Figure | None:
    """Settings with more than one value, and how many runs have each."""
    return table(
        "varied-settings",
        "What differs",
        "Settings with more than one value, and how many runs have each.",
        "Hyperparameters",
        _varied(experiment.runs),
    )


def _varied(runs: Sequence[Run]) -> Columns:
    keys = differing(runs)
    counts = [Counter(_shown(run, key) for run in runs) for key in keys]
    yield Column("Setting"), [Cell(key) for key in keys]
    yield Column("Values", True), [Cell(f"{len(values):,}", len(values)) for values in counts]
    yield Column("Which"), [Cell(_listed(values)) for values in counts]


def _listed(values: Counter[str]) -> str:
    shown = sorted(values.items(), key=lambda item: names.natural(item[0]))[:VALUES_LISTED]
    more = len(values) - len(shown)
    listed = ", ".join(f"{value} ({words.count(amount, 'run')})" for value, amount in shown)
    return f"{listed}, and {more:,} more" if more else listed


def differing(runs: Sequence[Run]) -> list[str]:
    """Keys with more than one value, in natural order; one run has none."""
    keys = dict.fromkeys(key for run in runs for key in run.hparams)
    varied = (key for key in keys if len({_shown(run, key) for run in runs}) > 1)
    return sorted(varied, key=names.natural)


def setting(value: Hparam) -> Cell:
    """As a configuration file would have it: exact, not rounded as results are."""
    if value is None or isinstance(value, bool | str):
        return Cell("null" if value is None else str(value).lower() if isinstance(value, bool) else value)
    return Cell(str(value), value)


def _shown(run: Run, key: str) -> str:
    return setting(run.hparams[key]).text if key in run.hparams else _UNSET
