"""One topic drawn; a renderer that fails costs only its topic."""

from __future__ import annotations

from dlviz_docs.model import Experiment, Insight, Problem
from dlviz_docs.renderers import Renderer
from dlviz_docs.view import Figure, Section

__all__ = ["section_of"]


def section_of(name: str, renderer: Renderer, experiment: Experiment) -> Section:
    """What the renderer has to show; empty when it yields nothing."""
    figures: list[Figure] = []
    insights: list[Insight] = []
    problems: tuple[Problem, ...] = ()
    try:
        for shown in renderer(experiment):
            (figures if isinstance(shown, Figure) else insights).append(shown)  # type: ignore[arg-type]
    # A renderer may be somebody else's; what it had yielded so far is shown.
    except Exception as error:  # noqa: BLE001
        what = f"the topic {renderer.title!r} could not be finished: {type(error).__name__}: {error}"
        remedy = "What was drawn before is shown. Please report it to whoever wrote this renderer."
        problems = (Problem("renderer-failed", experiment.path, what, remedy),)
    return Section(name, renderer.title, tuple(insights), tuple(figures), problems)
