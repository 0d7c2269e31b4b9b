"""From real files to the page: what other people trained, read by our readers, against what is known of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from made_models import ResNet, figures, insights

from dlviz_docs.model import Experiment, Models
from dlviz_docs.readers.networks import Found, plan, read
from dlviz_docs.renderers.architecture import Architecture
from dlviz_docs.view import Diagram, Shown, Table


def shown(root: Path, *files: str, runs: dict[str, str] | None = None) -> list[Shown]:
    found = Found(root, files, runs or {})
    return page(read(found, plan(found)))


def page(models: Models) -> list[Shown]:
    return list(Architecture()(Experiment("slug", "Title", "path", models=models)))


def told(shown: list[Shown], place: str = "") -> dict[str, str]:
    spec = figures(shown)[f"{place}model-facts"].spec
    assert isinstance(spec, Table)
    return {row[0].text: row[1].text for row in spec.rows}


def facts_of(corpora: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpora / name / "facts.json").read_text(encoding="utf-8"))["files"]
    return found


def counted(diagram: Diagram) -> Counter[str]:
    """Boxes by kind, each as often as it stands for one."""
    boxes, found = {box.id: box for box in diagram.boxes}, Counter[str]()
    for box in diagram.boxes:
        times, above = box.times, box.parent
        while above:
            times, above = times * boxes[above].times, boxes[above].parent
        found[box.kind] += times
    return found


def number(text: str) -> int:
    return int(text.split(" ")[0].replace(",", ""))


@pytest.mark.parametrize("file", ["pretrained_models/resnet20-12fca82f.th", "pretrained_models/resnet32-d509ac18.th"])
def test_a_resnet_of_cifar_is_recognised_by_its_weights(corpora: Path, file: str) -> None:
    found = shown(corpora / "ckpt_cifar_resnet/data", file)
    known = facts_of(corpora, "ckpt_cifar_resnet")[file]
    facts = told(found)
    assert number(facts["Parameters"]) + number(facts["Buffers"]) == known["state_dict"]["values"]
    assert float(facts["best_prec1"]) == pytest.approx(known["top_scalars"]["best_prec1"], rel=1e-3)
    layers = figures(found)["layers"].spec
    assert isinstance(layers, Table)
    kinds = [row[1].text for row in layers.rows]
    depth = 20 if "20" in file else 32
    assert (kinds.count("Conv2d"), kinds.count("BatchNorm2d"), kinds.count("Linear")) == (depth - 1, depth - 1, 1)
    diagram = figures(found)["structure"].spec
    assert isinstance(diagram, Diagram)
    assert {box.times for box in diagram.boxes} >= {(depth - 2) // 6}
    assert "dead-channels" in insights(found)
    assert "first" in figures(found)["filters"].title.lower()


def test_an_exported_detector_has_its_graph(corpora: Path) -> None:
    file, other = "models/onnx/version-slim-320.onnx", "models/pretrained/version-slim-320.pth"
    found = shown(corpora / "ckpt_onnx_ultralight/data", file, other)
    known = facts_of(corpora, "ckpt_onnx_ultralight")
    facts = told(found)
    assert facts["Known from"] == "a graph of operations (A)"
    assert number(facts["Parameters"]) + number(facts["Buffers"]) == known[other]["state_dict"]["values"]
    diagram = figures(found)["structure"].spec
    assert isinstance(diagram, Diagram)
    kinds = counted(diagram)
    assert kinds["Conv2d"] == known[file]["ops"]["Conv"]
    assert kinds["BatchNorm2d"] == known[file]["ops"]["BatchNormalization"]
    assert {box.label for box in diagram.boxes if box.family == "port"} == {"input", "scores", "boxes"}
    assert not {"Constant", "Shape", "Unsqueeze"} & set(kinds)
    assert "sight" in figures(found)


def test_a_keras_model_has_its_graph_and_its_training(corpora: Path) -> None:
    pytest.importorskip("h5py")
    folder = "trained_models/emotion_models"
    files = [f"{folder}/fer2013_mini_XCEPTION.00-0.47.hdf5", f"{folder}/fer2013_mini_XCEPTION.102-0.66.hdf5"]
    found = shown(corpora / "ckpt_keras_face/data", *files)
    known = facts_of(corpora, "ckpt_keras_face")[files[-1]]
    facts = told(found)
    assert number(facts["Parameters"]) + number(facts["Buffers"]) == known["weight_values"]
    assert facts["Checkpoints"] == "2, from epoch 0 to 102"
    assert "optimizer-larger" in insights(found)
    assert "moved" in figures(found)
    diagram = figures(found)["structure"].spec
    assert isinstance(diagram, Diagram)
    assert counted(diagram)["Add"] == known["layer_classes"]["Add"]
    assert not any(wire.skip for wire in diagram.wires), "both ways lead through layers"
    layers = {box.kind for box in diagram.boxes}
    assert {"Conv2D", "SeparableConv2D", "BatchNormalization", "Add", "GlobalAveragePooling2D"} <= layers


def test_checkpoints_of_one_run_are_steps_and_those_of_another_are_none(tmp_path: Path) -> None:
    torch.manual_seed(0)
    for run in ("a", "b"):
        model = ResNet((1, 1))
        (tmp_path / run).mkdir()
        for epoch in range(4):
            torch.save({"state_dict": model.state_dict(), "epoch": epoch}, tmp_path / run / f"epoch_{epoch}.pth")
            with torch.no_grad():
                for name, value in model.named_parameters():
                    if "layer2" not in name:
                        value += 0.01 * (1 + epoch) * torch.randn_like(value)
    files = [f"{run}/epoch_{epoch}.pth" for run in ("a", "b") for epoch in range(4)]
    found = shown(tmp_path, *files, runs={"a": "a", "b": "b"})
    assert told(found)["Checkpoints"].startswith("8, ")
    assert told(found)["Checkpoints"].endswith(", of 2 runs")
    assert insights(found)["frozen-layers"].text.startswith("“layer2” did not change between ")
    steps = figures(found)["steps"].spec
    assert len(steps.columns) == 3  # type: ignore[union-attr]
    assert " Of run b, the last of 2." in figures(found)["moved"].caption


def test_a_damaged_checkpoint_leaves_no_page_and_a_problem(tmp_path: Path) -> None:
    torch.save(ResNet((1,)).state_dict(), tmp_path / "model.pth")
    whole = (tmp_path / "model.pth").read_bytes()
    (tmp_path / "model.pth").write_bytes(whole[: len(whole) // 3])
    found = Found(tmp_path, ("model.pth",))
    models = read(found, plan(found))
    problems = [*models.problems, *(problem for one in models.networks for problem in one.problems)]
    assert problems
    assert isinstance(page(models), list)
