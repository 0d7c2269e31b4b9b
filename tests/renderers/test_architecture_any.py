"""Models nobody has thought of: hostile names, empty and huge ones, whatever values may hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_models import checkpoint, figures, insights, page, statistics_of, tensor_of

from dlviz_docs.compose.experiment import compose_experiment
from dlviz_docs.model import (
    Change,
    Checkpoint,
    Experiment,
    Field,
    Models,
    Module,
    Network,
    Operation,
    Port,
    Statistics,
    Tensor,
)
from dlviz_docs.render import section_of
from dlviz_docs.renderers.architecture import Architecture
from dlviz_docs.renderers.architecture.diagram import DRAWN
from dlviz_docs.view import Diagram, Figure, Plot, Table, Treemap

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a\u202eb\x00c\nd\te",
    "../../etc/passwd",
    "x" * 1000,
    "." * 300,
    "ж.深.🦊",
    "a'b\"c&d;e#m=f%20",
    "\ud800",
]


def body(*networks: Network) -> str:
    """Every page of it as HTML."""
    experiment = Experiment("slug", "Title", "path", models=Models(networks))
    section = section_of("architecture", Architecture(), experiment)
    assert section.problems == ()
    return "".join(page.body for page in compose_experiment(experiment, [section]))


def texts(value: object) -> Iterator[str]:
    """All that is text in a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from texts(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name))


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_are_text_and_nothing_else(name: str) -> None:
    arrays = {f"{name}.weight": np.ones((4, 3, 3, 3), np.float32), "b.weight": np.ones((2, 4), np.float32)}
    modules = (
        Module("", name),
        Module(name, name, settings={name: name}, tensors=(f"{name}.weight",), outputs=((name, 4, 3, 3),)),
        Module("b", "Linear", tensors=("b.weight",), outputs=((1, 2),)),
    )
    operations = (Operation(name, name, name, ("in",)), Operation("b", "linear", "b", (name,)))
    last = checkpoint(arrays, path=f"{name}.pt", facts={name: name}, calls=(name, f"os.{name}"), run=name)
    changes = (Change(f"{name}.pt", f"{name}.pt", tuple(arrays), np.array([0.5, 0.0]), np.array([0.1, 1.0])),)
    filters = {f"{name}.weight": arrays[f"{name}.weight"].astype(float)}
    ports = (Port(name, (name, 3), name),)
    one = Network(name, "graph", (last,), modules, operations, ports, ports, changes, filters)
    html = body(one, one)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "\u202e" not in html
    assert "\x00" not in html
    assert 'href="javascript' not in html
    # What goes on from here is encoded as UTF-8.
    assert html.encode()


@pytest.mark.parametrize("name", ["x" * 1000, "block." * 200])
def test_long_names_do_not_make_a_page_long(name: str) -> None:
    arrays = {f"{name}{i}.weight": np.ones((4, 4), np.float32) for i in range(50)}
    shown = page(Network("n", "weights", (checkpoint(arrays),)))
    told = [text for one in shown if isinstance(one, Figure) for text in texts(one.spec) if text and "m=" not in text]
    labels = [text for text in told if not any(text == path for path in (f"{name}{i}" for i in range(50)))]
    assert max(len(text) for text in labels if not text.startswith("block.block")) <= 1006


# --- sizes ------------------------------------------------------------------------------------------------------------


def deep(layers: int, fold: bool) -> Network:
    """A chain of blocks with operations, as deep as one likes."""
    rng = np.random.default_rng(0)
    statistics = statistics_of(rng.normal(size=(64, 64)))
    modules, operations, tensors = [Module("", "Deep")], [], []
    for i in range(layers // 2):
        path = f"model.layers.{i}"
        modules.append(Module(path, "Block", stand_in="model.layers.0" if fold and i else "", outputs=((1, 64),)))
        for turn, kind in enumerate(("Linear", "LayerNorm")):
            name = f"{path}.{turn}.weight"
            tensors.append(tensor_of(name, (64, 64) if kind == "Linear" else (64,)))
            own = Module(f"{path}.{turn}", kind, tensors=(name,), macs=4096.0, outputs=((1, 64),), activations=64)
            modules.append(own)
            operations.append(Operation(f"o{i}_{turn}", kind, own.path, (f"o{i - 1}_1" if not turn else f"o{i}_0",)))
    names = tuple(tensor.name for tensor in tensors)
    points = tuple(
        Checkpoint(f"{step}.pt", "PyTorch (zip)", 1000, tuple(tensors), dict.fromkeys(names, statistics), epoch=step)
        for step in range(4)
    )
    changes = tuple(
        Change(points[a].path, points[b].path, names, np.full(len(names), 0.1), np.full(len(names), 0.9))
        for a, b in ((0, 1), (1, 2), (2, 3), (0, 3))
    )
    return Network("deep", "graph", points, tuple(modules), tuple(operations), changes=changes)


@pytest.mark.parametrize("fold", [True, False])
def test_a_model_of_two_thousand_layers_has_a_page_of_bounded_weight(fold: bool) -> None:
    one = deep(2000, fold)
    shown = figures(page(one))
    diagram, layers, areas = (shown[name].spec for name in ("structure", "layers", "where"))
    assert isinstance(diagram, Diagram)
    assert isinstance(layers, Table)
    assert isinstance(areas, Treemap)
    assert len(diagram.boxes) <= DRAWN
    assert len(layers.rows) <= 400
    assert all(len(tiles) <= 700 for _, tiles in areas.views)
    assert len(body(one)) < (600_000 if fold else 2_500_000)
    if fold:
        assert len(diagram.boxes) <= 5
        assert layers.rows[0][1].text == "×1,000"


def test_work_grows_with_the_model_and_no_faster() -> None:
    """Counted, not timed: how often the statistics of a tensor are asked for."""
    calls = []
    for layers in (400, 1600):
        one = deep(layers, False)
        counted = Counted(one.checkpoints[-1].statistics)
        last = replace(one.checkpoints[-1], statistics=counted)
        page(replace(one, checkpoints=(*one.checkpoints[:-1], last)))
        calls.append(counted.asked)
    assert 0 < calls[1] <= 6 * calls[0]


class Counted(dict[str, Statistics]):
    """Knows how often it was asked."""

    asked = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.asked += 1
        return super().get(key, default)


# --- odd models -------------------------------------------------------------------------------------------------------


def test_one_tensor_alone_has_a_page() -> None:
    shown = page(Network("n", "header", (checkpoint({"w": np.arange(6.0).reshape(2, 3)}),)))
    assert insights(shown)["model-size"].text == "6 parameters, 48 bytes as float64."
    assert "model-facts" in figures(shown)


def test_a_checkpoint_without_tensors_has_its_facts() -> None:
    shown = page(Network("n", "weights", (Checkpoint("a.pt", "PyTorch (zip)", 10, facts={"epoch": "3"}),)))
    assert list(figures(shown)) == ["model-facts"]
    assert insights(shown) == {}


@pytest.mark.parametrize("shape", [(0,), (0, 5), (3, 0, 2, 2), (), (1,), (1, 1, 1, 1, 1, 1)])
def test_tensors_of_no_size_and_of_no_axes_are_shown(shape: tuple[int, ...]) -> None:
    arrays = {"a.weight": np.ones(shape, np.float32), "b.weight": np.ones((2, 2), np.float32)}
    one = Network("n", "weights", (checkpoint(arrays),), filters={"a.weight": arrays["a.weight"].astype(float)})
    assert body(one)


def test_sizes_beyond_what_floats_count_are_told() -> None:
    huge = Tensor("a.weight", (2**40, 2**40), "float32", 2**82)
    assert "1,208,925,819,614,629,174,706,176" in body(Network("n", "header", (Checkpoint("a", "x", 2**82, (huge,)),)))


def test_statistics_that_contradict_the_shapes_are_survived() -> None:
    none, counts = (None,) * 4, np.array([0.0, np.nan, np.inf])
    odd = Statistics(0, 0, 99, *none, math.inf, counts, 1.0, -1.0, np.array([]))
    tensors = (tensor_of("a.weight", (2, 2)), tensor_of("b.weight", (2, 2)))
    last = Checkpoint("a", "x", 1, tensors, {tensor.name: odd for tensor in tensors})
    assert body(Network("n", "weights", (last,)))


NAMES = st.sampled_from(["a", "a.b", "a.b.c", "d", "d.e", "", "x.y"])
WEIGHTS = NAMES.map(lambda name: f"{name}.weight")
SHAPES = st.lists(st.one_of(st.integers(0, 5), st.just("batch")), max_size=5).map(tuple)
NUMBERS = st.one_of(st.none(), st.floats(0, 1e12), st.just(0.0))
SIZES = st.lists(st.one_of(st.floats(0, 1e6), st.just(math.inf)), min_size=2, max_size=2).map(tuple)
FIELDS = st.one_of(st.none(), st.builds(Field, SIZES, SIZES, SIZES))
KINDS = st.sampled_from(["", "Conv2d", "Linear", "BatchNorm2d", "Embedding", "aten.add.Tensor", "Constant", "ReLU"])
MOVES = st.sampled_from([0.0, 0.5, 3.0, np.nan, np.inf])
TENSORS = st.builds(
    Tensor,
    WEIGHTS,
    st.lists(st.integers(0, 4), max_size=4).map(tuple),
    st.sampled_from(["float32", "int8"]),
    st.integers(0, 10**6),
    st.sampled_from(["parameter", "buffer", "optimizer", "other"]),
    st.sampled_from([None, True, False]),
    st.sampled_from(["", "a.weight"]),
    st.booleans(),
)
MODULES = st.builds(
    Module,
    NAMES,
    KINDS,
    inferred=st.booleans(),
    tensors=st.lists(WEIGHTS, max_size=2).map(tuple),
    inputs=st.lists(SHAPES, max_size=2).map(tuple),
    outputs=st.lists(SHAPES, max_size=2).map(tuple),
    macs=NUMBERS,
    activations=st.one_of(st.none(), st.integers(0, 10**9)),
    field=FIELDS,
    calls=st.integers(1, 3),
    stand_in=st.one_of(st.just(""), NAMES),
)
OPERATIONS = st.builds(
    Operation,
    st.sampled_from("pqrstuv"),
    KINDS,
    NAMES,
    st.lists(st.sampled_from("pqrstuvin"), max_size=3).map(tuple),
    st.lists(WEIGHTS, max_size=1).map(tuple),
    outputs=st.lists(SHAPES, max_size=1).map(tuple),
    macs=NUMBERS,
    field=FIELDS,
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Trees, graphs and weights that hardly fit together."""
    tensors = draw(st.lists(TENSORS, max_size=6, unique_by=lambda one: one.name))
    modules = draw(st.lists(MODULES, max_size=6, unique_by=lambda one: one.path))
    operations = draw(st.lists(OPERATIONS, max_size=7, unique_by=lambda one: one.name))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    odd = draw(st.sampled_from([1.0, 0.0, np.nan, np.inf, 1e300]))
    statistics = {
        one.name: statistics_of(rng.normal(size=one.shape) * (odd if i % 2 else 1.0)) for i, one in enumerate(tensors)
    }
    epochs = draw(st.lists(st.one_of(st.none(), st.just(1.0)), min_size=1, max_size=3))
    points = tuple(
        Checkpoint(f"{i}.pt", "PyTorch (zip)", 100, tuple(tensors), statistics, epoch=epoch)
        for i, epoch in enumerate(epochs)
    )
    names = tuple(one.name for one in tensors)
    moved = np.array(draw(st.lists(MOVES, min_size=len(names), max_size=len(names))), np.float64)
    changes = tuple(Change(a.path, b.path, names, moved, moved) for a, b in pairwise(points))
    evidence = draw(st.sampled_from(["graph", "modules", "weights", "header"]))
    ports = tuple(Port(name, draw(SHAPES), "float32") for name in draw(st.sampled_from(["", "i", "in"])))
    return Network("n", evidence, points, tuple(modules), tuple(operations), ports, ports, changes)


QUICKLY = (Phase.explicit, Phase.reuse, Phase.generate)
"""Models of this many parts take minutes to be made smaller, and say as much as they are."""


@settings(max_examples=150, phases=QUICKLY, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_no_model_breaks_the_page(one: Network) -> None:
    shown = page(one)
    found = figures(shown)
    assert [one.kind for one in insights(shown).values() if one.figure not in found] == []
    for figure in found.values():
        if isinstance(figure.spec, Diagram):
            ids = [box.id for box in figure.spec.boxes]
            assert len(ids) == len(set(ids))
            assert all(box.parent in ("", *ids) for box in figure.spec.boxes)
            assert all({wire.start, wire.end} <= set(ids) for wire in figure.spec.wires)
            assert not any(wire.start == wire.end for wire in figure.spec.wires)
        if isinstance(figure.spec, Plot):
            assert all(len(layer.x) == len(layer.y) for layer in figure.spec.layers)
            assert all(not layer.notes or len(layer.notes) == len(layer.x) for layer in figure.spec.layers)
        if isinstance(figure.spec, Table):
            assert {len(row) for row in figure.spec.rows} <= {len(figure.spec.columns)}
        if isinstance(figure.spec, Treemap):
            assert all(math.isfinite(tile.value) and tile.value > 0 for _, tiles in figure.spec.views for tile in tiles)


@settings(max_examples=20, phases=QUICKLY, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_every_page_can_be_drawn(one: Network) -> None:
    assert body(one)
