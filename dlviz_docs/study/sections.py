"""The topics of one subject, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dlviz_docs.model import Experiment, Problem
from dlviz_docs.options import Selection
from dlviz_docs.registry import load_renderers
from dlviz_docs.render import asks_for, section_of
from dlviz_docs.view import Section

__all__ = ["drawn", "placed"]


def drawn(
    subject: str, experiment: Experiment, selection: Selection, told: Mapping[str, Sequence[Problem]]
) -> Iterator[Section]:
    """What the renderers that ask for the subject show; `told` are problems of its files, by topic."""
    renderers, _ = load_renderers(selection)
    for name, renderer in renderers.items():
        if asks_for(renderer) == subject:
            section = section_of(name, renderer, experiment)
            yield replace(section, problems=(*told.get(name, ()), *section.problems))


def placed(problems: Sequence[Problem], folder: str) -> tuple[Problem, ...]:
    """With paths relative to the scanned folder, as everywhere, instead of to this folder in it."""
    return tuple(replace(one, path=f"{folder}/{one.path}".removeprefix("./").rstrip("/")) for one in problems)
