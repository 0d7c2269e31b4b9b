"""What a model is made of: how layers connect, what they cost, and what its weights look like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.model_words import amount, brief
from dlviz_docs.model import Experiment, Insight, Network
from dlviz_docs.model.probes import Probed
from dlviz_docs.renderers._place import Place, places
from dlviz_docs.renderers.architecture._known import Known, known
from dlviz_docs.renderers.architecture.channels import channels
from dlviz_docs.renderers.architecture.diagram import diagram
from dlviz_docs.renderers.architecture.embeddings import embeddings
from dlviz_docs.renderers.architecture.filters import filters
from dlviz_docs.renderers.architecture.flow import flow, sight
from dlviz_docs.renderers.architecture.layers import layer_table
from dlviz_docs.renderers.architecture.moved import moved
from dlviz_docs.renderers.architecture.responses import responses_of
from dlviz_docs.renderers.architecture.shares import shares
from dlviz_docs.renderers.architecture.summary import fact_line, front_facts, sizes_by_type, summary
from dlviz_docs.renderers.architecture.weights import weights
from dlviz_docs.view import Cell, Column, Fact, Figure, Shown, Table

__all__ = ["Architecture"]

IN_DETAIL = 12
"""Models with pages of their own; all of them are in the table."""
FACTS = 4
"""Models with a line on the experiment's front page."""
_SEVERITY = {"serious": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Architecture:
    """One page a model; of a single one it is the topic's."""

    title: ClassVar[str] = "Architecture"
    asks: ClassVar[Literal["models"]] = "models"

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """What is said of all models, the most serious first, then their figures."""
        shown = _all_shown(experiment.models.networks, experiment.probes)
        yield from (one for one in shown if isinstance(one, Fact))
        yield from sorted((one for one in shown if isinstance(one, Insight)), key=lambda one: _SEVERITY[one.severity])
        yield from (one for one in shown if isinstance(one, Figure))


@np.errstate(all="ignore")  # weights may hold anything, and a file may say of them what it likes
def _all_shown(networks: Sequence[Network], probes: Sequence[Probed]) -> list[Shown]:
    found = [
        replace(known(network, number, place), responses=responses_of(network, probes))
        for number, (network, place) in enumerate(zip(networks, _places(networks), strict=True))
    ]
    shown: list[Shown] = [*_facts(found), *(_all_models(found) if len(found) > 1 else ())]
    for one in found[:IN_DETAIL]:
        shown += _linked(list(one.place.put(_shown(one))), one.place)
    return shown


def _places(networks: Sequence[Network]) -> list[Place]:
    """A name for each of several."""
    called = [brief(network.name) or "model" for network in networks]
    return [Place()] if len(networks) == 1 else places(called)


def _linked(shown: Sequence[Shown], place: Place) -> Iterator[Shown]:
    """Of several models, each sentence with the model's name; all of them with a figure that is there."""
    figures = {one.id for one in shown if isinstance(one, Figure)}
    for one in shown:
        if isinstance(one, Insight):
            figure = one.figure if one.figure in figures else place.id("model-facts")
            one = replace(one, text=f"{place.name}: {one.text}" if place.name else one.text, figure=figure)
        yield one


def _shown(one: Known) -> Iterator[Shown]:
    """All of one model, in reading order."""
    yield from summary(one)
    yield from diagram(one)
    yield from layer_table(one)
    yield from shares(one)
    yield from flow(one)
    yield from sight(one)
    yield from weights(one)
    yield from channels(one)
    yield from filters(one)
    yield from moved(one)
    yield from sizes_by_type(one)
    yield from embeddings(one)


# --- several models ---------------------------------------------------------------------------------------------------


def _facts(found: Sequence[Known]) -> Iterator[Fact]:
    if len(found) == 1:
        yield from front_facts(found[0])
        return
    for one in found[:FACTS]:
        yield Fact(f"Model “{one.place.name}”", fact_line(one))
    if len(found) > FACTS:
        yield Fact("Models", f"{len(found) - FACTS:,} more")


def _all_models(found: Sequence[Known]) -> Iterator[Figure]:
    """A row each, with a link to its page."""
    columns = (
        Column("Model"),
        Column("Class"),
        Column("Parameters", True),
        Column("On disk", True, "Of its last checkpoint"),
        Column("Multiply-adds", True, "For the example"),
        Column("Layers", True),
        Column("Checkpoints", True),
        Column("Format"),
    )
    rows = tuple(
        _row(one, f"{names.slug(one.place.name)}/index.html" if at < IN_DETAIL else "") for at, one in enumerate(found)
    )
    caption = f"{words.count(len(found), 'model')} found; each has a page."
    if len(found) > IN_DETAIL:
        caption = f"{words.count(len(found), 'model')} found; the first {IN_DETAIL} have a page."
    table = Table(columns, rows, searchable=len(rows) > 10)
    yield Figure("models", "Models", caption, table, "Models")


def _row(one: Known, href: str) -> tuple[Cell, ...]:
    count, size, macs = one.parameters(), one.network.last.size, one.costs.get("")
    return (
        Cell(one.place.name, href=href),
        Cell(brief(one.whole.kind) or "–"),
        Cell(amount(count, "B"), count),
        Cell(words.size(size), size),
        Cell(amount(macs) if macs else "–", macs),
        Cell(f"{len(one.layers):,}", len(one.layers)),
        Cell(f"{len(one.network.checkpoints):,}", len(one.network.checkpoints)),
        Cell(one.network.last.format),
    )
