"""What Minari's metadata.json says of a data set of episodes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from dlviz_docs.readers.episodes._moments import described
from dlviz_docs.readers.episodes._piece import Pieces

__all__ = ["told_by"]


def told_by(path: Path, pieces: Pieces) -> Pieces:
    """The same with the environment's name, and with all episodes that there are said to be."""
    told = described(path)
    if name := _environment(told.get("env_spec")):
        pieces.told["environment"] = np.array(name)
    total = told.get("total_episodes")
    if isinstance(total, int) and not isinstance(total, bool) and pieces.seen < total < 1 << 48:
        pieces.wrong.append(f"metadata.json tells of {total:,} episodes, and {pieces.seen:,} are there")
    return pieces


def _environment(spec: object) -> str:
    """The id of an `EnvSpec` of gymnasium, which is kept as JSON in a text."""
    if isinstance(spec, str):
        try:
            spec = json.loads(spec)
        except (ValueError, RecursionError):
            return ""
    name = spec.get("id") if isinstance(spec, dict) else None
    return name if isinstance(name, str) else ""
