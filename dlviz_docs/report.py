"""What was found, for machines: the content of `dlviz scan --json` and of the site's experiments.json.

The schema is versioned: within one version keys are only added. Non-finite numbers are null, and counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from dlviz_docs.model import (
    Artifact,
    Checkpoint,
    Codes,
    Dataset,
    Episodes,
    Experiment,
    Models,
    Network,
    Predictions,
    Problem,
    Recording,
    Run,
    Samples,
    Series,
)

__all__ = ["NOTHING", "SCHEMA", "describe", "describe_episodes", "describe_models", "describe_samples", "document"]

SCHEMA = "dlviz-experiments/1"
NOTHING = '{"data": [], "predictions": [], "models": [], "episodes": []}'
_COMMA = ",\n"

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None


def document(experiments: Iterable[str], problems: Iterable[Problem] = ()) -> bytes:
    """The whole file, out of what `describe` gave for each experiment, and the problems of the whole build."""
    head = json.dumps({"schema": SCHEMA, "problems": [_problem(problem) for problem in problems]})
    # Joined as text: a thousand experiments need not be parsed again to stand in one list.
    return f'{head[:-1]}, "experiments": [\n{_COMMA.join(experiments)}\n]}}\n'.encode()


def describe(experiment: Experiment, studied: Iterable[str] = ()) -> str:
    """One experiment as JSON, run by run: a thousand of them as objects are many times their text.

    `studied` is what `describe_samples` and its like gave of its other subjects; "" for nothing.
    """
    objective = experiment.objective
    runs = ", ".join(json.dumps(_run(run), allow_nan=False) for run in experiment.runs)
    described: dict[str, JSON] = {
        "slug": experiment.slug,
        "title": experiment.title,
        "path": experiment.path,
        "description": experiment.description,
        "tags": list(experiment.tags),
        "authors": list(experiment.authors),
        "objective": None
        if objective is None
        else {"metric": objective.metric, "direction": objective.direction, "why": objective.why},
        "problems": [_problem(problem) for problem in experiment.problems],
    }
    for members in (NOTHING, *studied):
        described |= json.loads(members or "{}")
    return f'{json.dumps(described, allow_nan=False)[:-1]}, "runs": [{runs}]}}'


def describe_samples(samples: Samples) -> str:
    """Data sets and predictions as JSON: members of the experiment's."""
    told = {
        "data": [_dataset(one) for one in samples.datasets],
        "predictions": [_predictions(one) for one in samples.predictions],
    }
    return json.dumps(told, allow_nan=False)


def describe_models(models: Models) -> str:
    """Models as JSON: members of the experiment's."""
    return json.dumps({"models": [_network(network) for network in models.networks]}, allow_nan=False)


def describe_episodes(episodes: Episodes) -> str:
    """Recordings as JSON: members of the experiment's."""
    return json.dumps({"episodes": [_recording(one) for one in episodes.recordings]}, allow_nan=False)


def _recording(one: Recording) -> dict[str, JSON]:
    returns = [episode.total for episode in one.episodes if math.isfinite(episode.total)]
    return {
        "name": one.name,
        "run": one.run,
        "source": one.source,
        "environment": one.environment,
        "step": _number(one.step),
        "episodes": one.seen,
        "read": len(one.episodes),
        "videos": len(one.videos),
        "mean_return": _number(math.fsum(returns) / len(returns)) if returns else None,
    }


def _network(network: Network) -> dict[str, JSON]:
    return {
        "name": network.name,
        "evidence": network.evidence,
        "parameters": sum(t.size for t in network.last.tensors if t.role == "parameter" and not t.tied),
        "multiply_adds": _number(network.modules[0].macs) if network.modules else None,
        "checkpoints": [_weights(checkpoint) for checkpoint in network.checkpoints],
    }


def _weights(checkpoint: Checkpoint) -> dict[str, JSON]:
    return {
        "path": checkpoint.path,
        "format": checkpoint.format,
        "bytes": checkpoint.size,
        "run": checkpoint.run,
        "step": _number(checkpoint.step),
        "epoch": _number(checkpoint.epoch),
        "score": _number(checkpoint.score),
        "tensors": len(checkpoint.tensors),
        "nonfinite": sum(one.nan + one.infinite for one in checkpoint.statistics.values()),
        "calls": list(checkpoint.calls),
    }


def _dataset(one: Dataset) -> dict[str, JSON]:
    return {
        "name": one.name,
        "format": one.format,
        "rows": one.length,
        "splits": _counts(one.split, one.splits),
        "target": one.target,
    }


def _predictions(one: Predictions) -> dict[str, JSON]:
    return {
        "name": one.name,
        "run": one.run,
        "task": one.task,
        "rows": one.length,
        "splits": _counts(one.split, one.splits),
    }


def _counts(split: Codes | None, names: Sequence[str]) -> dict[str, JSON]:
    return {} if split is None else {name: int((split == code).sum()) for code, name in enumerate(names)}


def _run(run: Run) -> dict[str, JSON]:
    return {
        "name": run.name,
        "status": run.status,
        "group": run.group,
        "seed": run.seed,
        "task": run.task,
        "algorithm": run.algorithm,
        "started": _number(run.started),
        "ended": _number(run.ended),
        "series": [_series(series) for series in run.series],
        "hparams": {key: _number(value) if isinstance(value, float) else value for key, value in run.hparams.items()},
        "checkpoints": [_checkpoint(artifact) for artifact in run.artifacts if artifact.kind == "checkpoint"],
        "media": dict(run.media),
        "sources": [{"path": s.path, "bytes": s.size, "reader": s.reader, "writer": s.writer} for s in run.sources],
        "insights": [
            {"kind": i.kind, "severity": i.severity, "text": i.text, "metric": i.metric} for i in run.insights
        ],
        "problems": [_problem(problem) for problem in run.problems],
    }


def _series(series: Series) -> dict[str, JSON]:
    told = series.recorded
    if told is None:
        raise ValueError(f"{series.name}: not gathered yet")
    return {
        "name": series.name,
        "raw_name": series.raw_name,
        "axis": series.axis,
        "source": series.source,
        "count": told.count,
        "nonfinite": told.nonfinite,
        "superseded": told.superseded,
        "first_step": _number(told.first_step),
        "last_step": _number(told.last_step),
        "first": _number(told.first),
        "last": _number(told.last),
        "min": _number(told.min),
        "min_step": _number(told.min_step),
        "max": _number(told.max),
        "max_step": _number(told.max_step),
    }


def _checkpoint(artifact: Artifact) -> dict[str, JSON]:
    return {
        "name": artifact.name,
        "path": artifact.path,
        "bytes": artifact.size,
        "step": _number(artifact.step),
        "epoch": _number(artifact.epoch),
        "score": _number(artifact.score),
    }


def _problem(problem: Problem) -> dict[str, JSON]:
    return {"code": problem.code, "path": problem.path, "what": problem.what, "remedy": problem.remedy}


def _number(value: float | None) -> float | int | None:
    """JSON has no NaN; whole numbers are written as such."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value
