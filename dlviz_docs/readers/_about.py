"""What the author says of an experiment: experiment.yml and README.md."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from dlviz_docs.errors import OptionError, ReadError
from dlviz_docs.model import Problem
from dlviz_docs.options import About, DataEntry, ResultEntry, from_mapping
from dlviz_docs.readers import _yaml

__all__ = ["read_about"]

_ENTRIES: Mapping[str, type] = {"data": DataEntry, "results": ResultEntry}
LONGEST = 1 << 20
"""Bytes; a README longer than this is a document of its own."""


def read_about(paths: Sequence[Path]) -> tuple[About, str, tuple[Problem, ...]]:
    """Settings, story (Markdown nobody has checked) and problems; a damaged file costs only itself."""
    about, story, problems = About(), "", []
    for path in paths:
        try:
            text = path.read_bytes()[:LONGEST].decode("utf-8-sig", "replace")
            if path.suffix.lower() == ".md":
                story = text
            else:
                about = _settings(text, path.name)
        except (OptionError, ReadError, OSError) as error:
            remedy = "Correct the file; the keys are described in the guide under Configuration."
            problems.append(Problem("experiment-file", path.name, _said(error), remedy))
    return about, story, tuple(problems)


def _said(error: Exception) -> str:
    """What is wrong; of the system's errors without the path, which is one of this machine."""
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)


def _settings(text: str, name: str) -> About:
    content = _yaml.load(text)
    if content is None:
        return About()
    if not isinstance(content, Mapping):
        raise OptionError(f"{name}: a list of `key: value` lines is expected")
    about = from_mapping(About, {**content, **_entries(content, name)}, where=name)
    for task, (random, reference) in about.scores.items():
        if not math.isfinite(reference - random) or reference == random:
            raise OptionError(f"{name}: scores.{task}: two different numbers are expected, [random, reference]")
    return about


def _entries(content: Mapping[str, object], name: str) -> dict[str, object]:
    """Data sets and predictions as lists of mappings: each may be a mere path, and one alone needs no list."""
    told: dict[str, object] = {}
    for key, kind in _ENTRIES.items():
        value = content.get(key)
        if value is None:
            continue
        listed = value if isinstance(value, list) else [value]
        told[key] = [{"path": entry} if isinstance(entry, str) else entry for entry in listed]
        for entry in listed:
            if isinstance(entry, Mapping):
                from_mapping(kind, entry, where=f"{name}, {key}")  # names the key that is wrong
    return told
