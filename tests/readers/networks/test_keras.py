"""Keras files against what Keras says of them, files written as older ones wrote them, and damaged ones."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.errors import ReadError
from dlviz_docs.readers.networks._keras_graph import structure_of
from dlviz_docs.readers.networks._stored import chunks, load
from dlviz_docs.readers.networks.keras import KerasFile, read_keras

CASES = Path(__file__).parent / "keras_cases"
FACTS: dict[str, Any] = json.loads((CASES / "facts.json").read_text(encoding="utf-8"))
FILES = sorted(path.name for path in CASES.iterdir() if path.suffix in (".keras", ".h5"))
WHOLE = [name for name in FILES if not name.endswith(".weights.h5") and not name.startswith("own")]


def read(name: str) -> KerasFile:
    return read_keras(CASES / name, name)


def weights(file: KerasFile) -> dict[str, tuple[int, ...]]:
    return {tensor.name: tensor.shape for tensor in file.tensors if tensor.role != "optimizer"}


# --- against Keras ---


@pytest.mark.parametrize("name", FILES)
def test_every_weight_is_there_with_its_elements(name: str) -> None:
    file, facts = read(name), FACTS[name.partition(".")[0]]
    found = [load(file.stored[key], 1 << 20).astype(np.float64).sum() for key in weights(file)]
    assert sorted(weights(file).values()) == sorted(tuple(shape) for _, shape, _ in facts["weights"])
    assert sorted(found) == pytest.approx(sorted(total for _, _, total in facts["weights"]), rel=1e-5, abs=1e-5)
    assert sum(t.size for t in file.tensors if t.role != "optimizer") == facts["parameters"]
    assert file.problems == ()


@pytest.mark.parametrize("name", WHOLE)
def test_shapes_and_classes_of_layers_are_those_of_keras(name: str) -> None:
    file, facts = read(name), FACTS[name.partition(".")[0]]
    modules = {module.path.rpartition(".")[2]: module for module in file.modules}
    for layer, (kind, shape) in facts["layers"].items():
        if kind != "InputLayer":
            told = tuple("batch" if place == 0 else length for place, length in enumerate(shape))
            assert (modules[layer].kind, modules[layer].outputs[0]) == (kind, told)
            assert not modules[layer].inferred


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_trained_is_told(name: str) -> None:
    told = sum(tensor.size for tensor in read(name).tensors if tensor.trainable)
    assert told == FACTS[name.partition(".")[0]]["trainable"]


@pytest.mark.parametrize("name", ["cnn", "branches", "text"])
def test_both_formats_give_one_model(name: str) -> None:
    new, old = read(f"{name}.keras"), read(f"{name}.h5")
    assert weights(new) == weights(old)
    assert new.modules == old.modules
    assert new.operations == old.operations
    assert new.inputs == old.inputs
    for key in weights(new):
        assert np.array_equal(load(new.stored[key], 1 << 20), load(old.stored[key], 1 << 20))


@pytest.mark.parametrize("name", ["cnn", "text"])
def test_weights_alone_have_the_names_of_the_whole_model(name: str) -> None:
    alone, whole = read(f"{name}.weights.h5"), read(f"{name}.keras")
    assert weights(alone) == weights(whole)
    kinds = {module.path: module.kind for module in whole.modules}
    told = {module.path: module.kind for module in alone.modules if module.path in kinds and module.kind}
    wrapped = {"bidirectional.forward_lstm", "bidirectional.backward_lstm"}
    assert {path: kind for path, kind in told.items() if path not in wrapped}.items() <= kinds.items()
    assert all(module.inferred for module in alone.modules if module.kind)
    assert alone.operations == ()


def test_operations_go_from_the_input_to_the_outputs_through_inner_models() -> None:
    file = read("branches.keras")
    wires = {operation.name: operation.inputs for operation in file.operations}
    assert wires["shared"] == ("image",)
    assert wires["conv2d"] == ("shared",)
    assert wires["shared:1"] == ("conv2d",)
    assert wires["shortcut"] == ("shared", "shared:1")
    assert wires["inner.conv2d_1"] == ("shortcut",)
    assert wires["concatenate"] == ("inner.activation", "shortcut")
    assert [port.name for port in file.outputs] == ["classes", "value"]
    assert [(port.name, port.shape) for port in file.inputs] == [("image", ("batch", 12, 12, 4))]
    modules = {module.path: module for module in file.modules}
    assert modules["shared"].calls == 2
    # Twice 12 * 12 places, 4 filters of 3 * 3 over 4 channels; in two groups, each sees 2; then 1 * 1 and two heads.
    assert modules["shared"].macs == 2 * 144 * 4 * 9 * 4
    assert modules["conv2d"].macs == 144 * 4 * 9 * 2
    assert modules[""].macs == 2 * 20736 + 10368 + 144 * 4 * 5 + 9 * 3 + 9
    paths = [module.path for module in file.modules]
    assert paths.index("inner") + 1 == paths.index("inner.conv2d_1")


def test_every_operation_takes_what_is_there_before_it() -> None:
    for name in WHOLE:
        file = read(name)
        known = {port.name for port in file.inputs}
        for operation in file.operations:
            assert set(operation.inputs) <= known
            assert set(operation.tensors) <= set(weights(file))
            known.add(operation.name)
        assert {port.name for port in file.outputs} <= known


def test_receptive_fields_follow_channels_last() -> None:
    fields = {module.path: module.field for module in read("cnn.keras").modules}
    told = {path: (field.size, field.jump, field.start) for path, field in fields.items() if field}
    assert told["first"] == ((3, 3), (1, 1), (0, 0))
    assert told["max_pooling2d"] == ((4, 4), (2, 2), (0.5, 0.5))
    assert told["separable_conv2d"] == ((8, 8), (2, 2), (2.5, 2.5))
    assert told["depthwise_conv2d"] == ((12, 12), (2, 2), (2.5, 2.5))
    # One row is put in front and two columns; then one of both is cut.
    assert told["cropping2d"][2] == (told["conv2d_transpose"][2][0], told["conv2d_transpose"][2][1] - 1)
    assert told["head"][0] == (np.inf, np.inf)
    branches = {module.path: module.field for module in read("branches.keras").modules}
    assert branches["inner"] is not None
    assert branches["inner"].size == (7, 7)


def test_padding_is_as_tensorflow_has_it(tmp_path: Path) -> None:
    """For 16 px, a window of 3 in steps of 2 needs one more, which is put behind: the first window begins at 0."""
    layers = [
        layer("InputLayer", "x", [], batch_input_shape=[None, 16, 16, 1]),
        layer("Conv2D", "c", [[["x", 0, 0, {}]]], filters=2, kernel_size=[3, 3], strides=[2, 2], padding="same"),
    ]
    told = config(layers, input_layers=[["x", 0, 0]], output_layers=[["c", 0, 0]])
    file = read_keras(written(tmp_path / "m.h5", {"c": {}}, "model_weights", model_config=told), "m.h5")
    (operation,) = file.operations
    assert operation.outputs == (("batch", 8, 8, 2),)
    assert operation.field is not None
    assert (operation.field.size, operation.field.jump, operation.field.start) == ((3, 3), (2, 2), (1, 1))


def followed(folder: Path, *layers: dict[str, Any], inputs: int = 1) -> KerasFile:
    """Layers of which the first are the inputs, and the last the output."""
    entries = [[one["name"], 0, 0] for one in layers[:inputs]]
    told = config(list(layers), input_layers=entries, output_layers=[[layers[-1]["name"], 0, 0]])
    return read_keras(written(folder / "m.h5", {"c": {}}, "model_weights", model_config=told), "m.h5")


def test_attention_to_another_sequence_costs_what_it_takes(tmp_path: Path) -> None:
    asks = layer("InputLayer", "x", [], batch_input_shape=[None, 5, 8])
    asked = layer("InputLayer", "y", [], batch_input_shape=[None, 11, 6])
    calls = [[["x", 0, 0, {"value": ["y", 0, 0]}]]]
    file = followed(tmp_path, asks, asked, layer("MultiHeadAttention", "a", calls, num_heads=2, key_dim=4), inputs=2)
    projections = 5 * 8 * 8 + 2 * 11 * 6 * 8 + 5 * 8 * 8
    assert file.operations[-1].macs == projections + 2 * 5 * 11 * (4 + 4)


@pytest.mark.parametrize(
    ("more", "length", "start"),
    [({}, 32, -0.5), ({"output_padding": [0, 0]}, 31, 0.0), ({"output_padding": [1, 1]}, 32, -0.5)],
)
def test_a_transposed_convolution_is_as_long_as_keras_makes_it(
    more: dict[str, Any], length: int, start: float, tmp_path: Path
) -> None:
    """A window of 3 in steps of 2, turned round: the first begins half a pixel later where one is cut off in front."""
    settings = {"filters": 4, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", **more}
    picture = layer("InputLayer", "x", [], batch_input_shape=[None, 16, 16, 3])
    (operation,) = followed(
        tmp_path, picture, layer("Conv2DTranspose", "c", [[["x", 0, 0, {}]]], **settings)
    ).operations
    assert operation.outputs == (("batch", length, length, 4),)
    assert operation.macs == 16 * 16 * 9 * 3 * 4
    assert operation.field is not None
    assert operation.field.start == (start, start)


def test_pictures_of_any_size_keep_the_names_of_their_sides(tmp_path: Path) -> None:
    window = {"filters": 4, "kernel_size": [3, 3], "padding": "same"}
    file = followed(
        tmp_path,
        layer("InputLayer", "x", [], batch_input_shape=[None, None, None, 3]),
        layer("Conv2D", "a", [[["x", 0, 0, {}]]], strides=[2, 2], **window),
        layer("UpSampling2D", "b", [[["a", 0, 0, {}]]], size=[2, 2]),
        layer("ZeroPadding2D", "c", [[["x", 0, 0, {}]]], padding=[[1, 2], [0, 0]]),
    )
    half = ("batch", "(height + 1)//2", "(width + 1)//2", 4)
    assert file.operations[0].outputs == (half,)
    assert file.operations[1].outputs == (("batch", "2*((height + 1)//2)", "2*((width + 1)//2)", 4),)
    assert file.operations[2].outputs == (("batch", "height + 3", "width", 3),)


def test_fields_are_of_the_input_that_a_window_slides_along(tmp_path: Path) -> None:
    file = followed(
        tmp_path,
        layer("InputLayer", "numbers", [], batch_input_shape=[None, 8]),
        layer("InputLayer", "picture", [], batch_input_shape=[None, 16, 16, 3]),
        layer("Conv2D", "c", [[["picture", 0, 0, {}]]], filters=2, kernel_size=[3, 3]),
        inputs=2,
    )
    assert file.operations[-1].field is not None
    assert file.operations[-1].field.size == (3, 3)


def test_an_output_of_which_nothing_is_told_is_no_single_number(tmp_path: Path) -> None:
    numbers = layer("InputLayer", "x", [], batch_input_shape=[None, 8])
    file = followed(tmp_path, numbers, layer("Mine", "own", [[["x", 0, 0, {}]]]))
    assert file.operations[-1].outputs == ()
    assert file.outputs[0].shape == ("?",)


def test_models_without_layers_that_call_each_other_are_bounded() -> None:
    """Each of 24 levels uses the one in it twice: sixteen million uses, none of which does anything."""
    told: dict[str, Any] = {"layers": [layer("InputLayer", "x", [], batch_input_shape=[None, 4])]}
    told |= {"input_layers": [["x", 0, 0]], "output_layers": [["x", 0, 0]]}
    for _ in range(24):
        inner = {"class_name": "Functional", "name": "m", "config": told, "inbound_nodes": [[["x", 0, 0]]] * 2}
        told = {**told, "layers": [told["layers"][0], inner], "output_layers": [["m", 1, 0]]}
    assert not structure_of("Functional", told).whole


def test_settings_are_called_as_in_pytorch() -> None:
    modules = {module.path: module.settings for module in read("cnn.keras").modules}
    first = modules["first"]
    assert {key: first[key] for key in ("in_channels", "out_channels", "kernel_size", "padding", "activation")} == {
        "in_channels": 3,
        "out_channels": 8,
        "kernel_size": (3, 3),
        "padding": "same",
        "activation": "relu",
    }
    assert modules["depthwise_conv2d"]["groups"] == 12
    assert (modules["head"]["in_features"], modules["head"]["out_features"]) == (6, 10)
    assert modules["dropout"]["p"] == 0.3


def test_kernels_can_be_had_with_filters_first() -> None:
    file = read("cnn.keras")
    kernel = load(file.stored["first.kernel"], 1 << 20)
    assert kernel.shape == (8, 3, 3, 3)
    with h5py.File(CASES / "cnn.h5") as opened:
        told = opened["model_weights/first/cnn/first/kernel"][()]
    assert np.array_equal(kernel, told.transpose(3, 2, 0, 1))
    assert load(file.stored["head.kernel"], 1 << 20).shape == (10, 6)


def test_what_a_file_says_of_its_training() -> None:
    facts = read("cnn.keras").facts
    assert (facts["optimizer"], facts["loss"], facts["Keras version"]) == ("Adam", "mse", "3.15.1")
    optimizer = [tensor for tensor in read("cnn.keras").tensors if tensor.role == "optimizer"]
    assert len(optimizer) == 2 + 2 * 13


def test_code_and_classes_of_somebodys_own_are_told_and_not_touched() -> None:
    for name in ("mixed.keras", "mixed.h5"):
        file = read(name)
        assert file.calls == ("marshal.loads", "mine>Gate")
        assert file.facts["Lambda layers"] == "doubled (marshalled Python code, which was not run)"
        assert {t.name: t.dtype for t in file.tensors if t.name.endswith("kernel")} == {
            "half.kernel": "bfloat16",
            "last.kernel": "float16",
        }


@pytest.mark.parametrize(
    ("function", "calls"),
    [
        (["4wEAAAABAAAA", None, None], ("marshal.loads",)),
        ({"class_name": "function", "items": ["4wEAAA==\n", None, None]}, ("marshal.loads",)),
        ({"class_name": "__lambda__", "config": {"code": "4wEAAA=="}}, ("marshal.loads",)),
        ("relu", ()),
        ({"class_name": "function", "config": "relu"}, ()),
    ],
)
def test_lambdas_of_every_age(function: Any, calls: tuple[str, ...], tmp_path: Path) -> None:
    told = config([layer("InputLayer", "x", []), layer("Lambda", "l", [[["x", 0, 0]]], function=function)])
    file = read_keras(written(tmp_path / "m.h5", {"l": {}}, "model_weights", model_config=told), "m.h5")
    assert file.calls == calls
    assert file.facts["Lambda layers"].startswith("l")


def test_a_model_of_somebodys_own_class_has_the_layers_of_its_weights() -> None:
    file = read("own.keras")
    assert file.modules[0].kind == "Own"
    assert {module.path: module.kind for module in file.modules if module.tensors} == {
        "dense_2": "Dense",
        "blocks.dense_3": "Dense",
        "blocks.dense_4": "Dense",
    }


# --- older files ---


def test_real_files_of_keras_2(corpora: Path) -> None:
    folder = corpora / "ckpt_keras_face"
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))["files"]
    seen = 0
    for path in sorted((folder / "data").rglob("*.hdf5")):
        told = facts[path.relative_to(folder / "data").as_posix()]
        file = read_keras(path, path.name)
        own = [tensor for tensor in file.tensors if tensor.role != "optimizer"]
        assert (len(own), sum(tensor.size for tensor in own)) == (told["weight_arrays"], told["weight_values"])
        assert file.facts["Keras version"] == told["keras_version"]
        kinds = [module.kind for module in file.modules[1:]]
        kinds += ["InputLayer"] * len(file.inputs)
        assert {kind: kinds.count(kind) for kind in set(kinds)} == told["layer_classes"]
        assert any(tensor.role == "optimizer" for tensor in file.tensors) == told["has_optimizer"]
        assert file.outputs[0].shape == ("batch", 7)
        seen += 1
    assert seen == 3


def written(path: Path, layers: dict[str, dict[str, np.ndarray]], root: str = "", **attributes: str) -> Path:
    """Weights as Keras 1 and 2 write them."""
    with h5py.File(path, "w") as file:
        for name, value in attributes.items():
            file.attrs[name] = value
        group = file.create_group(root) if root else file
        group.attrs["layer_names"] = np.array([name.encode() for name in layers], "S")
        for layer, arrays in layers.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = np.array([name.encode() for name in arrays], "S") if arrays else np.zeros(0)
            for name, array in arrays.items():
                inner.create_dataset(name, data=array)
    return path


def dense(name: str, into: int = 4, out: int = 2) -> dict[str, np.ndarray]:
    return {f"{name}/kernel:0": np.ones((into, out), "f4"), f"{name}/bias:0": np.zeros(out, "f4")}


def config(layers: list[dict[str, Any]], **more: Any) -> str:
    return json.dumps({"class_name": "Model", "config": {"name": "model", "layers": layers, **more}})


def layer(kind: str, name: str, inbound: list[Any], **settings: Any) -> dict[str, Any]:
    return {"class_name": kind, "name": name, "config": {"name": name, **settings}, "inbound_nodes": inbound}


def test_weights_without_a_configuration_tell_their_layers(tmp_path: Path) -> None:
    layers = {
        "stem": {"stem/kernel:0": np.zeros((3, 3, 1, 8), "f4")},
        "norm": {f"norm/{name}:0": np.zeros(8, "f4") for name in ("gamma", "beta", "moving_mean", "moving_variance")},
        "up": {"up/kernel:0": np.zeros((2, 2, 4, 8), "f4"), "up/bias:0": np.zeros(4, "f4")},
        "memory": {
            "memory/cell/kernel:0": np.zeros((4, 24), "f4"),
            "memory/cell/recurrent_kernel:0": np.zeros((6, 24), "f4"),
        },
        "dense_3": dense("dense_3"),
        "relu": {},
    }
    file = read_keras(written(tmp_path / "model_weights.h5", layers), "model_weights.h5")
    kinds = {module.path: module.kind for module in file.modules if module.tensors}
    assert kinds == {
        "stem": "Conv2D",
        "norm": "BatchNormalization",
        "up": "Conv2DTranspose",
        "memory": "LSTM",
        "dense_3": "Dense",
    }
    assert {tensor.name for tensor in file.tensors if tensor.role == "buffer"} == {
        "norm.moving_mean",
        "norm.moving_variance",
    }


def test_calls_of_tf_keras_with_references_among_arguments(tmp_path: Path) -> None:
    layers = [
        layer("InputLayer", "x", [], batch_input_shape=[None, 4]),
        layer("Dense", "a", [[["x", 0, 0, {}]]], units=3),
        layer("Dense", "b", [[["x", 0, 0, {}]]], units=3),
        layer("TFOpLambda", "tf.__operators__.add", [["a", 0, 0, {"y": ["b", 0, 0], "name": None}]], function="add"),
    ]
    told = config(layers, input_layers=[["x", 0, 0]], output_layers=[["tf.__operators__.add", 0, 0]])
    path = written(tmp_path / "model.h5", {"a": dense("a", 4, 3)}, "model_weights", model_config=told)
    file = read_keras(path, "model.h5")
    assert file.operations[-1].inputs == ("a", "b")
    assert file.outputs[0].name == "tf___operators___add"
    assert file.calls == ()


def test_models_within_models_count_their_calls_from_one(tmp_path: Path) -> None:
    inner = {
        "name": "inner",
        "layers": [
            layer("InputLayer", "i", [], batch_input_shape=[None, 4]),
            layer("Dense", "d", [[["i", 0, 0, {}]]], units=4),
        ],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["d", 0, 0]],
    }
    layers = [
        layer("InputLayer", "x", [], batch_input_shape=[None, 4]),
        {"class_name": "Model", "name": "inner", "config": inner, "inbound_nodes": [[["x", 0, 0, {}]]]},
        layer("Dense", "out", [[["inner", 1, 0, {}]]], units=1),
    ]
    told = config(layers, input_layers=[["x", 0, 0]], output_layers=[["out", 0, 0]])
    weights_of: dict[str, dict[str, np.ndarray]] = {"inner": dense("d", 4, 4), "out": dense("out", 4, 1)}
    file = read_keras(written(tmp_path / "m.h5", weights_of, "model_weights", model_config=told), "m.h5")
    assert [(o.name, o.inputs) for o in file.operations] == [("inner.d", ("x",)), ("out", ("inner.d",))]
    assert list(weights(file)) == ["inner.d.kernel", "inner.d.bias", "out.kernel", "out.bias"]


@pytest.mark.parametrize("packing", [{"chunks": (3, 2)}, {"chunks": (2, 3), "compression": "gzip", "shuffle": True}])
def test_arrays_in_chunks(packing: dict[str, Any], tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(7, 5)).astype("f4")
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"d"])
        group = file.create_group("d")
        group.attrs["weight_names"] = np.array([b"d/kernel:0"])
        group.create_dataset("d/kernel:0", data=array, fletcher32=True, **packing)
    file = read_keras(tmp_path / "m.h5", "m.h5")
    assert np.array_equal(load(file.stored["d.kernel"], 1 << 20), array.T)
    assert sum(map(len, chunks(file.stored["d.kernel"]))) == array.size


def test_lists_of_names_that_are_cut_in_pieces(tmp_path: Path) -> None:
    path = written(tmp_path / "m.h5", {"a": dense("a"), "b": dense("b")})
    with h5py.File(path, "r+") as file:
        del file.attrs["layer_names"]
        file.attrs["layer_names0"] = np.array([b"a"])
        file.attrs["layer_names1"] = np.array([b"b"])
    assert list(weights(read_keras(path, "m.h5"))) == ["a.kernel", "a.bias", "b.kernel", "b.bias"]


def test_weights_of_keras_1_have_the_names_of_today(tmp_path: Path) -> None:
    layers = {
        "block1_conv1": {
            "block1_conv1_W_1:0": np.zeros((3, 3, 3, 8), "f4"),
            "block1_conv1_b_1:0": np.zeros(8, "f4"),
        },
        "bn2a": {f"bn2a_{n}_1:0": np.zeros(8, "f4") for n in ("gamma", "beta", "running_mean", "running_std")},
        "fc1": {"fc1_W_1:0": np.zeros((8, 4), "f4"), "fc1_b_1:0": np.zeros(4, "f4")},
    }
    file = read_keras(written(tmp_path / "vgg16_weights.h5", layers), "vgg16_weights.h5")
    kinds = {module.path: module.kind for module in file.modules if module.tensors}
    assert kinds == {"block1_conv1": "Conv2D", "bn2a": "BatchNormalization", "fc1": "Dense"}
    assert list(weights(file))[:2] == ["block1_conv1.kernel", "block1_conv1.bias"]


@pytest.mark.parametrize("name", ["cnn", "text"])
def test_older_files_of_keras_3_count_layers_by_their_class(name: str, tmp_path: Path) -> None:
    """Without the attributes that tell names; those of TensorFlow 2.12 in a container of another name."""
    buffer = io.BytesIO(zipfile.ZipFile(CASES / f"{name}.keras").read("model.weights.h5"))
    with h5py.File(buffer, "r+") as file:
        file.visititems(lambda _, node: [node.attrs.pop(key) for key in list(node.attrs) if key == "name"] and None)
        file.move("layers", "_layer_checkpoint_dependencies")
    with zipfile.ZipFile(CASES / f"{name}.keras") as old, zipfile.ZipFile(tmp_path / "m.keras", "w") as new:
        new.writestr("config.json", old.read("config.json"))
        new.writestr("metadata.json", old.read("metadata.json"))
        new.writestr("model.weights.h5", buffer.getvalue())
    file, told = read_keras(tmp_path / "m.keras", "m"), read(f"{name}.keras")
    assert [module.path for module in file.modules] == [module.path for module in told.modules]
    for before, after in zip(told.modules, file.modules, strict=True):
        assert len(before.tensors) == len(after.tensors), before.path
    if name == "cnn":
        assert weights(file) == weights(told)


# --- files nobody trusts ---


def test_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    secret = written(tmp_path / "secret.h5", {"a": dense("a")})
    for link in (h5py.ExternalLink("secret.h5", "/a"), h5py.SoftLink("/out/a")):
        path = written(tmp_path / "m.h5", {"b": dense("b")})
        with h5py.File(path, "r+") as file:
            file.attrs["layer_names"] = np.array([b"a", b"b"])
            file["out"] = h5py.ExternalLink("secret.h5", "/")
            file["a"] = link
        file_read = read_keras(path, "m.h5")
        assert list(weights(file_read)) == ["b.kernel", "b.bias"]
    assert secret.exists()


def test_links_inside_are_followed(tmp_path: Path) -> None:
    path = written(tmp_path / "m.h5", {"b": dense("b")})
    with h5py.File(path, "r+") as file:
        file.attrs["layer_names"] = np.array([b"a"])
        file["a"] = h5py.SoftLink("/b")
    assert len(weights(read_keras(path, "m.h5"))) == 2


@pytest.mark.parametrize("kind", ["external", "virtual"])
def test_elements_in_other_files_are_refused(kind: str, tmp_path: Path) -> None:
    np.arange(8, dtype="f4").tofile(tmp_path / "raw.bin")
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"d"])
        group = file.create_group("d")
        group.attrs["weight_names"] = np.array([b"kernel:0"])
        if kind == "external":
            group.create_dataset("kernel:0", (4, 2), "f4", external=[(str(tmp_path / "raw.bin"), 0, 32)])
        else:
            layout = h5py.VirtualLayout((4, 2), "f4")
            layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "x", (4, 2))
            group.create_virtual_dataset("kernel:0", layout)
    read_file = read_keras(path, "m.h5")
    assert [problem.code for problem in read_file.problems] == ["weights-undecoded"]
    with pytest.raises(ReadError):
        load(read_file.stored["d.kernel"], 1 << 20)


def test_a_group_that_holds_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense")
        group.create_dataset("vars/0", data=np.ones((2, 3), "f4"))
        group["layers"] = file["layers"]
    assert len(weights(read_keras(path, "m.h5"))) == 1


def test_other_hdf5_is_no_model(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model_data.h5", "w") as file:
        file["x"] = np.zeros((100, 3))
    assert read_keras(tmp_path / "model_data.h5", "model_data.h5") == KerasFile("")


BAD_CONFIGS = {
    "none": "",
    "no JSON": "{",
    "a list": "[1, 2]",
    "deep": "[" * 5000,
    "deep objects": '{"class_name":"Model","config":'
    + '{"layers":[{"class_name":"Model","name":"a","config":' * 300
    + "1",
    "layers of nothing": config([{}, None, 1, {"class_name": 3}, {"class_name": "Dense"}]),  # type: ignore[list-item]
    "a circle": config(
        [layer("Dense", "a", [[["b", 0, 0]]]), layer("Dense", "b", [[["a", 0, 0]]])], output_layers=[["a", 0, 0]]
    ),
    "itself": config([layer("Dense", "a", [[["a", 0, 0]]], units=2)]),
    "huge numbers": config(
        [
            layer("InputLayer", "x", [], batch_input_shape=[None, 10**30]),
            layer("Dense", "a", [[["x", 0, 0]]], units=10**30),
        ]
    ),
    "wrong types": config(
        [
            layer("InputLayer", "x", [], batch_input_shape="abc"),
            layer("Conv2D", "c", [[["x", 0, 0]]], filters="a", kernel_size={}, strides=[0, -1], padding=3),
            layer("Reshape", "r", [[["c", 7, 9]]], target_shape=[-1, 0]),
            layer("Bidirectional", "d", [[["r", 0, 0]]], layer={"class_name": "LSTM"}),
        ]
    ),
    "a length that is none": config(
        [
            layer("InputLayer", "x", [], batch_input_shape=[None, 4]),
            layer("Dense", "a", [[["x", 0, 0]]], units={"a": 1}),
            layer("Dense", "b", [[["x", 0, 0]]], units=-5),
            layer("Dense", "c", [[["x", 0, 0]]], units="\ud800"),
        ]
    ),
    "references to nothing": config([layer("Dense", "a", [[["nobody", 0, 0]]])], output_layers=[["nobody", 0, 0]]),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_configurations_that_make_no_sense_cost_only_themselves(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "m.h5", {"a": dense("a")}, "model_weights", model_config=BAD_CONFIGS[name])
    file = read_keras(path, "m.h5")
    assert len(weights(file)) == 2
    assert all(one.macs is None or one.macs >= 0 for one in file.operations)
    lengths = [length for one in file.operations for shape in one.outputs for length in shape]
    assert all(str(length).isprintable() if isinstance(length, str) else length >= 0 for length in lengths)
    assert all(np.isfinite(load(file.stored[key], 1 << 20)).all() for key in weights(file))


def test_names_and_numbers_of_any_kind_can_be_written(tmp_path: Path) -> None:
    """As the cache and the pages write them: UTF-8, and numbers of 64 bits."""
    name = "\ud800<script>" + "x" * 1000
    layers = [
        layer("InputLayer", "x", [], batch_input_shape=[None, 1 << 40], dtype=name),
        layer("Dense", "wide", [[["x", 0, 0]]], units=1 << 40),
        layer("Reshape", "r", [[["x", 0, 0]]], target_shape=[1 << 20, 1 << 20, 1]),
        layer("UpSampling2D", "u", [[["r", 0, 0]]], size=[1 << 40, 1 << 40]),
        layer("Dense", name, [[["u", 0, 0]]], units=1 << 70, activation=name),
        layer(name, "own", [[[name, 0, 0]]]),
    ]
    told = json.dumps({"class_name": name, "config": {"layers": layers}})
    path = written(tmp_path / "m.h5", {"a": dense("a")}, "model_weights", model_config=told)
    file = read_keras(path, "m.h5")
    written_as = msgspec.json.encode([file.modules, file.operations, file.inputs, file.outputs, file.facts, file.calls])
    assert len(written_as) < 20_000


def test_models_that_call_each_other_are_bounded(tmp_path: Path) -> None:
    inner: dict[str, Any] = {"class_name": "Dense", "config": {"name": "d", "units": 1}}
    for level in range(20):
        calls = [[["x", 0, 0, {}]]] * 4
        layers = [layer("InputLayer", "x", []), {**inner, "name": "m", "inbound_nodes": calls}]
        told = {"name": f"m{level}", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["m", 3, 0]]}
        inner = {"class_name": "Model", "config": told}
    path = written(tmp_path / "m.h5", {"a": dense("a")}, "model_weights", model_config=json.dumps(inner))
    file = read_keras(path, "m.h5")
    assert len(file.operations) < 100_000
    assert "graph-cut" in [problem.code for problem in file.problems]


def test_an_archive_that_was_packed_again(tmp_path: Path) -> None:
    with zipfile.ZipFile(CASES / "cnn.keras") as old, zipfile.ZipFile(tmp_path / "m.keras", "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    file, told = read_keras(tmp_path / "m.keras", "m"), read("cnn.keras")
    assert weights(file) == weights(told)
    assert all(np.array_equal(load(file.stored[k], 1 << 20), load(told.stored[k], 1 << 20)) for k in weights(told))


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5", "metadata.json"])
def test_an_archive_without_one_of_its_parts(missing: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(CASES / "cnn.keras") as old, zipfile.ZipFile(tmp_path / "m.keras", "w") as new:
        for name in old.namelist():
            if name != missing:
                new.writestr(name, old.read(name))
    file = read_keras(tmp_path / "m.keras", "m")
    assert len(file.problems) == 1
    assert missing in file.problems[0].what
    assert bool(file.operations) == (missing != "config.json")
    assert bool(weights(file)) == (missing != "model.weights.h5")


@pytest.mark.parametrize("name", ["cnn.keras", "text.h5", "own.weights.h5"])
@given(data=st.data())
def test_damage_anywhere_gives_what_is_readable_or_says_so(
    name: str, data: st.DataObject, tmp_path_factory: Any
) -> None:
    content = bytearray((CASES / name).read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    for _ in range(data.draw(st.integers(0, 8))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / name
    path.write_bytes(bytes(content))
    try:
        file = read_keras(path, name)
    except ReadError:
        return
    for stored in file.stored.values():
        try:
            for piece in chunks(stored):
                assert piece.ndim == 1
        except ReadError:
            continue
    shutil.rmtree(path.parent)


def test_nothing_is_run_imported_or_written(tmp_path: Path) -> None:
    """Under an audit hook: a Lambda, a class of somebody's own, links to elsewhere."""
    code = """
import sys, json, pathlib
import h5py, numpy
from dlviz_docs.readers.networks.keras import read_keras
import dlviz_docs.readers.networks._stored
seen = []
def hook(event, args):
    if event in ("exec", "compile", "marshal.loads", "import", "subprocess.Popen", "os.system", "socket.connect"):
        seen.append((event, str(args[:1])[:80]))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen.append((event, str(args[0])))
read_keras(pathlib.Path(sys.argv[1]), "warm")
read_keras(pathlib.Path(sys.argv[2]), "warm")
sys.addaudithook(hook)
for path in sys.argv[1:]:
    print(read_keras(pathlib.Path(path), "m").calls)
assert not seen, seen
"""
    paths = [str(CASES / name) for name in ("mixed.keras", "mixed.h5", "own.keras")]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "marshal.loads" in done.stdout


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    """An archive and chunks that are a thousandth of what they claim, and a configuration without end."""
    with zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "[" * (17 << 20))
        archive.writestr("metadata.json", "{}")
        with archive.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(160):
                member.write(bytes(1 << 20))
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"d"])
        group = file.create_group("d")
        group.attrs["weight_names"] = np.array([b"kernel:0", b"bias:0"])
        for name in ("kernel:0", "bias:0"):
            group.create_dataset(name, (1 << 14, 1 << 14), "f4", chunks=(1 << 12, 1 << 12), compression="gzip")[0] = 1
    code = """
import pathlib, resource, sys
from dlviz_docs.readers.networks.keras import read_keras
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
for path in sys.argv[1:]:
    read = read_keras(pathlib.Path(path), "m")
    print(sorted(problem.code for problem in read.problems))
"""
    paths = [str(tmp_path / name) for name in ("m.keras", "m.h5")]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['too-large', 'too-large']", "['weights-undecoded']"]
