"""Made trainings of agents: curves whose course is known, by task, algorithm and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlviz_docs.model import Experiment, FloatArray, Hparam, Run, Series

__all__ = ["X", "experiment", "rising", "training"]

X = np.linspace(0, 100_000, 101)


def rising(top: float, *, half: float = 0.2, start: float = 0.0, noise: float = 0.0, seed: int = 0) -> FloatArray:
    """From `start` to `top`, half-way after so much of the training."""
    y: FloatArray = top - (top - start) * 0.5 ** (X / X[-1] / half)
    return y + np.random.default_rng(seed).normal(0, noise, len(X)) if noise else y


def training(
    algorithm: str,
    seed: int,
    curves: Mapping[str, FloatArray],
    *,
    task: str = "Maze-v1",
    x: FloatArray = X,
    settings: Mapping[str, Hparam] | None = None,
    seconds: float = 0.0,
    name: str = "",
) -> Run:
    """One run; with wall times where it lasts for some seconds."""
    name = name or f"{algorithm}/{task}/seed={seed}"
    times = 1e9 + np.linspace(0, seconds, len(x)) if seconds else None
    return Run(
        name,
        name.replace("/", "-").replace("=", "-"),
        tuple(Series(curve, curve, x, y, times=times) for curve, y in curves.items()),
        hparams=settings or {},
        group=f"{algorithm}/{task}",
        seed=seed,
        task=task,
        algorithm=algorithm,
        started=1e9 if seconds else None,
    )


def experiment(runs: Sequence[Run], scores: Mapping[str, tuple[float, float]] | None = None) -> Experiment:
    return Experiment("agents", "Agents", "agents", tuple(runs), scores=scores or {})
