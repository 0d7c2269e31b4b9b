"""Tables with a column for each of several runs: charts exported from Weights & Biases, seeds side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlviz_docs.model import Reading
from dlviz_docs.names import canonical, direction
from dlviz_docs.readers._curves import curves
from dlviz_docs.readers._frame import Column, Frame, step_column
from dlviz_docs.readers._table import NO_NAME, Table

__all__ = ["exported", "test_reward"]

_AXES = frozenset(f"_step{extreme}" for extreme in ("", "__MIN", "__MAX"))
_SEED_COLUMN = re.compile(r"(seed|run|trial|fold|rep|repeat)[-_ ]?(\d+)", re.IGNORECASE)
_SPREAD = ":shaded"
_SEED_FILE = re.compile(r"(?:(?:.*/)?seed_(\d+)_[^/]*/)?[^/]+\.csv$")
_TEST_REWARD = re.compile(r"test_rew(_\d+seeds)?$")


def exported(table: Table, stem: str) -> Reading | None:
    """What the columns of several runs come to; None for any other table. `stem` is the file's name."""
    return _chart(table) or _merged_seeds(table, stem) or _numbered_seeds(table, stem)


# --- Weights & Biases -------------------------------------------------------------------------------------------------


def _chart(table: Table) -> Reading | None:
    """A W&B chart: "Step" or another axis, then "<run> - <metric>" with its "__MIN" and "__MAX" over the points of a
    pixel; the axis again, as "<run> - _step"."""
    first, *others = table.columns
    if step_column([first]) is None or not others or not all(" - " in name for name in others):
        return None
    frame = Frame(table.frame.length, _without_echoes(table.frame.numbers), table.frame.words)
    series = curves(frame, first).series if first in frame.numbers else ()
    series = tuple(one for one in series if one.raw_name.rpartition(" - ")[2] not in _AXES)
    metrics = [one.raw_name.rpartition(" - ")[2] for one in series]
    named = canonical(list(dict.fromkeys(metrics)))
    split = tuple(
        replace(one, name=named[metric], part=one.raw_name.rpartition(" - ")[0])
        for one, metric in zip(series, metrics, strict=True)
    )
    return Reading("Weights & Biases export", series=split, problems=table.problems)


def _without_echoes(numbers: Mapping[str, Column]) -> dict[str, Column]:
    """Columns without the extremes that only repeat their curve."""
    columns = dict(numbers)
    for name in list(columns):
        main = columns.get(re.sub(r"__(MIN|MAX)$", "", name))
        own = columns[name]
        if main is not None and main is not own and np.array_equal(main.values, own.values, equal_nan=True):
            del columns[name]
    return columns


# --- Tianshou ---------------------------------------------------------------------------------------------------------


def _merged_seeds(table: Table, stem: str) -> Reading | None:
    """Its plotter's merged table: "rew", the mean, "rew:shaded", and "rew:<folder>/test_rew.csv" for each seed.

    The mean and its spread follow from the seeds, and are left out.
    """
    step = step_column(table.frame.numbers)
    means = [name.removesuffix(_SPREAD) for name in table.columns if name.endswith(_SPREAD)]
    seeds = {
        name: (test_reward(metric, stem), match[1])
        for metric in means
        for name in table.frame.numbers
        if name.startswith(f"{metric}:") and (match := _SEED_FILE.match(name.removeprefix(f"{metric}:")))
    }
    if step is None or not seeds:
        return None
    kept = {name: column for name, column in table.frame.numbers.items() if name == step or name in seeds}
    named = tuple(
        replace(one, name=seeds[one.raw_name][0], part=f"seed={seeds[one.raw_name][1]}" if len(seeds) > 1 else "")
        for one in curves(Frame(table.frame.length, kept), step).series
    )
    numbers = [seed for _, seed in seeds.values() if seed]
    settings = {"seed": int(numbers[0])} if len(seeds) == len(numbers) == 1 else {}
    return Reading("Tianshou", named, settings, problems=table.problems)


def test_reward(metric: str, stem: str) -> str:
    """The name of Tianshou's "rew" in test_rew.csv: what its event files call "test/reward"."""
    return "test/reward" if metric == "rew" and _TEST_REWARD.fullmatch(stem) else metric


# --- own loggers ------------------------------------------------------------------------------------------------------


def _numbered_seeds(table: Table, stem: str) -> Reading | None:
    """ "step, seed_0, seed_1": the file's name is all that tells the metric."""
    step = step_column(table.columns)
    others = [name for name in table.columns if name != step and not NO_NAME.fullmatch(name)]
    seeds = {name: match for name in others if (match := _SEED_COLUMN.fullmatch(name))}
    if step not in table.frame.numbers or len(seeds) < 2 or len(seeds) < len(others):
        return None
    metric = canonical([stem])[stem] if direction(stem) else "value"
    found = curves(table.frame, step)
    named = tuple(
        replace(one, name=metric, part=f"{seeds[one.raw_name][1].lower()}={seeds[one.raw_name][2]}")
        for one in found.series
    )
    return Reading("CSV", named, found.hparams, problems=(*table.problems, *found.problems))
