"""One topic drawn; a renderer that fails costs only its topic."""

from __future__ import annotations

from dlviz_docs.model import Experiment, Insight, Problem
from dlviz_docs.renderers import Renderer
from dlviz_docs.view import Fact, Figure, Section, Shown

__all__ = ["asks_for", "section_of"]


def asks_for(renderer: Renderer) -> str:
    """What it shows: "runs", or a subject that is studied by itself, such as "samples" or "models"."""
    return str(getattr(renderer, "asks", "runs"))


def section_of(name: str, renderer: Renderer, experiment: Experiment) -> Section:
    """What the renderer has to show; empty when it yields nothing."""
    shown: list[Shown] = []
    problems: tuple[Problem, ...] = ()
    try:
        for one in renderer(experiment):
            shown.append(one)  # noqa: PERF402  (what comes before an exception is kept)
    # A renderer may be somebody else's; what it had yielded so far is shown.
    except Exception as error:  # noqa: BLE001
        what = f"the topic {renderer.title!r} could not be finished: {type(error).__name__}: {error}"
        remedy = "What was drawn before is shown. Please report it to whoever wrote this renderer."
        problems = (Problem("renderer-failed", experiment.path, what, remedy),)
    return Section(
        name,
        renderer.title,
        tuple(one for one in shown if isinstance(one, Insight)),
        tuple(one for one in shown if isinstance(one, Figure)),
        problems,
        facts=tuple(one for one in shown if isinstance(one, Fact)),
    )
