"""The page of one model and of several: figures in order, facts, layers, areas, shapes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from made_models import (
    MLP,
    Detector,
    Policy,
    ResNet,
    Transformer,
    UNet,
    checkpoint,
    facts,
    figures,
    insights,
    network,
    page,
    shown_of,
    tensor_of,
    weights,
)

from dlviz_docs.model import Checkpoint, Field, Insight, Module, Network, Operation, Port
from dlviz_docs.names import unique_slugs
from dlviz_docs.view import Diagram, Fact, Figure, Matrix, Plot, Table, Treemap

CIFAR = torch.zeros(1, 3, 32, 32)


@pytest.fixture(scope="module")
def resnet() -> Network:
    """ResNet-20 as an exported graph, at three moments; its third stage is frozen."""
    model = ResNet()
    first = weights(model)
    rng = np.random.default_rng(0)

    def later(amount: float) -> dict[str, np.ndarray]:
        return {
            name: value
            if "layer3" in name or value.dtype == np.int64
            else value + np.float32(amount) * rng.normal(size=value.shape).astype(np.float32)
            for name, value in first.items()
        }

    return network(model, CIFAR, evidence="graph", moments=[first, later(0.01), later(0.05)])


def table(shown: list[object], name: str) -> dict[str, dict[str, str]]:
    """Rows of a table by their first cell, and their cells by column."""
    spec = figures(shown)[name].spec  # type: ignore[arg-type]
    assert isinstance(spec, Table)
    return {
        row[0].text: {column.label: cell.text for column, cell in zip(spec.columns, row, strict=True)}
        for row in spec.rows
    }


def told(shown: list[object], name: str = "model-facts") -> dict[str, str]:
    return {fact: row["Value"] for fact, row in table(shown, name).items()}


# --- the page as a whole ----------------------------------------------------------------------------------------------


def test_figures_stand_in_reading_order(resnet: Network) -> None:
    shown = page(resnet)
    assert [one.id for one in shown if isinstance(one, Figure)] == [
        *("model-facts", "structure", "layers", "where", "shapes"),
        *("distributions", "sizes", "filters", "moved", "steps", "types"),
    ]
    ids = set(figures(shown))
    assert [one.kind for one in shown if isinstance(one, Insight) and one.figure not in ids] == []
    kinds = [type(one) for one in shown]
    assert kinds == sorted(kinds, key=[Fact, Insight, Figure].index)


def test_without_models_there_is_no_page() -> None:
    assert page() == []


def test_the_front_page_has_three_facts_of_one_model(resnet: Network) -> None:
    assert facts(page(resnet)) == {
        "Parameters": "272 k",
        "Model on disk": "1.1 MB",
        "Multiply-adds": "40.8 M for 1 × 3 × 32 × 32",
    }
    assert "Multiply-adds" not in facts(page(network(ResNet())))


def test_sentences_are_ordered_by_severity(resnet: Network) -> None:
    broken = weights(ResNet())
    broken["fc.weight"][0, 0] = np.nan
    found = [one.severity for one in page(network(ResNet(), moments=[broken])) if isinstance(one, Insight)]
    assert found[0] == "serious"
    assert found == sorted(found, key=["serious", "warning", "info"].index)


# --- at a glance ------------------------------------------------------------------------------------------------------


def test_a_fact_is_told_as_pytorch_counts_it(resnet: Network) -> None:
    model, found = ResNet(), told(page(resnet))
    count = sum(one.numel() for one in model.parameters())
    assert found["Parameters"] == f"{count:,} (272 k), in 65 tensors"
    assert found["Multiply-adds"] == "40.8 M for 1 × 3 × 32 × 32"
    assert insights(page(resnet))["model-compute"].values["macs"] == 40_813_184
    assert found["Known from"] == "a graph of operations (A)"
    assert found["Checkpoints"] == "3, from epoch 0 to 2"
    assert found["Input"] == "x: 1 × 3 × 32 × 32 float32"
    assert found["Class"] == "ResNet"
    assert found["Buffers"] == "1,589 in 63 tensors"
    assert found["Epoch"] == "2"
    assert "Optimizer state" not in found
    assert "Loading it" not in found


@pytest.mark.parametrize(("evidence", "letter"), [("graph", "A"), ("modules", "B"), ("weights", "C"), ("header", "D")])
def test_the_evidence_is_told(evidence: str, letter: str) -> None:
    shown = page(network(MLP(4, 8, 2), evidence=evidence))  # type: ignore[arg-type]
    assert told(shown)["Known from"].endswith(f"({letter})")
    assert f"({letter}): " in figures(shown)["model-facts"].caption
    assert ("kinds-inferred" in insights(shown)) == (evidence in ("weights", "header"))


def test_inferred_kinds_are_said_to_be_inferred() -> None:
    said = insights(page(network(ResNet())))["kinds-inferred"]
    assert said.text.startswith("Kinds of 43 layers are inferred from names and shapes: the files hold weights alone.")
    assert said.severity == "info"


def test_optimizer_state_and_memory_to_train_are_told() -> None:
    arrays = weights(MLP(64, 64, 64))
    state = [
        tensor_of(f"optimizer.state.{turn}.{name}", array.shape, role="optimizer")
        for turn, array in enumerate(arrays.values())
        for name in ("exp_avg", "exp_avg_sq")
    ]
    shown = shown_of(network(MLP(64, 64, 64)), checkpoints=(checkpoint(arrays, extra=state),))
    octets = sum(array.nbytes for array in arrays.values())
    assert told(shown)["Optimizer state"] == "66.6 kB in 8 tensors, 2 times the weights"
    assert told(shown)["Memory to train"] == f"{4 * octets / 1000:.3g} kB without activations"
    said = insights(shown)["optimizer-larger"]
    assert said.values["times"] == pytest.approx(2)
    assert "33 % as large" in said.text
    types = figures(shown)["types"].spec
    assert isinstance(types, Table)
    assert [(row[0].text, row[1].text) for row in types.rows] == [("float32", "optimizer"), ("float32", "parameter")]


def test_frozen_and_trainable_parameters_are_counted_apart() -> None:
    one = network(MLP(10, 20, 2))
    last = one.last
    tensors = tuple(replace(t, trainable=not t.name.startswith("0.")) for t in last.tensors)
    found = told(shown_of(one, checkpoints=(replace(last, tensors=tensors),)))
    assert found["Parameters"] == "262: 42 trainable, 220 frozen, in 4 tensors"
    tensors = tuple(replace(t, trainable=True) for t in last.tensors)
    found = told(shown_of(one, checkpoints=(replace(last, tensors=tensors),)))
    assert found["Parameters"] == "262, all trainable, in 4 tensors"


def test_what_stands_beside_the_weights_is_told() -> None:
    one = network(MLP(3, 2))
    many = {"epoch": "7", "best_prec1": "91.78", "note": "x" * 500, "schema version": "8"}
    many |= {f"more_{i}": "1" for i in range(70)}
    found = told(shown_of(one, checkpoints=(replace(one.last, facts=many, epoch=7.0, step=100.0, score=0.5),)))
    assert (found["Epoch"], found["Step"], found["Score"], found["best_prec1"]) == ("7", "100", "0.5", "91.78")
    assert "epoch" not in found
    assert len(found["note"]) == 160
    assert found["Schema version"] == "8"
    assert found["And more"] == "13 further facts"


def test_weights_that_are_not_in_the_files_are_told() -> None:
    one = network(MLP(3, 2))
    tensors = (replace(one.last.tensors[0], missing=True), *one.last.tensors[1:])
    found = told(shown_of(one, checkpoints=(replace(one.last, tensors=tensors),)))
    assert found["Not in the files"] == "1 tensor, 24 bytes: “0.weight”"


def test_what_loading_would_call_is_told_and_was_not_done() -> None:
    one = network(MLP(3, 2))
    shown = shown_of(one, checkpoints=(replace(one.last, calls=("os.system", "net.Net")),))
    assert told(shown)["Loading it"] == (
        "This file would call “os.system” if it were loaded; it was read without doing so."
    )
    said = insights(shown)["foreign-code"]
    assert (said.severity, said.text) == (
        "serious",
        "“runs/a/epoch_0.pth” would call “os.system” if it were loaded; it was read without doing so.",
    )
    shown = shown_of(one, checkpoints=(replace(one.last, calls=("net.Net", "argparse.Namespace")),))
    assert insights(shown)["foreign-code"].severity == "info"
    assert told(shown)["Loading it"].startswith("This file asks for “net.Net” and “argparse.Namespace”")
    files = (
        replace(one.last, path="runs/a.pth", calls=("net.Net",)),
        replace(one.last, path="runs/b.pth", calls=("os.system",)),
        replace(one.last, path="runs/c.pth", calls=("net.Net",)),
    )
    shown = shown_of(one, checkpoints=files)
    assert insights(shown)["foreign-code"].text.startswith("“runs/b.pth” would call “os.system”")
    assert told(shown)["Loading it"].startswith("b.pth would call “os.system” if")


def test_checkpoints_are_counted_from_one_moment_to_another_of_the_same_kind() -> None:
    one = network(MLP(3, 2))

    def span(*moments: tuple[float | None, float | None]) -> str:
        files = [replace(one.last, path=f"{i}.pt", epoch=epoch, step=step) for i, (epoch, step) in enumerate(moments)]
        return told(shown_of(one, checkpoints=tuple(files)))["Checkpoints"]

    assert span((1, None), (9, 900)) == "2, from epoch 1 to 9"
    assert span((None, 100), (9, 900)) == "2, from step 100 to 900"
    assert span((1, None), (None, 2000)) == "2"
    assert span((None, 992), (1, None), (4, None), (40, None)) == "4, from epoch 1 to 40"


def test_tied_weights_are_counted_once() -> None:
    shown = page(network(Transformer(2)))
    model = Transformer(2)
    count = sum(one.numel() for one in model.parameters())
    assert told(shown)["Parameters"].startswith(f"{count:,} ")
    assert insights(shown)["tied-weights"].text == (
        "“head.weight” and “embed.weight” are the same weights: 64 k parameters counted once."
    )
    table = figures(shown)["layers"].spec
    assert isinstance(table, Table)
    place = [column.label for column in table.columns].index("Parameters")
    assert sum(row[place].sort or 0 for row in table.rows if not isinstance(row[place].sort, str)) == count


def test_types_that_are_mixed_are_told() -> None:
    one = network(MLP(100, 100, 100))
    tensors = tuple(
        replace(t, dtype="bfloat16", octets=t.octets // 2) if "0." in t.name else t for t in one.last.tensors
    )
    shown = shown_of(one, checkpoints=(replace(one.last, tensors=tensors),))
    assert insights(shown)["mixed-types"].text == "Parameters are of 2 types: 50 % bfloat16, 50 % float32."
    where = figures(shown)["where"].spec
    assert isinstance(where, Treemap)
    assert [name for name, _ in where.views] == ["parameters", "bytes"]


# --- layers -----------------------------------------------------------------------------------------------------------


def test_every_layer_has_a_row_that_leads_to_its_box(resnet: Network) -> None:
    shown = page(resnet)
    rows = table(shown, "layers")
    assert len(rows) == 54
    assert rows["layer2.0.conv1"] | {"RMS": "", "Largest": "", "Moved": ""} == {
        "Layer": "layer2.0.conv1",
        "Kind": "Conv2d",
        "What it does": "32 filters of 3 × 3 over 16 channels, in steps of 2",
        "Output": "32 × 16 × 16",
        "Parameters": "4,608",
        "Share": "1.7 %",
        "Multiply-adds": "1.18 M",
        "Of all": "2.9 %",
        "Activations": "8.19 k",
        "Type": "float32",
        "RMS": "",
        "Largest": "",
        "Moved": "",
    }
    assert rows["layer3.1.conv1"]["Moved"] == "frozen"
    assert rows["layer1.0.relu"]["Parameters"] == "–"
    diagram, layers = (figures(shown)[name].spec for name in ("structure", "layers"))
    assert isinstance(diagram, Diagram)
    assert isinstance(layers, Table)
    boxes = {f"#m={box.id}" for box in diagram.boxes}
    kept = [row for row in layers.rows if ".1." not in row[0].text and ".2." not in row[0].text]
    assert [row[0].href for row in kept if row[0].href not in boxes] == []
    assert layers.searchable
    assert [row[0].sort for row in layers.rows] == list(range(54))


def test_rms_and_movement_are_those_of_numpy(resnet: Network) -> None:
    rows = table(page(resnet), "layers")
    statistics, whole = resnet.last.statistics["conv1.weight"], resnet.changes[-1]
    assert (whole.before, whole.after) == ("runs/a/epoch_0.pth", "runs/a/epoch_2.pth")
    assert rows["conv1"]["RMS"] == f"{statistics.norm / math.sqrt(432):.3g}"
    moved = float(whole.relative[whole.names.index("conv1.weight")])
    assert rows["conv1"]["Moved"] == f"{100 * moved:.0f} %"


def test_columns_nobody_knows_are_left_out() -> None:
    rows = table(page(network(MLP(3, 4, 2))), "layers")
    assert list(rows["0"]) == ["Layer", "Kind", "Parameters", "Share", "What it does", "Type", "RMS", "Largest"]


def test_layers_of_repeated_blocks_share_a_row_in_deep_models() -> None:
    shown = page(network(Transformer(24), torch.zeros(1, 16, dtype=torch.long), evidence="graph"))
    rows = table(shown, "layers")
    assert len(rows) == 12
    assert rows["blocks.0.q"]["Times"] == "×24"
    assert "layers, 1.26 M parameters" in figures(shown)["layers"].caption
    assert "12 have a row" in figures(shown)["layers"].caption


def test_the_stable_rank_is_shown_where_it_is_known() -> None:
    one = network(MLP(3, 4, 2))
    statistics = {name: replace(s, stable_rank=2.345) for name, s in one.last.statistics.items()}
    rows = table(shown_of(one, checkpoints=(replace(one.last, statistics=statistics),)), "layers")
    assert rows["0"]["Rank"] == "2.35" or rows["0"]["Rank"] == "2.34"


# --- areas ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "example"),
    [
        (ResNet(), CIFAR),
        (UNet(), torch.zeros(1, 1, 32, 32)),
        (Transformer(3), torch.zeros(1, 8, dtype=torch.long)),
        (Policy(), torch.zeros(1, 8)),
        (Detector(), torch.zeros(1, 3, 64, 64)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_areas_add_up_to_the_whole(model: torch.nn.Module, example: torch.Tensor) -> None:
    one = network(model, example, evidence="modules")
    spec = figures(page(one))["where"].spec
    assert isinstance(spec, Treemap)
    sums = {name: sum(tile.value for tile in tiles) for name, tiles in spec.views}
    assert sums["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert sums["multiply-adds"] == one.modules[0].macs
    assert all(len({tile.path for tile in tiles}) == len(tiles) for _, tiles in spec.views)
    assert not any("%" in tile.text for _, tiles in spec.views for tile in tiles)  # the figure tells shares


def test_what_a_block_does_itself_has_an_area() -> None:
    one = network(Transformer(2), torch.zeros(1, 8, dtype=torch.long), evidence="modules")
    modules = tuple(replace(m, macs=(m.macs or 0) + 1000) if m.kind == "TransformerBlock" else m for m in one.modules)
    spec = figures(shown_of(one, modules=modules))["where"].spec
    assert isinstance(spec, Treemap)
    tiles = {tile.path: tile for tile in dict(spec.views)["multiply-adds"]}
    assert tiles["blocks", "0", "(own)"].value == 1000


def test_the_smallest_of_very_many_areas_are_joined() -> None:
    shapes = {f"block{i // 100}.layer{i}.weight": (2 + i % 7, 2) for i in range(1500)}
    arrays = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    one = Network("wide", "weights", (checkpoint(arrays),))
    spec = figures(page(one))["where"].spec
    assert isinstance(spec, Treemap)
    ((_, tiles),) = spec.views
    assert len(tiles) <= 700
    assert sum(tile.value for tile in tiles) == sum(array.size for array in arrays.values())
    assert any("small layers" in tile.path[-1] for tile in tiles)


def test_one_layer_that_outweighs_all_others_is_named() -> None:
    shown = page(network(MLP(1000, 1000, 4, 4, 2)))
    said = insights(shown)["large-layer"]
    assert said.text == "One layer, “0”, holds 99.6 % of all parameters (1 M); the other 3 layers share the rest."
    assert "large-layer" not in insights(page(network(ResNet())))


def test_where_parameters_and_work_are_is_said(resnet: Network) -> None:
    said = insights(page(resnet))
    assert said["model-size"].text == "272 k parameters, 1.09 MB as float32; 75 % of that is in “layer3”."
    assert said["model-compute"].text == (
        "40.8 M multiply-adds for an input of 1 × 3 × 32 × 32 (81.6 MFLOP); most of that is in “layer1” (35 %) and "
        "“layer2” (32 %)."
    )


# --- shapes and sight -------------------------------------------------------------------------------------------------


def test_the_pyramid_has_side_and_channels(resnet: Network) -> None:
    figure = figures(page(resnet))["shapes"]
    assert isinstance(figure.spec, Plot)
    side, channels = figure.spec.layers
    assert (side.label, channels.label) == ("side or length", "channels or features")
    assert (side.y[0], side.y[1], channels.y[0], channels.y[1], channels.y[-1]) == (32, 32, 3, 16, 10)
    assert np.isnan(side.y[-1])
    assert sorted(set(side.y[np.isfinite(side.y)])) == [1, 8, 16, 32]
    assert figure.caption.startswith("From 3 × 32 × 32 to 10. The most elements come out of “conv1”: 16 × 32 × 32.")


def test_channels_that_stand_last_are_found_out() -> None:
    def layer(path: str, side: int, channels: int) -> Module:
        settings = {"out_channels": channels}
        return Module(path, "Conv2D", settings=settings, outputs=(("batch", side, side, channels),))

    modules = (Module("", "Functional"), layer("a", 32, 8), layer("b", 16, 16), layer("c", 8, 32))
    one = Network("keras", "graph", (Checkpoint("a.h5", "Keras", 1),), modules)
    spec = figures(page(one))["shapes"].spec
    assert isinstance(spec, Plot)
    assert [layer.y.tolist() for layer in spec.layers] == [[32, 16, 8], [8, 16, 32]]


def test_shapes_without_numbers_are_no_figure() -> None:
    modules = tuple(Module(f"l{i}", "Linear", outputs=(("batch", "length", 4 + i),)) for i in range(5))
    one = Network("n", "graph", (Checkpoint("a", "ONNX", 1),), modules)
    assert "shapes" not in figures(page(one))


def fields(*sizes: float) -> dict[str, Field]:
    paths = ["conv1", *(f"layer{i}.0.conv1" for i in (1, 2, 3)), "pool"]
    return {path: Field((size,) * 2, (1.0,) * 2, (0.0,) * 2) for path, size in zip(paths, sizes, strict=True)}


def test_what_units_see_is_set_beside_the_input() -> None:
    shown = page(network(ResNet(), CIFAR, evidence="graph", fields=fields(3, 15, 37, 81, math.inf)))
    said = insights(shown)["receptive-field"]
    assert said.text == (
        "The first units to see an area as large as the whole input of 32 × 32 px are those of “layer2.0.conv1”; at "
        "most 81 × 81 px are seen, in “layer3.0.conv1”."
    )
    figure = figures(shown)["sight"]
    assert isinstance(figure.spec, Plot)
    field, given = figure.spec.layers
    assert (field.y[:4].tolist(), given.y.tolist()) == ([3, 15, 37, 81], [32, 32])
    assert field.notes[-1] == "pool sees the whole input"
    assert "“pool” joins the whole input" in figure.caption


def test_what_a_layer_does_is_not_another_layer() -> None:
    """A convolution that pads by a module of its own, so that its operation has a box beside that."""
    arrays, size = {"conv.weight": np.ones((4, 1, 3, 3), np.float32)}, ((1, 4, 8, 8),)
    modules = (
        Module("", "", macs=2304.0),
        Module("conv", "Conv2dSame", tensors=("conv.weight",), outputs=size, macs=2304.0),
        Module("conv.pad", "ZeroPad2d", outputs=((1, 1, 10, 10),)),
    )
    operations = (
        Operation("pad", "aten.pad.default", "conv.pad", ("x",), outputs=((1, 1, 10, 10),)),
        Operation("conv2d", "aten.conv2d.default", "conv", ("pad",), ("conv.weight",), outputs=size, macs=2304.0),
        Operation("matmul", "aten.matmul.default", "", ("conv2d", "x"), outputs=size, macs=512.0),
    )
    found = Network("n", "graph", (checkpoint(arrays),), modules, operations, inputs=(Port("x", (1, 1, 8, 8)),))
    table = figures(page(found))["layers"].spec
    assert isinstance(table, Table)
    assert [row[0].text for row in table.rows] == ["conv", "conv.pad", "matmul"]


def test_layers_stand_for_their_padding_and_see_what_they_see_at_each_use() -> None:
    """A convolution that pads by a module of its own, and one ReLU for two convolutions."""

    def area(size: float) -> Field:
        return Field((size, size), (1.0, 1.0), (0.0, 0.0))

    arrays = {"conv.weight": np.ones((4, 1, 3, 3), np.float32), "last.weight": np.ones((8, 4, 9, 9), np.float32)}
    first, last = ((1, 4, 8, 8),), ((1, 8, 8, 8),)
    modules = (
        Module("", ""),
        Module("conv", "Conv2dSame", tensors=("conv.weight",), outputs=first, field=area(3)),
        Module("conv.pad", "ZeroPad2d", outputs=((1, 1, 10, 10),), field=area(1)),
        Module("act", "ReLU", calls=2, outputs=(*first, *last), field=area(11)),
        Module("last", "Conv2d", tensors=("last.weight",), outputs=last, field=area(11)),
    )
    operations = (
        Operation("a", "aten.pad.default", "conv.pad", ("x",), outputs=((1, 1, 10, 10),), field=area(1)),
        Operation("b", "aten.conv2d.default", "conv", ("a",), ("conv.weight",), outputs=first, field=area(3)),
        Operation("c", "aten.relu.default", "act", ("b",), outputs=first, field=area(3)),
        Operation("d", "aten.conv2d.default", "last", ("c",), ("last.weight",), outputs=last, field=area(11)),
        Operation("e", "aten.relu.default", "act", ("d",), outputs=last, field=area(11)),
    )
    inputs = (Port("x", (1, 1, 8, 8), "float32"),)
    shown = page(Network("n", "graph", (checkpoint(arrays),), modules, operations, inputs=inputs))
    sight = figures(shown)["sight"].spec
    assert isinstance(sight, Plot)
    assert [note.split(" sees ")[0] for note in sight.layers[0].notes] == ["conv", "act", "last", "act (2)"]
    assert sight.layers[0].y.tolist() == [3, 3, 11, 11]
    assert "Units of “last” see 11 × 11 px" in insights(shown)["receptive-field"].text
    assert "100 % in convolutions" in figures(shown)["where"].caption


def test_filters_that_see_less_than_the_input_are_told() -> None:
    shown = page(network(ResNet(), CIFAR, evidence="graph", fields=fields(3, 5, 7, 9, math.inf)))
    assert insights(shown)["receptive-field"].text == (
        "Units of “layer3.0.conv1” see 9 × 9 px of an input of 32 × 32 px: no filter sees all of it."
    )
    assert "sight" not in figures(page(network(ResNet(), CIFAR, evidence="graph")))


# --- several models ---------------------------------------------------------------------------------------------------


def test_several_models_have_pages_and_a_table_that_leads_there(resnet: Network) -> None:
    shown = page(resnet, network(MLP(3, 2), name="net"), network(UNet(), name="U-Net/a b"))
    overview = figures(shown)["models"]
    assert overview.page == ""
    assert isinstance(overview.spec, Table)
    assert [row[0].text for row in overview.spec.rows] == ["net", "net (2)", "U-Net/a b"]
    hrefs = [row[0].href for row in overview.spec.rows]
    assert hrefs == [f"{slug}/index.html" for slug in unique_slugs(["net", "net (2)", "U-Net/a b"])]
    pages = {one.page for one in shown if isinstance(one, Figure)} - {""}
    assert pages == {"net", "net (2)", "U-Net/a b"}
    assert all(one.text.split(": ")[0] in pages for one in shown if isinstance(one, Insight))
    assert list(facts(shown)) == ["Model “net”", "Model “net (2)”", "Model “U-Net/a b”"]
    assert facts(shown)["Model “net”"] == "272 k parameters, 1.1 MB, 40.8 M multiply-adds"


def test_of_very_many_models_the_first_have_pages() -> None:
    shown = page(*(network(MLP(3, 2), name=f"m{i}") for i in range(30)))
    assert len({one.page for one in shown if isinstance(one, Figure)}) == 13
    overview = figures(shown)["models"].spec
    assert isinstance(overview, Table)
    assert len(overview.rows) == 30
    assert overview.rows[-1][0].href == ""
    assert facts(shown)["Models"] == "26 more"


# --- between checkpoints ----------------------------------------------------------------------------------------------


def test_what_moved_and_what_is_frozen_is_said_and_shown(resnet: Network) -> None:
    shown = page(resnet)
    said = insights(shown)
    assert said["frozen-layers"].text == (
        "“layer3” did not change between epoch 0 and epoch 2 (frozen): 75 % of the 272 k parameters."
    )
    steps = figures(shown)["steps"].spec
    assert isinstance(steps, Matrix)
    assert steps.columns == ("epoch 1", "epoch 2")
    assert steps.values[steps.rows.index("layer3.0.conv1")].tolist() == [0, 0]
    first = next(one for one in resnet.changes if one.after.endswith("_1.pth"))
    expected = 100 * first.relative[first.names.index("conv1.weight")]
    assert steps.values[steps.rows.index("conv1"), 0] == pytest.approx(expected)
    bars = figures(shown)["moved"]
    assert isinstance(bars.spec, Plot)
    assert bars.caption.endswith("The 30 of 43 layers that moved furthest.")
    assert ", cosine " in bars.spec.layers[0].notes[0]


def test_a_layer_that_moved_further_than_others_is_named() -> None:
    first = weights(MLP(8, 8, 8, 8, 8, 8))
    second = {name: value * (3.0 if name == "4.weight" else 1.1) for name, value in first.items()}
    shown = page(network(MLP(8, 8, 8, 8, 8, 8), moments=[first, second]))
    assert insights(shown)["moved-most"].text == (
        "“4” moved furthest between epoch 0 and epoch 1: by 2 times its size, the median layer by 10 % of its size."
    )
    assert "steps" not in figures(shown)


def test_equal_checkpoints_are_said_to_be_equal() -> None:
    first = weights(MLP(8, 8, 8))
    shown = page(network(MLP(8, 8, 8), moments=[first, first]))
    assert insights(shown)["nothing-moved"].severity == "warning"
    assert "frozen-layers" not in insights(shown)


def test_checkpoints_of_one_epoch_are_told_apart() -> None:
    first = weights(MLP(8, 8, 8))
    second = {name: value * 2 for name, value in first.items()}
    one = network(MLP(8, 8, 8), moments=[first, second, first])
    shown = shown_of(one, checkpoints=tuple(replace(c, epoch=1.0) for c in one.checkpoints))
    steps = figures(shown)["steps"].spec
    assert isinstance(steps, Matrix)
    assert steps.columns == ("runs/a/epoch_1.pth", "runs/a/epoch_2.pth")


def test_many_layers_are_shown_by_block() -> None:
    model = Transformer(24, 8, 16)
    first = weights(model)
    moments = [{name: value * (1 + step / 10) for name, value in first.items()} for step in range(3)]
    steps = figures(page(network(model, moments=moments)))["steps"]
    assert isinstance(steps.spec, Matrix)
    assert len(steps.spec.rows) <= 60
    assert "blocks.23" in steps.spec.rows
    assert steps.caption.startswith("Change of the median layer of each block")
    assert np.allclose(steps.spec.values[:, 0], 10, atol=0.01)
