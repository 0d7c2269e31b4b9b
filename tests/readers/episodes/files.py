"""Files of episodes in the forms that recorders write, and what is read of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dlviz_docs.model import Episodes, Recording
from dlviz_docs.readers.episodes import Found, Limits, plan, read

__all__ = ["codes", "found_in", "one", "read_all", "save", "steps"]

KINDS = (".npz", ".arrow", ".hdf5", ".h5", ".mp4", ".webm")
TOLD = ("metadata.json", ".meta.json")


def steps(seed: int, length: int, actions: int = 2, wide: int = 3) -> dict[str, np.ndarray]:
    """One episode of made-up steps."""
    rng = np.random.default_rng(seed)
    return {
        "observations": rng.normal(size=(length, wide)).astype(np.float32),
        "actions": rng.integers(0, actions, length),
        "rewards": rng.normal(size=length),
    }


def save(path: Path, arrays: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path


def found_in(root: Path, runs: Mapping[str, str] | None = None) -> Found:
    files = [p for p in root.rglob("*") if p.suffix in KINDS or p.name.endswith(TOLD)]
    return Found(root, tuple(sorted(p.relative_to(root).as_posix() for p in files)), runs or {})


def read_all(root: Path, runs: Mapping[str, str] | None = None, limits: Limits | None = None) -> Episodes:
    found = found_in(root, runs)
    return read(found, plan(found), limits)


def one(root: Path, limits: Limits | None = None, only: str = "") -> Recording:
    """The only recording, or the only one in the folder `only`, of files that all could be read."""
    episodes = read_all(root, limits=limits)
    assert episodes.problems == ()
    (recording,) = (each for each in episodes.recordings if each.source.startswith(only))
    return recording


def codes(episodes: Episodes) -> set[str]:
    """Of everything that is wrong."""
    told = [problem for one in (*episodes.recordings, *episodes.maps) for problem in one.problems]
    return {problem.code for problem in (*told, *episodes.problems)}
