"""Topics: one topic, one file or folder. A renderer turns an experiment into figures and sentences, opening no file.

A new topic is a module here and one row in `RENDERERS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol, runtime_checkable

from dlviz_docs.model import Experiment
from dlviz_docs.view import Shown

__all__ = ["RENDERERS", "Renderer"]


@runtime_checkable
class Renderer(Protocol):
    """One topic. A frozen dataclass: its fields are the options a user may set."""

    title: ClassVar[str]

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Figures and insights, in the order they are read; none yielded: the topic has no page."""
        ...


# In the order of the pages.
RENDERERS: tuple[tuple[str, str], ...] = (
    ("overview", "dlviz_docs.renderers.overview:Overview"),
    ("data", "dlviz_docs.renderers.data:Data"),
    ("training", "dlviz_docs.renderers.training:Training"),
    ("rl", "dlviz_docs.renderers.rl:RL"),
    ("architecture", "dlviz_docs.renderers.architecture:Architecture"),
    ("results", "dlviz_docs.renderers.results:Results"),
    ("cam", "dlviz_docs.renderers.cam:Cam"),
    ("episodes", "dlviz_docs.renderers.episodes:Episodes"),
)
