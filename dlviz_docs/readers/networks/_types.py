"""What is asked of the readers of models, and how they say which file is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = ["Found", "Kind", "Limits", "Plan", "Planned"]

Kind = Literal["weights", "keras", "onnx", "exported"]
"""Which reader: weights of PyTorch and safetensors, files of Keras, graphs of ONNX, programs of `torch.export`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an experiment's folder holds of models."""

    root: Path
    """The experiment's folder."""
    files: tuple[str, ...] = ()
    """Checkpoints and exported models, as their names say: paths relative to the root."""
    runs: Mapping[str, str] = field(default_factory=dict)
    """Slug of the run by its folder relative to the root ("." for the root itself)."""
    named: tuple[str, ...] = ()
    """Files that experiment.yml names: paths relative to the root. They are read whatever they are called."""
    run_of: Mapping[str, str] = field(default_factory=dict)
    """Slug of the run by file, where the folder of the file does not tell."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One checkpoint: a file, or the shards of one."""

    path: str
    kind: Kind
    run: str = ""
    """Slug; "" for none."""
    step: float | None = None
    epoch: float | None = None
    score: float | None = None
    marks: tuple[str, ...] = ()
    """What its name says of it: "best", "last", "moving average"."""
    parts: tuple[str, ...] = ()
    """Shards without an index: those that are there, of which the first gives the path."""
    beside: tuple[tuple[str, str], ...] = ()
    """Files beside it, by what they are: ("config", "config.json"), ("optimizer", "optimizer.pt")."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files are read, and as what."""

    files: tuple[Planned, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    """Files that are none, and why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read; what is left out is said."""

    most_files: int = 200
    """Checkpoints that are listed."""
    most_statistics: int = 12
    """Checkpoints of one model whose weights are read: the last and the first of each run, the best, and some evenly
    between."""
    most_networks: int = 12
    """Models whose weights are read."""
    largest: int = 12_000_000_000
    """Bytes of one checkpoint whose weights are read."""
    most_octets: int = 24_000_000_000
    """Bytes that are read of an experiment's weights."""
