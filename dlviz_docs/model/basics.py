"""Words and small values that everything found shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Axis",
    "BoolArray",
    "Direction",
    "FloatArray",
    "Hparam",
    "Insight",
    "Objective",
    "Problem",
    "Severity",
    "Status",
]

Axis = Literal["step", "epoch", "episode", "frame", "iteration"]
Direction = Literal["min", "max"]
Severity = Literal["info", "warning", "serious"]
Status = Literal["finished", "running", "interrupted", "failed", "unknown"]
FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
Hparam: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the input is wrong: which file, what, and what to do. `code` is stable and documented."""

    code: str
    path: str
    what: str
    remedy: str

    @property
    def told(self) -> str:
        """On one line: "run/log.csv: is empty. Copy it again."."""
        end = "" if self.what.endswith((".", "!", "?", ":")) or not self.remedy else "."
        return f"{self.path}: {self.what}{end} {self.remedy}".rstrip()


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric an experiment is judged by."""

    metric: str
    """A series name, "val/loss"."""
    direction: Direction
    why: str = ""
    """Who says so: the configuration, a file, or our reading of the name."""


@dataclass(frozen=True, slots=True)
class Insight:
    """One sentence about the numbers, with the evidence."""

    kind: str
    """Stable word: "overfitting", "divergence", ..."""
    severity: Severity
    text: str
    figure: str = ""
    """Identifier of the figure that shows it."""
    run: str = ""
    metric: str = ""
    step: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    """The numbers in the sentence, and the threshold that was crossed."""
